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
    fn replace_squares(new: [&[u8]; 2], gone: [&[u8]; 2], columns: &mut [u32]) {
        // SAFETY: as for the other operations.
        unsafe { replace_squares(new, gone, columns) }
    }

    #[inline(always)]
    fn window_indices(columns: &[u32], side: usize, shift: u32, indices: &mut [u16]) {
        // SAFETY: as for the other operations.
        unsafe { window_indices(columns, side, shift, indices) }
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

/// Eight columns at a time.
#[inline]
#[target_feature(enable = "avx2")]
fn replace_squares([a, b]: [&[u8]; 2], [c, d]: [&[u8]; 2], columns: &mut [u32]) {
    let (chunks, rest) = columns.as_chunks_mut::<8>();
    let done = 8 * chunks.len();
    let new = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let gone = c.as_chunks::<8>().0.iter().zip(d.as_chunks::<8>().0);
    for (columns, (new, gone)) in chunks.iter_mut().zip(new.zip(gone)) {
        let (new, gone) = (differences(new), differences(gone));
        let squares = _mm256_sub_epi32(_mm256_madd_epi16(new, new), _mm256_madd_epi16(gone, gone));
        // SAFETY: the array has the size of the vector.
        let sums = unsafe { _mm256_loadu_si256(columns.as_ptr().cast()) };
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(columns.as_mut_ptr().cast(), _mm256_add_epi32(sums, squares)) };
    }
    super::replace_squares_singly([&a[done..], &b[done..]], [&c[done..], &d[done..]], rest);
}

/// Differences of bytes, in 32 bits each, of which the upper 16 are clear.
#[inline]
#[target_feature(enable = "avx2")]
fn differences((a, b): (&[u8; 8], &[u8; 8])) -> __m256i {
    // SAFETY: the arrays have the size of what is loaded.
    let [a, b] = unsafe { [_mm_loadl_epi64(a.as_ptr().cast()), _mm_loadl_epi64(b.as_ptr().cast())] };
    _mm256_cvtepu8_epi32(_mm_sub_epi8(_mm_max_epu8(a, b), _mm_min_epu8(a, b)))
}

/// 16 at a time: the changes from sum to sum, each added to those after it, and the sum so far to all.
#[inline]
#[target_feature(enable = "avx2")]
fn window_indices(columns: &[u32], side: usize, shift: u32, indices: &mut [u16]) {
    let Some((index, indices)) = indices.split_first_mut() else { return };
    let sum = columns[..side].iter().fold(0, |sum: u32, &column| sum.wrapping_add(column));
    *index = (sum >> shift).min(0x7fff) as u16;
    let (chunks, rest) = indices.as_chunks_mut::<16>();
    let done = 16 * chunks.len();
    let changes =
        columns[side..].as_chunks::<8>().0.chunks_exact(2).zip(columns.as_chunks::<8>().0.chunks_exact(2));
    let (last, bits) = (_mm256_set1_epi32(7), _mm_cvtsi32_si128(shift as i32));
    let mut sum = _mm256_set1_epi32(sum as i32);
    for (indices, (new, gone)) in chunks.iter_mut().zip(changes) {
        let low = running_changes(&new[0], &gone[0]);
        let high = running_changes(&new[1], &gone[1]);
        // The chain from one chunk to the next is these two additions.
        let first = _mm256_add_epi32(low, sum);
        sum = _mm256_add_epi32(sum, _mm256_permutevar8x32_epi32(low, last));
        let second = _mm256_add_epi32(high, sum);
        sum = _mm256_add_epi32(sum, _mm256_permutevar8x32_epi32(high, last));
        let packed = _mm256_packs_epi32(_mm256_srl_epi32(first, bits), _mm256_srl_epi32(second, bits));
        let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
        // SAFETY: the array has the size of the vector.
        unsafe { _mm256_storeu_si256(indices.as_mut_ptr().cast(), packed) };
    }
    let sum = _mm_cvtsi128_si32(_mm256_castsi256_si128(sum)) as u32;
    super::window_indices_after(sum, &columns[done..], side, shift, rest);
}

/// Sums up to and with each of the differences of two vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn running_changes(new: &[u32; 8], gone: &[u32; 8]) -> __m256i {
    // SAFETY: the arrays have the size of the vector.
    let [new, gone] =
        unsafe { [_mm256_loadu_si256(new.as_ptr().cast()), _mm256_loadu_si256(gone.as_ptr().cast())] };
    let mut v = _mm256_sub_epi32(new, gone);
    v = _mm256_add_epi32(v, _mm256_slli_si256::<4>(v));
    v = _mm256_add_epi32(v, _mm256_slli_si256::<8>(v));
    let lower = _mm256_permute2x128_si256::<0x08>(v, v);
    _mm256_add_epi32(v, _mm256_shuffle_epi32::<0xff>(lower))
}
