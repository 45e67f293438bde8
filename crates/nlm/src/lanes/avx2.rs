//! 16 lanes: AVX2.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::Lanes;
use crate::weights::Weights;
use crate::weights::exponential::{Exponential, ROUNDING};

#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Avx2(__m256i);

// SAFETY: both types are `__m256i`.
unsafe impl Lanes for Avx2 {
    const LANES: usize = 16;
    type Wide = __m256i;
    type Table = Exponential;
    type Weigher = Exponential;

    super::operations! {
        fn splat(value: u16) -> Self { Self(_mm256_set1_epi16(value as i16)) }
        fn add(self, other: Self) -> Self { Self(_mm256_add_epi16(self.0, other.0)) }
        fn sub(self, other: Self) -> Self { Self(_mm256_sub_epi16(self.0, other.0)) }
        fn saturating_add(self, other: Self) -> Self { Self(_mm256_adds_epu16(self.0, other.0)) }
        fn mul(self, other: Self) -> Self { Self(_mm256_mullo_epi16(self.0, other.0)) }
        fn mul_fraction(self, other: Self) -> Self { Self(_mm256_mulhrs_epi16(self.0, other.0)) }
        fn average(self, other: Self) -> Self { Self(_mm256_avg_epu16(self.0, other.0)) }
        fn interleave(self, other: Self) -> [Self; 2] {
            [Self(_mm256_unpacklo_epi16(self.0, other.0)), Self(_mm256_unpackhi_epi16(self.0, other.0))]
        }
        fn wide_zero() -> __m256i { _mm256_setzero_si256() }
        fn dot(sums: __m256i, a: Self, b: Self) -> __m256i {
            _mm256_add_epi32(sums, _mm256_madd_epi16(a.0, b.0))
        }
    }

    #[inline(always)]
    fn weigh<const LONG: bool>(weigher: &Exponential, indices: Self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { weigh(weigher, indices.0) })
    }

    #[inline(always)]
    fn running_sums(values: &[u32], sums: &mut [u32]) {
        // SAFETY: as for the other operations.
        unsafe { running_sums(values, sums) }
    }

    #[inline(always)]
    fn load(from: &[u16]) -> Self {
        let from = &from[..16];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        Self(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [u16]) {
        let to = &mut to[..16];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { _mm256_srl_epi16(self.0, _mm_cvtsi32_si128(BITS)) })
    }

    fn table(weights: &Weights) -> Option<Exponential> {
        Exponential::new(weights)
    }

    #[inline(always)]
    fn weigher(table: &Exponential) -> Exponential {
        table.clone()
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn weigh(weigher: &Exponential, indices: __m256i) -> __m256i {
    let zero = _mm256_setzero_si256();
    let low = exponential(weigher, _mm256_unpacklo_epi16(indices, zero));
    let high = exponential(weigher, _mm256_unpackhi_epi16(indices, zero));
    let inside = _mm256_cmpgt_epi16(_mm256_set1_epi16(weigher.end as i16), indices);
    _mm256_and_si256(_mm256_packs_epi32(low, high), inside)
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

/// Eight values at a time: each is added to those 1 and 2 after it in its half, the lower half's sum to the upper one, and
/// the sum so far to all.
#[inline]
#[target_feature(enable = "avx2")]
fn running_sums(values: &[u32], sums: &mut [u32]) {
    let mut sum = _mm256_setzero_si256();
    let (chunks, rest) = values.as_chunks::<8>();
    let (to, rest_of_sums) = sums.as_chunks_mut::<8>();
    for (from, to) in chunks.iter().zip(&mut *to) {
        // SAFETY: the array has the size of the vector.
        let mut v = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
        v = _mm256_add_epi32(v, _mm256_slli_si256::<4>(v));
        v = _mm256_add_epi32(v, _mm256_slli_si256::<8>(v));
        let lower = _mm256_permute2x128_si256::<0x08>(v, v);
        v = _mm256_add_epi32(v, _mm256_shuffle_epi32::<0xff>(lower));
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_add_epi32(v, sum)) };
        // The chain from one chunk to the next is this addition alone.
        sum = _mm256_add_epi32(sum, _mm256_permutevar8x32_epi32(v, _mm256_set1_epi32(7)));
    }
    let sum = to.get(..chunks.len()).and_then(|done| done.last()).map_or(0, |last| last[7]);
    super::running_sums_after(sum, rest, rest_of_sums);
}
