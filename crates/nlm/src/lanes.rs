//! Vectors of 16-bit lanes: the operations that the kernels are written in, once for each instruction set.
//!
//! A vector type may only be used in functions compiled for its instruction set, which [`for_each_lanes`] sees to.

/// Methods of [`Lanes`] made of intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! operations {
    ($(fn $name:ident($($arg:tt)*) $(-> $ret:ty)? $body:block)*) => {
        $(#[inline(always)]
        fn $name($($arg)*) $(-> $ret)? {
            // SAFETY: vectors are used only in functions compiled for their instruction set, which run only where the
            // machine was found to have it.
            unsafe { $body }
        })*
    };
}
#[cfg(target_arch = "x86_64")]
use operations;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

use crate::isa::{Isa, Level};
use crate::weights::Weights;

/// Lanes of the widest vector.
pub(crate) const WIDEST: usize = 32;

/// Indices of 16 bits into a table of weights that are told apart: all beyond are taken for the largest, whose weight is zero.
pub(crate) const LARGEST_INDEX: u16 = 0x7fff;

/// A vector of unsigned 16-bit lanes.
///
/// # Safety
/// [`Lanes`](Self) and [`Wide`](Self::Wide) are plain bits of `2 * LANES` bytes each, any of which are a value, and 64 is
/// a multiple of their size and alignment.
#[allow(unsafe_code)]
pub(crate) unsafe trait Lanes: Copy + 'static {
    /// Lanes of a vector, a multiple of 8.
    const LANES: usize;
    /// Registers for vectors.
    const REGISTERS: usize;
    /// Most weights of a table that [`weigh_columns`](Self::weigh_columns) looks up.
    const MOST_IN_COLUMNS: usize;
    /// Half as many 32-bit lanes.
    type Wide: Copy;
    /// A table of weights in the form that this set looks it up fastest.
    type Table: Sync;
    /// The same, in registers where it fits.
    type Weigher;
    /// The same for [`weigh_sums`](Self::weigh_sums).
    type SumWeigher<'a>;

    fn splat(value: u16) -> Self;
    /// Both in turn.
    fn splat_pair(pair: &[u16; 2]) -> Self;
    /// The first [`LANES`](Self::LANES) of a slice that has as many.
    fn load(from: &[u16]) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn saturating_add(self, other: Self) -> Self;
    /// The low halves of the products.
    fn mul(self, other: Self) -> Self;
    /// `round(a * b / 2^15)` of signed lanes.
    fn mul_fraction(self, other: Self) -> Self;
    /// `(a + b + 1) / 2`, without overflow.
    fn average(self, other: Self) -> Self;
    fn shift_right<const BITS: i32>(self) -> Self;
    fn and(self, other: Self) -> Self;
    /// Every other lane, from the second on, negated.
    fn negate_odd(self) -> Self;
    /// Every other lane, from the second on, of the other one.
    fn odd(self, other: Self) -> Self;
    /// Pairs of lanes `(a, b)`, first those of the lower, then those of the upper half of each 128 bits.
    fn interleave(self, other: Self) -> [Self; 2];
    /// Pairs of lanes `(a, b)`, first those of even, then those of odd lanes.
    fn pair(self, other: Self) -> [Self; 2];
    fn wide_zero() -> Self::Wide;
    /// Products of signed lanes, two neighbours added up.
    fn products(a: Self, b: Self) -> Self::Wide;
    /// Adds such products to `sums`.
    fn dot(sums: Self::Wide, a: Self, b: Self) -> Self::Wide;

    fn wide_load(from: &[u32]) -> Self::Wide;
    fn wide_store(vector: Self::Wide, to: &mut [u32]);
    fn wide_add(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    fn wide_sub(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    /// The first lane, and the vector moved down by one, `last` its last.
    fn shift(vector: Self::Wide, last: u32) -> (u32, Self::Wide);
    /// 32-bit lanes below 2^31, those of the first vector first, shifted right and at most [`LARGEST_INDEX`].
    fn narrow(vectors: [Self::Wide; 2], shift: u32) -> Self;
    /// Adds to each sum the lanes of one of the vectors, of which each `stride`th counts. Sums are a multiple of
    /// [`LANES`](Self::LANES)` / 2`.
    fn add_lane_sums(vectors: &[Self::Wide], stride: usize, sums: &mut [u32]);

    /// Prepares a table; `None` where its form cannot hold it exactly.
    fn table(weights: &Weights, look_up: LookUp) -> Option<Self::Table>;
    fn weigher(table: &Self::Table) -> Self::Weigher;
    /// Whether a table is not in the form that is looked up quickest.
    fn is_long(_: &Self::Table) -> bool {
        false
    }
    /// The index from which on weights are zero, in each lane.
    fn ends(weigher: &Self::Weigher) -> Self;
    /// The weights at indices up to [`LARGEST_INDEX`], zero where they are not below a lane's end: [that](Self::ends) of the table or
    /// a lower one. `LONG` is whether the table [is](Self::is_long).
    fn weigh<const LONG: bool>(weigher: &Self::Weigher, indices: Self, ends: Self) -> Self;
    /// What [`weigh_columns`](Self::weigh_columns) takes for an index.
    #[inline(always)]
    fn prepare(_: &Self::Weigher, index: Self) -> Self {
        index
    }
    /// Puts weights in the place of prepared indices: the first `count` of each column, of which each begins `stride` vectors after the one
    /// before. A vector follows the last column.
    #[inline(always)]
    fn weigh_columns(weigher: &Self::Weigher, prepared: &mut [Self], stride: usize, count: usize) {
        let ends = Self::ends(weigher);
        let followed = prepared.len() - 1;
        for column in prepared[..followed].chunks_mut(stride) {
            for index in column.iter_mut().take(count) {
                *index = Self::weigh::<false>(weigher, *index, ends);
            }
        }
    }
    /// The index that place 0 is for, where a table's weights can be looked up by place, an index less that; then
    /// [`weigh_places`](Self::weigh_places) is for them. For vectors alone that look weights up while window sums are under way.
    fn origin(_: &Self::Table) -> Option<i16> {
        None
    }
    /// The weights at places up to 2047, of which the last 64 are below 0, from -64 up, where the first index is above 0.
    #[inline(always)]
    fn weigh_places(weigher: &Self::Weigher, places: Self) -> Self {
        Self::weigh::<false>(weigher, places, Self::ends(weigher))
    }

    /// How a table for [`weigh_sums`](Self::weigh_sums) is looked up.
    fn sum_form(table: &Self::Table) -> SumForm;
    /// That table; the indices into it will be sums shifted right.
    fn sum_weigher(table: &Self::Table, shift: u32) -> Self::SumWeigher<'_>;
    /// What sums that are weighed begin at, of even and of odd lanes.
    fn first_sums(weigher: &Self::SumWeigher<'_>) -> [Self::Wide; 2];
    /// The lowest 16 bits of the weights for sums of even and of odd lanes. `FORM` is that of the [table](Self::sum_form).
    fn weigh_sums<const FORM: SumForm>(weigher: &Self::SumWeigher<'_>, sums: [Self::Wide; 2]) -> Self;
    /// The same, and how often these, as signed numbers, are 2^16 less than the weights.
    fn weigh_sums_with_carries<const FORM: SumForm>(
        weigher: &Self::SumWeigher<'_>,
        sums: [Self::Wide; 2],
    ) -> [Self; 2];

    /// Where lane `lane` stands among the 32-bit lanes that [`interleave`](Self::interleave) spreads a vector over.
    fn spread(lane: usize) -> usize {
        lane % 8 / 4 * (Self::LANES / 2) + lane / 8 * 4 + lane % 4
    }
}

/// How weights are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LookUp {
    /// By [`weigh_columns`](Lanes::weigh_columns), or while window sums are under way where there are registers for it.
    Columns,
    /// By [`weigh`](Lanes::weigh).
    Vectors,
    /// By [`weigh_sums`](Lanes::weigh_sums).
    Sums,
}

/// A form of a table of weights for sums: by index in memory; products of few digits' factors, in registers; of one digit more. Numbers,
/// as an enum can't be a parameter of a function.
pub(crate) type SumForm = u8;
pub(crate) const LISTED: SumForm = 0;
pub(crate) const FEW_DIGITS: SumForm = 1;
pub(crate) const MANY_DIGITS: SumForm = 2;

/// Memory for vectors, aligned for each of them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([u16; 32]);

/// Vectors kept from image to image: grown, never shrunk.
#[derive(Debug, Default)]
pub(crate) struct Buffer(Vec<Line>);

impl Buffer {
    /// `len` vectors with whatever they last held.
    pub(crate) fn vectors<V: Lanes>(&mut self, len: usize) -> &mut [V] {
        let lines = self.lines(len * size_of::<V>());
        // SAFETY: lines are plain bits and so are vectors, by the trait's contract, which also says that a line's
        // alignment is enough; `lines` holds at least `len` vectors.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), len)
        }
    }

    /// The same for vectors of 32-bit lanes.
    pub(crate) fn wide<V: Lanes>(&mut self, len: usize) -> &mut [V::Wide] {
        let lines = self.lines(len * size_of::<V::Wide>());
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), len)
        }
    }

    fn lines(&mut self, bytes: usize) -> &mut [Line] {
        let lines = bytes.div_ceil(size_of::<Line>());
        if self.0.len() < lines {
            self.0.resize(lines, Line([0; 32]));
        }
        &mut self.0
    }
}

