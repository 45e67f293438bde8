//! 32 lanes: AVX-512 with VNNI.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::Lanes;
use crate::weights::Weights;
use crate::weights::product::{PRODUCTS, Product};

#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Avx512(__m512i);

/// A [`Product`] in registers.
pub(crate) struct Weigher {
    coarse: __m512i,
    fine: [__m512i; 2],
    corrections: [__m512i; 2],
    tail: __m512i,
    end: __m512i,
}

// SAFETY: both types are `__m512i`.
unsafe impl Lanes for Avx512 {
    const LANES: usize = 32;
    type Wide = __m512i;
    type Table = Product;
    type Weigher = Weigher;

    super::operations! {
        fn splat(value: u16) -> Self { Self(_mm512_set1_epi16(value as i16)) }
        fn add(self, other: Self) -> Self { Self(_mm512_add_epi16(self.0, other.0)) }
        fn sub(self, other: Self) -> Self { Self(_mm512_sub_epi16(self.0, other.0)) }
        fn saturating_add(self, other: Self) -> Self { Self(_mm512_adds_epu16(self.0, other.0)) }
        fn mul(self, other: Self) -> Self { Self(_mm512_mullo_epi16(self.0, other.0)) }
        fn mul_fraction(self, other: Self) -> Self { Self(_mm512_mulhrs_epi16(self.0, other.0)) }
        fn average(self, other: Self) -> Self { Self(_mm512_avg_epu16(self.0, other.0)) }
        fn interleave(self, other: Self) -> [Self; 2] {
            [Self(_mm512_unpacklo_epi16(self.0, other.0)), Self(_mm512_unpackhi_epi16(self.0, other.0))]
        }
        fn wide_zero() -> __m512i { _mm512_setzero_si512() }
        fn dot(sums: __m512i, a: Self, b: Self) -> __m512i { _mm512_dpwssd_epi32(sums, a.0, b.0) }
    }

    #[inline(always)]
    fn weigh<const LONG: bool>(weigher: &Weigher, indices: Self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { weigh::<LONG>(weigher, indices.0) })
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
        let from = &from[..32];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        Self(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [u16]) {
        let to = &mut to[..32];
        // SAFETY: as for the other operations; the slice was just found to be long enough.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        // SAFETY: as for the other operations.
        Self(unsafe { _mm512_srl_epi16(self.0, _mm_cvtsi32_si128(BITS)) })
    }

    fn table(weights: &Weights) -> Option<Product> {
        Product::new(weights)
    }

    #[inline(always)]
    fn weigher(product: &Product) -> Weigher {
        Weigher {
            coarse: load(&std::array::from_fn(|row| product.coarse.get(row).copied().unwrap_or(0))),
            fine: [load(&product.fine[0]), load(&product.fine[1])],
            corrections: [load(&product.corrections[0]), load(&product.corrections[1])],
            tail: load(&product.tail),
            end: load(&[product.end; 32]),
        }
    }
}

#[inline(always)]
fn load(lanes: &[u16; 32]) -> __m512i {
    // SAFETY: as for the other operations; the array has the size of a vector.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn weigh<const LONG: bool>(weigher: &Weigher, indices: __m512i) -> __m512i {
    let coarse = _mm512_srli_epi16::<6>(indices);
    let fine = _mm512_permutex2var_epi16(weigher.fine[0], indices, weigher.fine[1]);
    let corrections = _mm512_permutex2var_epi16(weigher.corrections[0], indices, weigher.corrections[1]);
    let product = _mm512_mulhi_epu16(_mm512_permutexvar_epi16(coarse, weigher.coarse), fine);
    let correction = _mm512_and_si512(_mm512_srlv_epi16(corrections, coarse), _mm512_set1_epi16(1));
    let inside = _mm512_cmplt_epu16_mask(indices, weigher.end);
    let weights = _mm512_maskz_add_epi16(inside, product, correction);
    if !LONG {
        return weights;
    }
    let tail = _mm512_cmpge_epu16_mask(indices, _mm512_set1_epi16(PRODUCTS as i16)) & inside;
    _mm512_mask_permutexvar_epi16(weights, tail, indices, weigher.tail)
}

