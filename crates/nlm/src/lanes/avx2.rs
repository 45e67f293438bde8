//! 16 lanes: AVX2.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::hint::black_box;

use super::{FEW_DIGITS, LISTED, Lanes, LookUp, MANY_DIGITS, SumForm};
use crate::weights::Weights;
use crate::weights::digits::Digits;
use crate::weights::exponential::{Exponential, ROUNDING};
use crate::weights::factors::{END, Factors, Form, TO_LOW_BITS};

#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Avx2(__m256i);

/// Products, bytewise for look-up in columns; or else an exponential. For sums, products or weights by index, the last of them zero.
#[derive(Debug)]
pub(crate) enum Table {
    Factors(Factors),
    Exponential(Exponential),
    FewDigits(Digits<8, 4>),
    ManyDigits(Digits<8, 5>),
    Listed(Vec<i32>),
}

/// A [`Table`] in registers.
pub(crate) struct Weigher {
    factors: [__m256; 4],
    /// What brings indices to the places of bytewise products, those from the end on and beyond to the last 256 of all.
    first_place: Avx2,
    exponential: Exponential,
    end: Avx2,
}

/// A [`Table`] for sums: products in registers, or weights by index.
pub(crate) struct SumWeigher<'a> {
    factors: [__m256; 5],
    first: __m256i,
    end: __m256i,
    shift: __m256i,
    /// One weight at least.
    listed: &'a [i32],
    last: __m256i,
}

// SAFETY: both types are `__m256i`.
unsafe impl Lanes for Avx2 {
    const LANES: usize = 16;
    const REGISTERS: usize = 16;
    const MOST_IN_COLUMNS: usize = Form::Bytewise.products();
    type Wide = __m256i;
    type Table = Table;
    type Weigher = Weigher;
    type SumWeigher<'a> = SumWeigher<'a>;

    super::operations! {
        fn splat(value: u16) -> Self { Self(_mm256_set1_epi16(value as i16)) }
        fn splat_pair(pair: &[u16; 2]) -> Self {
            let [first, second] = pair.map(u32::from);
            Self(_mm256_set1_epi32((first | second << 16) as i32))
        }
        fn add(self, other: Self) -> Self { Self(_mm256_add_epi16(self.0, other.0)) }
        fn sub(self, other: Self) -> Self { Self(_mm256_sub_epi16(self.0, other.0)) }
        fn saturating_add(self, other: Self) -> Self { Self(_mm256_adds_epu16(self.0, other.0)) }
        fn mul(self, other: Self) -> Self { Self(_mm256_mullo_epi16(self.0, other.0)) }
        fn mul_fraction(self, other: Self) -> Self { Self(_mm256_mulhrs_epi16(self.0, other.0)) }
        fn average(self, other: Self) -> Self { Self(_mm256_avg_epu16(self.0, other.0)) }
        fn and(self, other: Self) -> Self { Self(_mm256_and_si256(self.0, other.0)) }
        fn negate_odd(self) -> Self { Self(_mm256_sign_epi16(self.0, _mm256_set1_epi32(-0xffff))) }
        fn odd(self, other: Self) -> Self { Self(_mm256_blend_epi16::<0xaa>(self.0, other.0)) }
        fn interleave(self, other: Self) -> [Self; 2] {
            [Self(_mm256_unpacklo_epi16(self.0, other.0)), Self(_mm256_unpackhi_epi16(self.0, other.0))]
        }
        fn pair(self, other: Self) -> [Self; 2] {
            [Self(merged(self.0, other.0)), Self(merged_upper(self.0, other.0))]
        }
        fn wide_add(a: Self::Wide, b: Self::Wide) -> Self::Wide { _mm256_add_epi32(a, b) }
        fn wide_sub(a: Self::Wide, b: Self::Wide) -> Self::Wide { _mm256_sub_epi32(a, b) }
        fn narrow(vectors: [Self::Wide; 2], shift: u32) -> Self { Self(narrow(vectors, shift)) }
        fn add_lane_sums(vectors: &[Self::Wide], stride: usize, sums: &mut [u32]) {
            add_lane_sums(vectors, stride, sums);
        }
        fn wide_zero() -> __m256i { _mm256_setzero_si256() }
        fn products(a: Self, b: Self) -> __m256i { _mm256_madd_epi16(a.0, b.0) }
        fn dot(sums: __m256i, a: Self, b: Self) -> __m256i {
            _mm256_add_epi32(sums, Self::products(a, b))
        }
    }

    #[inline(always)]
    fn ends(weigher: &Weigher) -> Self {
        weigher.end
    }

