//! Registers of AVX2 and AVX-512.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{Eight, Vector};

macro_rules! vector {
    ($type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident) => {
        impl Vector for $type {
            const LANES: usize = $lanes;
            type Eight = __m256;

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: only functions compiled for this instruction set name this type.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn ramp(first: f32) -> Self {
                let steps: [f32; $lanes] = std::array::from_fn(|i| i as f32);
                Self::load(&steps).add(Self::splat(first))
            }

            #[inline(always)]
            fn load(from: &[f32]) -> Self {
                let from = &from[..$lanes];
                // SAFETY: as above; the slice was just found to be long enough, and the load needs no alignment.
                unsafe { $load(from.as_ptr()) }
            }

            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                let to = &mut to[..$lanes];
                // SAFETY: as above; the slice was just found to be long enough, and the store needs no alignment.
                unsafe { $store(to.as_mut_ptr(), self) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: only functions compiled for this instruction set name this type.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $sub(self, other) }
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul(self, other) }
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul_add(self, factor, addend) }
            }
        }
    };
}

vector!(
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps
);

vector!(
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps
);

impl Eight for __m256 {
    #[inline(always)]
    fn shift<const BY: usize>(self, next: Self) -> Self {
        // SAFETY: only functions compiled for AVX2 or more name this type.
        unsafe { shift::<BY>(self, next) }
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        // SAFETY: as above.
        unsafe { transpose(rows) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn shift<const BY: usize>(at: __m256, next: __m256) -> __m256 {
    let (at, next) = (_mm256_castps_si256(at), _mm256_castps_si256(next));
    let between = _mm256_permute2x128_si256::<0x21>(at, next);
    _mm256_castsi256_ps(match BY {
        1 => _mm256_alignr_epi8::<4>(between, at),
        2 => _mm256_alignr_epi8::<8>(between, at),
        3 => _mm256_alignr_epi8::<12>(between, at),
        4 => between,
        5 => _mm256_alignr_epi8::<4>(next, between),
        6 => _mm256_alignr_epi8::<8>(next, between),
        _ => _mm256_alignr_epi8::<12>(next, between),
    })
}

#[inline]
#[target_feature(enable = "avx")]
fn transpose(rows: [__m256; 8]) -> [__m256; 8] {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    let quads = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
    let halves = |a, b| (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
    // A letter is a column, and digits are the rows that stand side by side; the upper half of each register holds the
    // column four further on.
    let ((ab01, cd01), (ab23, cd23)) = (pairs(r0, r1), pairs(r2, r3));
    let ((ab45, cd45), (ab67, cd67)) = (pairs(r4, r5), pairs(r6, r7));
    let ((a03, b03), (c03, d03)) = (quads(ab01, ab23), quads(cd01, cd23));
    let ((a47, b47), (c47, d47)) = (quads(ab45, ab67), quads(cd45, cd67));
    let ((a, e), (b, f)) = (halves(a03, a47), halves(b03, b47));
    let ((c, g), (d, h)) = (halves(c03, c47), halves(d03, d47));
    [a, b, c, d, e, f, g, h]
}