/// Sixteen columns at a time.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn replace_squares([a, b]: [&[u8]; 2], [c, d]: [&[u8]; 2], columns: &mut [u32]) {
    let (chunks, rest) = columns.as_chunks_mut::<16>();
    let done = 16 * chunks.len();
    let new = a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0);
    let gone = c.as_chunks::<16>().0.iter().zip(d.as_chunks::<16>().0);
    for (columns, (new, gone)) in chunks.iter_mut().zip(new.zip(gone)) {
        let (new, gone) = (differences(new), differences(gone));
        // SAFETY: the array has the size of the vector.
        let sums = unsafe { _mm512_loadu_si512(columns.as_ptr().cast()) };
        let sums = _mm512_sub_epi32(_mm512_dpwssd_epi32(sums, new, new), _mm512_madd_epi16(gone, gone));
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(columns.as_mut_ptr().cast(), sums) };
    }
    super::replace_squares_singly([&a[done..], &b[done..]], [&c[done..], &d[done..]], rest);
}

/// Absolute differences of bytes, in 32 bits each.
#[inline]
#[target_feature(enable = "avx512f")]
fn differences((a, b): (&[u8; 16], &[u8; 16])) -> __m512i {
    // SAFETY: the arrays have the size of the vector.
    let [a, b] = unsafe { [_mm_loadu_si128(a.as_ptr().cast()), _mm_loadu_si128(b.as_ptr().cast())] };
    _mm512_cvtepu8_epi32(_mm_sub_epi8(_mm_max_epu8(a, b), _mm_min_epu8(a, b)))
}

/// 32 at a time: the changes from sum to sum, each added to those 1, 2, 4 and 8 after it, and the sum so far to all.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn window_indices(columns: &[u32], side: usize, shift: u32, indices: &mut [u16]) {
    let Some((index, indices)) = indices.split_first_mut() else { return };
    let sum = columns[..side].iter().fold(0, |sum: u32, &column| sum.wrapping_add(column));
    *index = (sum >> shift).min(0x7fff) as u16;
    let (chunks, rest) = indices.as_chunks_mut::<32>();
    let done = 32 * chunks.len();
    let changes =
        columns[side..].as_chunks::<16>().0.chunks_exact(2).zip(columns.as_chunks::<16>().0.chunks_exact(2));
    let (in_order, last) = (_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_set1_epi32(15));
    let bits = _mm_cvtsi32_si128(shift as i32);
    let mut sum = _mm512_set1_epi32(sum as i32);
    for (indices, (new, gone)) in chunks.iter_mut().zip(changes) {
        let low = running_changes(&new[0], &gone[0]);
        let high = running_changes(&new[1], &gone[1]);
        // The chain from one chunk to the next is these two additions.
        let sums = [_mm512_add_epi32(low, sum), high];
        sum = _mm512_add_epi32(sum, _mm512_permutexvar_epi32(last, low));
        let sums = [sums[0], _mm512_add_epi32(high, sum)];
        sum = _mm512_add_epi32(sum, _mm512_permutexvar_epi32(last, high));
        let packed = _mm512_packs_epi32(_mm512_srl_epi32(sums[0], bits), _mm512_srl_epi32(sums[1], bits));
        let packed = _mm512_permutexvar_epi64(in_order, packed);
        // SAFETY: the array has the size of the vector.
        unsafe { _mm512_storeu_si512(indices.as_mut_ptr().cast(), packed) };
    }
    let sum = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum)) as u32;
    super::window_indices_after(sum, &columns[done..], side, shift, rest);
}

/// Sums up to and with each of the differences of two vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn running_changes(new: &[u32; 16], gone: &[u32; 16]) -> __m512i {
    let zero = _mm512_setzero_si512();
    // SAFETY: the arrays have the size of the vector.
    let [new, gone] =
        unsafe { [_mm512_loadu_si512(new.as_ptr().cast()), _mm512_loadu_si512(gone.as_ptr().cast())] };
    let mut v = _mm512_sub_epi32(new, gone);
    v = _mm512_add_epi32(v, _mm512_alignr_epi32::<15>(v, zero));
    v = _mm512_add_epi32(v, _mm512_alignr_epi32::<14>(v, zero));
    v = _mm512_add_epi32(v, _mm512_alignr_epi32::<12>(v, zero));
    _mm512_add_epi32(v, _mm512_alignr_epi32::<8>(v, zero))
}