    #[inline(always)]
    fn weigh<const LONG: bool>(weigher: &Weigher, indices: Self, ends: Self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { weigh::<LONG>(weigher, indices.0, ends.0) })
    }

    #[inline(always)]
    fn prepare(weigher: &Weigher, index: Self) -> Self {
        index.saturating_add(weigher.first_place)
    }

    #[inline(always)]
    fn weigh_columns(weigher: &Weigher, prepared: &mut [Self], stride: usize, count: usize) {
        // SAFETY: as for the other operations.
        unsafe { weigh_columns(weigher, prepared, stride, count) }
    }

    #[inline(always)]
    fn wide_load(from: &[u32]) -> Self::Wide {
        let from = &from[..8];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn wide_store(vector: Self::Wide, to: &mut [u32]) {
        let to = &mut to[..8];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn shift(vector: __m256i, last: u32) -> (u32, __m256i) {
        // SAFETY: as for the other operations.
        unsafe {
            let first = _mm_cvtsi128_si32(_mm256_castsi256_si128(vector));
            let moved = _mm256_permutevar8x32_epi32(vector, _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 7));
            (first as u32, _mm256_blend_epi32::<0x80>(moved, _mm256_set1_epi32(last as i32)))
        }
    }

    #[inline(always)]
    fn load(from: &[u16]) -> Self {
        let from = &from[..16];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        Self(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { _mm256_srl_epi16(self.0, _mm_cvtsi32_si128(BITS)) })
    }

    fn table(weights: &Weights, look_up: LookUp) -> Option<Table> {
        match look_up {
            LookUp::Columns => Factors::new(weights, Form::Bytewise).map(Table::Factors),
            LookUp::Vectors => Factors::new(weights, Form::Apart)
                .map(Table::Factors)
                .or_else(|| Exponential::new(weights).map(Table::Exponential)),
            LookUp::Sums => {
                let few = || Digits::new(weights).map(Table::FewDigits);
                let many = || Digits::new(weights).map(Table::ManyDigits);
                Some(few().or_else(many).unwrap_or_else(|| Table::Listed(weights.listed())))
            }
        }
    }

    fn is_long(table: &Table) -> bool {
        matches!(table, Table::Exponential(_))
    }

    #[inline(always)]
    fn weigher(table: &Table) -> Weigher {
        // SAFETY: as for the other operations; the array has the size of a vector.
        let load = |table: &[f32; 8]| unsafe { _mm256_loadu_ps(table.as_ptr()) };
        let (factors, exponential, end) = match table {
            Table::Factors(factors) => (factors.tables, Exponential::default(), factors.end),
            Table::Exponential(exponential) => ([[0.0; 8]; 4], exponential.clone(), exponential.end),
            Table::FewDigits(_) | Table::ManyDigits(_) | Table::Listed(_) => {
                ([[0.0; 8]; 4], Exponential::default(), 0)
            }
        };
        // The end comes to the first of the last 256 numbers of 16 bits, whose bits are those of its place.
        const { assert!(END == 0x700) };
        let first_place = Self::splat((u16::MAX << 8).wrapping_sub(end));
        Weigher { factors: factors.each_ref().map(load), first_place, exponential, end: Self::splat(end) }
    }

    fn sum_form(table: &Table) -> SumForm {
        match table {
            Table::FewDigits(_) => FEW_DIGITS,
            Table::ManyDigits(_) => MANY_DIGITS,
            Table::Listed(_) | Table::Factors(_) | Table::Exponential(_) => LISTED,
        }
    }

    #[inline(always)]
    fn sum_weigher(table: &Table, shift: u32) -> SumWeigher<'_> {
        // SAFETY: as for the other operations; the array has the size of a vector.
        let load = |table: &[f32; 8]| unsafe { _mm256_loadu_ps(table.as_ptr()) };
        let (mut factors, nothing) = ([[0.0; 8]; 5], &[0][..]);
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
            Table::Factors(_) | Table::Exponential(_) => (0, 0, nothing),
        };
        // SAFETY: as for the other operations.
        let splat = |lanes: u32| unsafe { _mm256_set1_epi32(lanes as i32) };
        let factors = factors.each_ref().map(load);
        assert!(!listed.is_empty(), "there is a weight, if zero");
        let last = splat(listed.len() as u32 - 1);
        // As the compiler sees, a shift within a lane's bits.
        SumWeigher { factors, first: splat(first), end: splat(end), shift: splat(shift & 31), listed, last }
    }

    #[inline(always)]
    fn first_sums(weigher: &SumWeigher<'_>) -> [__m256i; 2] {
        [weigher.first; 2]
    }

    #[inline(always)]
    fn weigh_sums<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: [__m256i; 2]) -> Self {
        // SAFETY: as for the other operations.
        unsafe {
            let [even, odd] = weights::<FORM>(weigher, sums);
            Self(merged(even, odd))
        }
    }

    #[inline(always)]
    fn weigh_sums_with_carries<const FORM: SumForm>(
        weigher: &SumWeigher<'_>,
        sums: [__m256i; 2],
    ) -> [Self; 2] {
        // What is above the weights.
        let none = if FORM != LISTED { (TO_LOW_BITS.to_bits() >> 16) as u16 } else { 0 };
        // SAFETY: as for the other operations.
        unsafe {
            let [even, odd] = weights::<FORM>(weigher, sums);
            let low = Self(merged(even, odd));
            let half = _mm256_set1_epi32(1 << 15);
            let (even, odd) = (_mm256_add_epi32(even, half), _mm256_add_epi32(odd, half));
            [low, Self(merged_upper(even, odd)).sub(Self::splat(none))]
        }
    }
}

