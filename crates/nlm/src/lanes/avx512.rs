//! 32 lanes: AVX-512 with VNNI.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{FEW_DIGITS, LISTED, Lanes, LookUp, MANY_DIGITS, SumForm};
use crate::weights::Weights;
use crate::weights::digits::Digits;
use crate::weights::factors::TO_LOW_BITS;
use crate::weights::product::Product;

#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Avx512(__m512i);

/// A product. For sums, one of factors or weights by index, the last of them zero.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few")]
pub(crate) enum Table {
    Product(Product),
    FewDigits(Digits<32, 2>),
    ManyDigits(Digits<32, 3>),
    Listed(Vec<i32>),
}

/// A [`Product`] in registers.
pub(crate) struct Weigher {
    coarse: __m512i,
    fine: [__m512i; 2],
    corrections: [__m512i; 2],
    origin: __m512i,
    end: __m512i,
}

/// A [`Table`] for sums: products in registers, or weights by index.
pub(crate) struct SumWeigher<'a> {
    factors: [[__m512; 2]; 3],
    first: __m512i,
    end: __m512i,
    shift: __m512i,
    /// One weight at least.
    listed: &'a [i32],
    last: __m512i,
}

// SAFETY: both types are `__m512i`.
unsafe impl Lanes for Avx512 {
    const LANES: usize = 32;
    const REGISTERS: usize = 32;
    const MOST_IN_COLUMNS: usize = usize::MAX;
    type Wide = __m512i;
    type Table = Table;
    type Weigher = Weigher;
    type SumWeigher<'a> = SumWeigher<'a>;

    super::operations! {
        fn splat(value: u16) -> Self { Self(_mm512_set1_epi16(value as i16)) }
        fn splat_pair(pair: &[u16; 2]) -> Self {
            let [first, second] = pair.map(u32::from);
            Self(_mm512_set1_epi32((first | second << 16) as i32))
        }
        fn add(self, other: Self) -> Self { Self(_mm512_add_epi16(self.0, other.0)) }
        fn sub(self, other: Self) -> Self { Self(_mm512_sub_epi16(self.0, other.0)) }
        fn saturating_add(self, other: Self) -> Self { Self(_mm512_adds_epu16(self.0, other.0)) }
        fn mul(self, other: Self) -> Self { Self(_mm512_mullo_epi16(self.0, other.0)) }
        fn mul_fraction(self, other: Self) -> Self { Self(_mm512_mulhrs_epi16(self.0, other.0)) }
        fn average(self, other: Self) -> Self { Self(_mm512_avg_epu16(self.0, other.0)) }
        fn and(self, other: Self) -> Self { Self(_mm512_and_si512(self.0, other.0)) }
        // By 1 and -1 in turn; not by masks, which the compiler makes anew for each vector.
        fn negate_odd(self) -> Self { Self(_mm512_mullo_epi16(self.0, _mm512_set1_epi32(-0xffff))) }
        fn odd(self, other: Self) -> Self { Self(select(_mm512_set1_epi32(0xffff), self.0, other.0)) }
        fn interleave(self, other: Self) -> [Self; 2] {
            [Self(_mm512_unpacklo_epi16(self.0, other.0)), Self(_mm512_unpackhi_epi16(self.0, other.0))]
        }
        fn pair(self, other: Self) -> [Self; 2] {
            [Self(merged(self.0, other.0)), Self(merged_upper(self.0, other.0))]
        }
        fn wide_add(a: Self::Wide, b: Self::Wide) -> Self::Wide { _mm512_add_epi32(a, b) }
        fn wide_sub(a: Self::Wide, b: Self::Wide) -> Self::Wide { _mm512_sub_epi32(a, b) }
        fn narrow(vectors: [Self::Wide; 2], shift: u32) -> Self { Self(narrow(vectors, shift)) }
        fn add_lane_sums(vectors: &[Self::Wide], stride: usize, sums: &mut [u32]) {
            add_lane_sums(vectors, stride, sums);
        }
        fn wide_zero() -> __m512i { _mm512_setzero_si512() }
        fn products(a: Self, b: Self) -> __m512i { _mm512_madd_epi16(a.0, b.0) }
        fn dot(sums: __m512i, a: Self, b: Self) -> __m512i { dot(sums, a.0, b.0) }
    }