/// The lanes of vectors, one after another.
pub(crate) fn lanes_mut<V: Lanes>(vectors: &mut [V]) -> &mut [u16] {
    // SAFETY: vectors are plain bits of `2 * LANES` bytes, by the trait's contract.
    #[allow(unsafe_code)]
    unsafe {
        std::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len() * V::LANES)
    }
}

/// The same, shared.
pub(crate) fn lanes<V: Lanes>(vectors: &[V]) -> &[u16] {
    // SAFETY: as above.
    #[allow(unsafe_code)]
    unsafe {
        std::slice::from_raw_parts(vectors.as_ptr().cast(), vectors.len() * V::LANES)
    }
}

/// The lanes of wide vectors, one after another.
pub(crate) fn wide_lanes_mut<V: Lanes>(vectors: &mut [V::Wide]) -> &mut [u32] {
    // SAFETY: wide vectors are plain bits of `2 * LANES` bytes, by the trait's contract.
    #[allow(unsafe_code)]
    unsafe {
        std::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len() * V::LANES / 2)
    }
}

/// The vectors of an instruction set that this machine has, and a table of weights for them.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few")]
pub(crate) enum Kernel {
    Portable(<Portable as Lanes>::Table),
    #[cfg(target_arch = "x86_64")]
    Avx2(<Avx2 as Lanes>::Table),
    #[cfg(target_arch = "x86_64")]
    Avx512(<Avx512 as Lanes>::Table),
}