/// [`weights_of`] even and odd lanes.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn weights<const FORM: SumForm>(weigher: &SumWeigher<'_>, [even, odd]: [__m256i; 2]) -> [__m256i; 2] {
    [weights_of::<FORM>(weigher, even), weights_of::<FORM>(weigher, odd)]
}

/// Weights in lanes, below some bits that all have where the table is in registers.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn weights_of<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: __m256i) -> __m256i {
    let indices = _mm256_srlv_epi32(sums, weigher.shift);
    if FORM == LISTED {
        let indices = _mm256_min_epu32(indices, weigher.last);
        // SAFETY: no index is above the last.
        return unsafe { _mm256_i32gather_epi32::<4>(weigher.listed.as_ptr(), indices) };
    }
    let places = _mm256_min_epu32(indices, weigher.end);
    let [first, second, third, fourth, fifth] = weigher.factors;
    let first = _mm256_permutevar8x32_ps(first, places);
    let second = _mm256_permutevar8x32_ps(second, _mm256_srli_epi32::<3>(places));
    let third = _mm256_permutevar8x32_ps(third, _mm256_srli_epi32::<6>(places));
    let fourth = _mm256_permutevar8x32_ps(fourth, _mm256_srli_epi32::<9>(places));
    let mut rest = _mm256_mul_ps(third, fourth);
    if FORM == MANY_DIGITS {
        let fifth = _mm256_permutevar8x32_ps(fifth, _mm256_srli_epi32::<12>(places));
        rest = _mm256_mul_ps(rest, fifth);
    }
    _mm256_castps_si256(_mm256_fmadd_ps(_mm256_mul_ps(first, second), rest, _mm256_set1_ps(TO_LOW_BITS)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn weigh<const LONG: bool>(weigher: &Weigher, indices: __m256i, ends: __m256i) -> __m256i {
    let weights = if LONG {
        let zero = _mm256_setzero_si256();
        let low = exponential(&weigher.exponential, _mm256_unpacklo_epi16(indices, zero));
        let high = exponential(&weigher.exponential, _mm256_unpackhi_epi16(indices, zero));
        _mm256_packs_epi32(low, high)
    } else {
        products(weigher.factors, indices)
    };
    _mm256_and_si256(weights, _mm256_cmpgt_epi16(ends, indices))
}

/// Products at sixteen places, apart.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn products(factors: [__m256; 4], places: __m256i) -> __m256i {
    const SHIFTS: [i32; 4] = Form::Apart.shifts();
    let even = [
        places,
        _mm256_srli_epi32::<{ SHIFTS[1] }>(places),
        _mm256_srli_epi32::<{ SHIFTS[2] }>(places),
        _mm256_srli_epi32::<{ SHIFTS[3] }>(places),
    ];
    let odd = [
        _mm256_srli_epi32::<16>(places),
        _mm256_srli_epi32::<{ 16 + SHIFTS[1] }>(places),
        _mm256_srli_epi32::<{ 16 + SHIFTS[2] }>(places),
        _mm256_srli_epi32::<{ 16 + SHIFTS[3] }>(places),
    ];
    merged(product(factors, even), product(factors, odd))
}

/// A product in the lower half of each 32-bit lane, of lanes that begin with each table's bits of a place: a permutation takes these
/// three and no others, so that even and odd places need no lanes of their own.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn product(factors: [__m256; 4], places: [__m256i; 4]) -> __m256i {
    let first = _mm256_permutevar8x32_ps(factors[0], places[0]);
    let second = _mm256_permutevar8x32_ps(factors[1], places[1]);
    let third = _mm256_permutevar8x32_ps(factors[2], places[2]);
    let fourth = _mm256_permutevar8x32_ps(factors[3], places[3]);
    let to_low_bits = _mm256_set1_ps(TO_LOW_BITS);
    let rounded = _mm256_fmadd_ps(_mm256_mul_ps(first, second), _mm256_mul_ps(third, fourth), to_low_bits);
    _mm256_castps_si256(rounded)
}