    #[inline(always)]
    fn ends(weigher: &Weigher) -> Self {
        Self(weigher.end)
    }

    #[inline(always)]
    fn weigh<const LONG: bool>(weigher: &Weigher, indices: Self, ends: Self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { weigh(weigher, indices.0, ends.0) })
    }

    fn origin(table: &Table) -> Option<i16> {
        match table {
            Table::Product(product) => product.is_aligned().then_some(product.origin),
            Table::FewDigits(_) | Table::ManyDigits(_) | Table::Listed(_) => None,
        }
    }

    #[inline(always)]
    fn weigh_places(weigher: &Weigher, places: Self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { weigh_places(weigher, places.0) })
    }

    #[inline(always)]
    fn wide_load(from: &[u32]) -> Self::Wide {
        let from = &from[..16];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn wide_store(vector: Self::Wide, to: &mut [u32]) {
        let to = &mut to[..16];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn shift(vector: __m512i, last: u32) -> (u32, __m512i) {
        // SAFETY: as for the other operations.
        unsafe {
            let first = _mm_cvtsi128_si32(_mm512_castsi512_si128(vector));
            (first as u32, _mm512_alignr_epi32::<1>(_mm512_set1_epi32(last as i32), vector))
        }
    }

    #[inline(always)]
    fn load(from: &[u16]) -> Self {
        let from = &from[..32];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        Self(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { _mm512_srl_epi16(self.0, _mm_cvtsi32_si128(BITS)) })
    }

    fn table(weights: &Weights, look_up: LookUp) -> Option<Table> {
        match look_up {
            LookUp::Columns | LookUp::Vectors => Product::new(weights).map(Table::Product),
            LookUp::Sums => {
                let few = || Digits::new(weights).map(Table::FewDigits);
                let many = || Digits::new(weights).map(Table::ManyDigits);
                Some(few().or_else(many).unwrap_or_else(|| Table::Listed(weights.listed())))
            }
        }
    }

    #[inline(always)]
    fn weigher(table: &Table) -> Weigher {
        let none = Product::default();
        let product = match table {
            Table::Product(product) => product,
            Table::FewDigits(_) | Table::ManyDigits(_) | Table::Listed(_) => &none,
        };
        Weigher {
            coarse: load(&product.coarse),
            fine: [load(&product.fine[0]), load(&product.fine[1])],
            corrections: [load(&product.corrections[0]), load(&product.corrections[1])],
            origin: load(&[product.origin as u16; 32]),
            end: load(&[product.end as u16; 32]),
        }
    }

    fn sum_form(table: &Table) -> SumForm {
        match table {
            Table::FewDigits(_) => FEW_DIGITS,
            Table::ManyDigits(_) => MANY_DIGITS,
            Table::Listed(_) | Table::Product(_) => LISTED,
        }
    }

    #[inline(always)]
    fn sum_weigher(table: &Table, shift: u32) -> SumWeigher<'_> {
        let (mut factors, nothing) = ([[0.0; 32]; 3], &[0][..]);
        let (first, end, listed) = match table {
            Table::FewDigits(digits) => {
                factors[..digits.factors.len()].copy_from_slice(&digits.factors);
                (digits.first << shift, digits.end, nothing)
            }
            Table::ManyDigits(digits) => {
                factors = digits.factors;
                (digits.first << shift, digits.end, nothing)
            }
            Table::Listed(listed) => (0, 0, &listed[..]),
            Table::Product(_) => (0, 0, nothing),
        };
        // SAFETY: as for the other operations; half of the array has the size of a vector.
        let load = |half: &[f32]| unsafe { _mm512_loadu_ps(half[..16].as_ptr()) };
        let halves = |factors: &[f32; 32]| [load(factors), load(&factors[16..])];
        // SAFETY: as for the other operations.
        let splat = |lanes: u32| unsafe { _mm512_set1_epi32(lanes as i32) };
        let factors = factors.each_ref().map(halves);
        assert!(!listed.is_empty(), "there is a weight, if zero");
        let last = splat(listed.len() as u32 - 1);
        // As the compiler sees, a shift within a lane's bits.
        SumWeigher { factors, first: splat(first), end: splat(end), shift: splat(shift & 31), listed, last }
    }

    #[inline(always)]
    fn first_sums(weigher: &SumWeigher<'_>) -> [__m512i; 2] {
        [weigher.first; 2]
    }

    #[inline(always)]
    fn weigh_sums<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: [__m512i; 2]) -> Self {
        // SAFETY: as for the other operations.
        unsafe {
            let [even, odd] = weights::<FORM>(weigher, sums);
            Self(merged(even, odd))
        }
    }

    #[inline(always)]
    fn weigh_sums_with_carries<const FORM: SumForm>(
        weigher: &SumWeigher<'_>,
        sums: [__m512i; 2],
    ) -> [Self; 2] {
        // What is above the weights.
        let none = if FORM != LISTED { (TO_LOW_BITS.to_bits() >> 16) as u16 } else { 0 };
        // SAFETY: as for the other operations.
        unsafe {
            let [even, odd] = weights::<FORM>(weigher, sums);
            let low = Self(merged(even, odd));
            let half = _mm512_set1_epi32(1 << 15);
            let (even, odd) = (_mm512_add_epi32(even, half), _mm512_add_epi32(odd, half));
            [low, Self(merged_upper(even, odd)).sub(Self::splat(none))]
        }
    }
}