impl Kernel {
    /// The strongest of `isa` and below whose form holds the weights exactly.
    pub(crate) fn new(isa: Isa, weights: &Weights, look_up: LookUp) -> Option<Self> {
        match isa.level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Avx512::table(weights, look_up)
                .map(Self::Avx512)
                .or_else(|| Avx2::table(weights, look_up).map(Self::Avx2)),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Avx2::table(weights, look_up).map(Self::Avx2),
            _ => Portable::table(weights, look_up).map(Self::Portable),
        }
    }
}

/// Defines a function that calls `body::<V>` for the vectors of the kernel given first, compiled for their instruction
/// set. The body's first argument is the kernel's table.
///
/// The body, and all on the way from it to the vectors' operations, must be `#[inline(always)]`.
macro_rules! for_each_lanes {
    ($(#[$meta:meta])* $vis:vis fn $name:ident$(<const $N:ident: usize>)?($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? = $body:ident;) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $vis fn $name$(<const $N: usize>)?(kernel: &$crate::lanes::Kernel, $($arg: $type),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            use $crate::lanes::{Avx2, Avx512, Lanes};
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2$(<const $N: usize>)?(table: &<Avx2 as Lanes>::Table, $($arg: $type),*) $(-> $ret)? {
                $body::<Avx2, $($N)?>(table, $($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
            fn avx512$(<const $N: usize>)?(table: &<Avx512 as Lanes>::Table, $($arg: $type),*) $(-> $ret)? {
                $body::<Avx512, $($N)?>(table, $($arg),*)
            }
            match kernel {
                // SAFETY: such a kernel exists only where the machine was found to have these instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::lanes::Kernel::Avx512(table) => unsafe { avx512$(::<$N>)?(table, $($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::lanes::Kernel::Avx2(table) => unsafe { avx2$(::<$N>)?(table, $($arg),*) },
                $crate::lanes::Kernel::Portable(table) => {
                    $body::<$crate::lanes::Portable, $($N)?>(table, $($arg),*)
                }
            }
        }
    };
}
pub(crate) use for_each_lanes;

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::Params;

    fn form<V: Lanes>(weights: &Weights) -> Option<SumForm> {
        V::table(weights, LookUp::Sums).as_ref().map(V::sum_form)
    }

    #[test]
    fn sums_have_their_weights_in_registers_where_they_fit() {
        // 528, 3,300, 4,752 and 49,785 weights.
        for (h, avx2, avx512) in [
            (10.0, FEW_DIGITS, FEW_DIGITS),
            (25.0, FEW_DIGITS, MANY_DIGITS),
            (30.0, MANY_DIGITS, MANY_DIGITS),
            (100.0, LISTED, LISTED),
        ] {
            let weights = Weights::new(&Params { h, ..Params::default() }, 1);
            assert_eq!(form::<Avx2>(&weights), Some(avx2), "h {h}");
            assert_eq!(form::<Avx512>(&weights), Some(avx512), "h {h}");
        }
    }
}
