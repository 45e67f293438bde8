//! Registers of AVX2 and AVX-512.

#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::*;

use super::{Eight, Vector};

macro_rules! vector {
    (
        $type:ty, $lanes:literal, $words:ty, $splat:ident, $load:ident, $store:ident, $shift:ident, $fours:ident,
        $transpose_fours:ident, $in_step:ident, $in_turn:ident,
        $($name:ident($self:ident $(, $arg:ident)*) = $operation:ident;)*
    ) => {
        impl Vector for $type {
            const LANES: usize = $lanes;
            const STREAMS: bool = $lanes == 8;
            type Eight = __m256;
            type Words = $words;

            $(#[inline(always)]
            fn $name($self $(, $arg: Self)*) -> Self {
                // SAFETY: only functions compiled for this instruction set name this type.
                unsafe { $operation($self $(, $arg)*) }
            })*

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: as above.
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
            fn shift<const BY: usize>(self, next: Self) -> Self {
                // SAFETY: as above.
                unsafe { $shift::<BY>(self, next) }
            }

            #[inline(always)]
            fn fours<'a>(of: impl Fn(usize) -> &'a [f32; 4]) -> Self {
                // SAFETY: as above.
                unsafe { $fours(of) }
            }

            #[inline(always)]
            fn transpose_fours(rows: [Self; 4]) -> [Self; 4] {
                // SAFETY: as above.
                unsafe { $transpose_fours(rows) }
            }

            #[inline(always)]
            fn mul_add_in_turn(self, factor: Self, addend: Self) -> Self {
                // SAFETY: as above.
                unsafe { $in_turn(self, factor, addend) }
            }

            #[inline(always)]
            fn keep_in_step(sums: &mut [Self]) {
                if let Some(sums) = sums.first_chunk_mut() {
                    // SAFETY: as above.
                    unsafe { $in_step(sums) }
                }
            }
        }
    };
}

vector!(
    __m256, 8, __m256i, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, shift_256, fours_256, transpose_fours_256,
    in_step_256, in_turn_256,
    add(self, other) = _mm256_add_ps;
    sub(self, other) = _mm256_sub_ps;
    mul(self, other) = _mm256_mul_ps;
    div(self, other) = _mm256_div_ps;
    sqrt(self) = _mm256_sqrt_ps;
    abs(self) = abs_256;
    floor(self) = _mm256_floor_ps;
    min(self, other) = _mm256_min_ps;
    max(self, other) = _mm256_max_ps;
    if_inside(self, at, end) = if_inside_256;
    mirror_if_less(self, other, mirror, value) = mirror_if_less_256;
    mul_add(self, factor, addend) = _mm256_fmadd_ps;
);

vector!(
    __m512, 16, __m512i, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, shift_512, fours_512, transpose_fours_512,
    in_step_512, _mm512_fmadd_ps,
    add(self, other) = _mm512_add_ps;
    sub(self, other) = _mm512_sub_ps;
    mul(self, other) = _mm512_mul_ps;
    div(self, other) = _mm512_div_ps;
    sqrt(self) = _mm512_sqrt_ps;
    abs(self) = _mm512_abs_ps;
    floor(self) = floor_512;
    min(self, other) = _mm512_min_ps;
    max(self, other) = _mm512_max_ps;
    if_inside(self, at, end) = if_inside_512;
    mirror_if_less(self, other, mirror, value) = mirror_if_less_512;
    mul_add(self, factor, addend) = _mm512_fmadd_ps;
);

impl Eight for __m256 {
    #[inline(always)]
    fn twice(four: &[f32]) -> Self {
        let four = &four[..4];
        // SAFETY: only functions compiled for AVX2 or more name this type, and the slice was just found to be long enough.
        unsafe { _mm256_broadcast_ps(&_mm_loadu_ps(four.as_ptr())) }
    }

    #[inline(always)]
    fn halves(upper: f32) -> Self {
        let (sign, base) =
            ([-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        Self::splat(upper).mul_add(Self::load(&sign), Self::load(&base))
    }
}

#[inline]
#[target_feature(enable = "avx")]
fn abs_256(a: __m256) -> __m256 {
    _mm256_andnot_ps(_mm256_set1_ps(-0.0), a)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn floor_512(a: __m512) -> __m512 {
    _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a)
}

#[inline]
#[target_feature(enable = "avx2")]
fn if_inside_256(value: __m256, at: __m256, end: __m256) -> __m256 {
    let (at, end) = (_mm256_castps_si256(at), _mm256_castps_si256(end));
    let inside = _mm256_and_si256(_mm256_cmpgt_epi32(at, _mm256_set1_epi32(-1)), _mm256_cmpgt_epi32(end, at));
    _mm256_and_ps(_mm256_castsi256_ps(inside), value)
}

/// Floats that are not negative are in the order of their bits, and those that are have greater bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn if_inside_512(value: __m512, at: __m512, end: __m512) -> __m512 {
    let inside = _mm512_cmplt_epu32_mask(_mm512_castps_si512(at), _mm512_castps_si512(end));
    _mm512_maskz_mov_ps(inside, value)
}

/// A choice between two vectors takes as long as all of this.
#[inline]
#[target_feature(enable = "avx")]
fn mirror_if_less_256(a: __m256, b: __m256, mirror: __m256, value: __m256) -> __m256 {
    abs_256(_mm256_sub_ps(_mm256_and_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b), mirror), value))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn mirror_if_less_512(a: __m512, b: __m512, mirror: __m512, value: __m512) -> __m512 {
    _mm512_mask_sub_ps(value, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), mirror, value)
}