/// [`weights_of`] even and odd lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn weights<const FORM: SumForm>(weigher: &SumWeigher<'_>, [even, odd]: [__m512i; 2]) -> [__m512i; 2] {
    [weights_of::<FORM>(weigher, even), weights_of::<FORM>(weigher, odd)]
}

/// Weights in lanes, below some bits that all have where the table is in registers.
#[inline]
#[target_feature(enable = "avx512f")]
fn weights_of<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: __m512i) -> __m512i {
    let indices = _mm512_srlv_epi32(sums, weigher.shift);
    if FORM == LISTED {
        let indices = _mm512_min_epu32(indices, weigher.last);
        // SAFETY: no index is above the last.
        return unsafe { _mm512_i32gather_epi32::<4>(indices, weigher.listed.as_ptr()) };
    }
    let places = _mm512_min_epu32(indices, weigher.end);
    let [first, second, third] = weigher.factors;
    let first = _mm512_permutex2var_ps(first[0], places, first[1]);
    let second = _mm512_permutex2var_ps(second[0], _mm512_srli_epi32::<5>(places), second[1]);
    let to_low_bits = _mm512_set1_ps(TO_LOW_BITS);
    let rounded = if FORM == FEW_DIGITS {
        _mm512_fmadd_ps(first, second, to_low_bits)
    } else {
        let third = _mm512_permutex2var_ps(third[0], _mm512_srli_epi32::<10>(places), third[1]);
        _mm512_fmadd_ps(_mm512_mul_ps(first, second), third, to_low_bits)
    };
    _mm512_castps_si512(rounded)
}

/// The lower halves of lanes, one of each in turn.
#[inline]
#[target_feature(enable = "avx512f")]
fn merged(even: __m512i, odd: __m512i) -> __m512i {
    select(_mm512_set1_epi32(0xffff), even, _mm512_slli_epi32::<16>(odd))
}

/// The upper halves of lanes, one of each in turn.
#[inline]
#[target_feature(enable = "avx512f")]
fn merged_upper(even: __m512i, odd: __m512i) -> __m512i {
    select(_mm512_set1_epi32(0xffff), _mm512_srli_epi32::<16>(even), odd)
}