/// The lower halves of lanes, one of each in turn.
#[inline]
#[target_feature(enable = "avx2")]
fn merged(even: __m256i, odd: __m256i) -> __m256i {
    _mm256_blend_epi16::<0xaa>(even, _mm256_slli_epi32::<16>(odd))
}

/// The upper halves of lanes, one of each in turn.
#[inline]
#[target_feature(enable = "avx2")]
fn merged_upper(even: __m256i, odd: __m256i) -> __m256i {
    _mm256_blend_epi16::<0xaa>(_mm256_srli_epi32::<16>(even), odd)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn weigh_columns(weigher: &Weigher, prepared: &mut [Avx2], stride: usize, count: usize) {
    // Else the compiler keeps them in registers for all that is done with a row.
    let factors = black_box(weigher.factors);
    let followed = prepared.len() - 1;
    for first in (0..followed).step_by(stride) {
        let column = &mut prepared[first..][..=count];
        for at in 0..count {
            if let Some(stored) = column[at..].first_chunk() {
                column[at].0 = bytewise_products(factors, stored);
            }
        }
    }
}

/// Products at sixteen places that a vector follows in memory.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn bytewise_products(factors: [__m256; 4], stored: &[Avx2; 2]) -> __m256i {
    merged(product(factors, bytewise_from(stored, 0)), product(factors, bytewise_from(stored, 2)))
}

/// The places that begin with a byte, as [`product`] takes them: what is a whole number of bytes away is loaded, not shifted.
#[inline]
#[target_feature(enable = "avx2")]
fn bytewise_from(stored: &[Avx2; 2], byte: usize) -> [__m256i; 4] {
    const SHIFTS: [i32; 4] = Form::Bytewise.shifts();
    const { assert!(SHIFTS[3] == 8) };
    let places = bytes_from(stored, byte);
    let second = _mm256_srli_epi32::<{ SHIFTS[1] }>(places);
    let third = _mm256_srli_epi32::<{ SHIFTS[2] }>(places);
    [places, second, third, bytes_from(stored, byte + 1)]
}

/// As many bytes as a vector has, from one on.
#[inline]
#[target_feature(enable = "avx2")]
fn bytes_from(stored: &[Avx2; 2], byte: usize) -> __m256i {
    assert!(byte <= size_of::<Avx2>());
    // SAFETY: two vectors have as many from there on.
    unsafe { _mm256_loadu_si256(stored.as_ptr().byte_add(byte).cast()) }
}

/// [`Exponential::weight`] of eight indices.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn exponential(weigher: &Exponential, indices: __m256i) -> __m256i {
    let index = _mm256_cvtepi32_ps(indices);
    let slope = _mm256_set1_ps(weigher.slope);
    let rounding = _mm256_set1_ps(ROUNDING);
    let rounded = _mm256_fmadd_ps(index, slope, rounding);
    let whole = _mm256_sub_ps(rounded, rounding);
    let fraction = _mm256_fmsub_ps(index, slope, whole);
    let mut power = _mm256_set1_ps(weigher.coefficients[0]);
    for coefficient in &weigher.coefficients[1..] {
        power = _mm256_fmadd_ps(power, fraction, _mm256_set1_ps(*coefficient));
    }
    let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(rounded));
    _mm256_cvtps_epi32(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), exponent)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn narrow([low, high]: [__m256i; 2], shift: u32) -> __m256i {
    let bits = _mm_cvtsi32_si128(shift as i32);
    let packed = _mm256_packs_epi32(_mm256_srl_epi32(low, bits), _mm256_srl_epi32(high, bits));
    _mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
}

/// Eight vectors at a time.
#[inline]
#[target_feature(enable = "avx2")]
fn add_lane_sums(vectors: &[__m256i], stride: usize, sums: &mut [u32]) {
    for (group, sums) in sums.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let vector = |index: usize| vectors[(8 * group + index) * stride];
        let four = |from: usize| {
            let [a, b] = [from, from + 2].map(|from| _mm256_hadd_epi32(vector(from), vector(from + 1)));
            _mm256_hadd_epi32(a, b)
        };
        let (first, second) = (four(0), four(4));
        let low = _mm256_permute2x128_si256::<0x20>(first, second);
        let high = _mm256_permute2x128_si256::<0x31>(first, second);
        // SAFETY: the array has the size of the vector.
        let before = unsafe { _mm256_loadu_si256(sums.as_ptr().cast()) };
        let after = _mm256_add_epi32(before, _mm256_add_epi32(low, high));
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), after) };
    }
}