// Written in assembly, as the compiler makes two or three shuffles of the intrinsic where its result is of floats.

#[inline]
#[target_feature(enable = "avx2")]
fn shift_256<const BY: usize>(at: __m256, next: __m256) -> __m256 {
    let between = _mm256_permute2f128_ps::<0x21>(at, next);
    // Each half of a register moves for itself.
    match BY {
        1 => align::<4>(at, between),
        2 => align::<8>(at, between),
        3 => align::<12>(at, between),
        4 => between,
        5 => align::<4>(between, next),
        6 => align::<8>(between, next),
        _ => align::<12>(between, next),
    }
}

/// Of each half of `at`, followed by that of `next`, 16 bytes from `BYTES` on.
#[inline]
#[target_feature(enable = "avx2")]
fn align<const BYTES: i32>(at: __m256, next: __m256) -> __m256 {
    let out;
    // SAFETY: AVX2 is there, and only registers are read and written.
    unsafe {
        asm!(
            "vpalignr {out}, {next}, {at}, {bytes}",
            out = lateout(ymm_reg) out, next = in(ymm_reg) next, at = in(ymm_reg) at, bytes = const BYTES,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shift_512<const BY: usize>(at: __m512, next: __m512) -> __m512 {
    let out;
    // SAFETY: AVX-512 is there, and only registers are read and written.
    unsafe {
        asm!(
            "valignd {out}, {next}, {at}, {by}",
            out = lateout(zmm_reg) out, next = in(zmm_reg) next, at = in(zmm_reg) at, by = const BY,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    out
}

/// Sums that for the compiler depend on each other here. It would else finish one after another, each of which waits for
/// its own multiply-adds, and have their samples wait in memory.
macro_rules! in_step {
    ($name:ident, $type:ty, $features:literal, $register:ident, $count:literal, [$($sum:ident)*], $comment:literal) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn $name([$($sum),*]: &mut [$type; $count]) {
            // SAFETY: there is nothing but a comment in it.
            unsafe {
                asm!($comment, $(inout($register) *$sum,)* options(pure, nomem, nostack, preserves_flags));
            }
        }
    };
}

in_step!(in_step_256, __m256, "avx2", ymm_reg, 4, [a b c d], "# {0} {1} {2} {3}");
in_step!(in_step_512, __m512, "avx512f", zmm_reg, 8, [a b c d e f g h], "# {0} {1} {2} {3} {4} {5} {6} {7}");

/// `a * factor + addend`, by a statement that keeps its place among others: the compiler would finish one of a dozen sums after
/// another, as above, and an empty statement about so many it does not always inline.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn in_turn_256(a: __m256, factor: __m256, mut addend: __m256) -> __m256 {
    // SAFETY: FMA is there, and only registers are read and written, with the flags that tell of rounding.
    unsafe {
        asm!(
            "vfmadd231ps {sum}, {a}, {factor}",
            sum = inout(ymm_reg) addend, a = in(ymm_reg) a, factor = in(ymm_reg) factor,
            options(nomem, nostack)
        );
    }
    addend
}

#[inline]
#[target_feature(enable = "avx")]
fn fours_256<'a>(of: impl Fn(usize) -> &'a [f32; 4]) -> __m256 {
    // SAFETY: there are four floats to read, and loads need no alignment.
    let four = |i| unsafe { _mm_loadu_ps(of(i).as_ptr()) };
    _mm256_set_m128(four(1), four(0))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn fours_512<'a>(of: impl Fn(usize) -> &'a [f32; 4]) -> __m512 {
    let upper = fours_256(|i| of(i + 2));
    _mm512_insertf32x8::<1>(_mm512_castps256_ps512(fours_256(of)), upper)
}

macro_rules! transpose_fours {
    ($name:ident, $type:ty, $features:literal, $low:ident, $high:ident, $shuffle:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn $name([a, b, c, d]: [$type; 4]) -> [$type; 4] {
            let (low_ab, high_ab, low_cd, high_cd) = ($low(a, b), $high(a, b), $low(c, d), $high(c, d));
            [
                $shuffle::<0x44>(low_ab, low_cd),
                $shuffle::<0xee>(low_ab, low_cd),
                $shuffle::<0x44>(high_ab, high_cd),
                $shuffle::<0xee>(high_ab, high_cd),
            ]
        }
    };
}

transpose_fours!(
    transpose_fours_256,
    __m256,
    "avx",
    _mm256_unpacklo_ps,
    _mm256_unpackhi_ps,
    _mm256_shuffle_ps
);
transpose_fours!(
    transpose_fours_512,
    __m512,
    "avx512f",
    _mm512_unpacklo_ps,
    _mm512_unpackhi_ps,
    _mm512_shuffle_ps
);