#[inline(always)]
fn load(lanes: &[u16; 32]) -> __m512i {
    // SAFETY: as for the other operations; the array has the size of a vector.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn weigh(weigher: &Weigher, indices: __m512i, ends: __m512i) -> __m512i {
    let places = _mm512_sub_epi16(indices, weigher.origin);
    let inside = _mm512_cmplt_epi16_mask(indices, ends);
    _mm512_maskz_mov_epi16(inside, weigh_places(weigher, places))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn weigh_places(weigher: &Weigher, places: __m512i) -> __m512i {
    // The permutations take the lowest five and six bits of each lane and no others.
    let rows = _mm512_srli_epi16::<6>(places);
    let fine = _mm512_permutex2var_epi16(weigher.fine[0], places, weigher.fine[1]);
    let corrections = _mm512_permutex2var_epi16(weigher.corrections[0], places, weigher.corrections[1]);
    let product = _mm512_mulhi_epu16(_mm512_permutexvar_epi16(rows, weigher.coarse), fine);
    let correction = _mm512_and_si512(shift_right_by(corrections, rows), _mm512_set1_epi16(1));
    _mm512_add_epi16(product, correction)
}

/// `vpsrlvw`, which the compiler would compare the counts for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shift_right_by(lanes: __m512i, by: __m512i) -> __m512i {
    let out;
    // SAFETY: the instruction is there, and reads and writes these registers only.
    unsafe {
        std::arch::asm!(
            "vpsrlvw {}, {}, {}",
            lateout(zmm_reg) out,
            in(zmm_reg) lanes,
            in(zmm_reg) by,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    out
}

/// `vpdpwssd`, which the compiler takes for slow and makes a product and an addition of.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot(mut sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: the instruction is there, and reads and writes these registers only.
    unsafe {
        std::arch::asm!(
            "vpdpwssd {}, {}, {}",
            inout(zmm_reg) sums,
            in(zmm_reg) a,
            in(zmm_reg) b,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

/// Bits of `a` where they are set in `of_a`, else of `b`.
#[inline]
#[target_feature(enable = "avx512f")]
fn select(of_a: __m512i, a: __m512i, b: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(of_a, a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn narrow([low, high]: [__m512i; 2], shift: u32) -> __m512i {
    let bits = _mm512_set1_epi32(shift as i32);
    let packed = _mm512_packs_epi32(_mm512_srlv_epi32(low, bits), _mm512_srlv_epi32(high, bits));
    _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed)
}

/// Sixteen vectors at a time.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_lane_sums(vectors: &[__m512i], stride: usize, sums: &mut [u32]) {
    for (group, sums) in sums.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let vectors = &vectors[16 * group * stride..];
        let (a, b) = (sums_of_eight(vectors, stride), sums_of_eight(&vectors[8 * stride..], stride));
        let all = _mm512_add_epi32(_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        // SAFETY: the array has the size of the vector.
        let before = unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) };
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), _mm512_add_epi32(before, all)) };
    }
}

/// Of each of the first and of each of the last four two sums, in 128 bits each.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_of_eight(vectors: &[__m512i], stride: usize) -> __m512i {
    let (a, b) = (sums_of_four(vectors, stride), sums_of_four(&vectors[4 * stride..], stride));
    _mm512_add_epi32(_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0xee>(a, b))
}

/// Of each 128 bits the sums of four vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_of_four(vectors: &[__m512i], stride: usize) -> __m512i {
    let (a, b) =
        (sums_of_two(vectors[0], vectors[stride]), sums_of_two(vectors[2 * stride], vectors[3 * stride]));
    _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b))
}

/// Of each 128 bits two sums of either vector, in turn.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_of_two(a: __m512i, b: __m512i) -> __m512i {
    // Rotations and selections leave the one port of shuffles to others.
    let upper = _mm512_set1_epi64(-1 << 32);
    _mm512_add_epi32(select(upper, b, a), _mm512_rol_epi64::<32>(select(upper, a, b)))
}
