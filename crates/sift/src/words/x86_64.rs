//! Registers of AVX2 and AVX-512.

#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::*;

use super::Words;

macro_rules! words {
    (
        $type:ty, $lanes:literal, $floats:ty, $marks:ty, $splat:ident, $load:ident, $store:ident, $low_words:ident,
        $min:ident, $max:ident, $beside:ident, $any_reaches:ident, $no_marks:ident, $mark_if_either:ident, $store_marks:ident
    ) => {
        impl Words for $type {
            const LANES: usize = $lanes;
            type Floats = $floats;
            type Marks = $marks;

            #[inline(always)]
            fn splat(value: i16) -> Self {
                // SAFETY: only functions compiled for this instruction set name this type.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn load(from: &[i16]) -> Self {
                let from = &from[..$lanes];
                // SAFETY: as above; the slice was just found to be long enough, and the load needs no alignment.
                unsafe { $load(from.as_ptr().cast()) }
            }

            #[inline(always)]
            fn store(self, to: &mut [i16]) {
                let to = &mut to[..$lanes];
                // SAFETY: as above; the slice was just found to be long enough, and the store needs no alignment.
                unsafe { $store(to.as_mut_ptr().cast(), self) }
            }

            #[inline(always)]
            fn low_words(first: Self::Floats, second: Self::Floats) -> Self {
                // SAFETY: as above.
                unsafe { $low_words(first, second) }
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $min(self, other) }
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $max(self, other) }
            }

            #[inline(always)]
            fn beside(self, next: Self) -> (Self, Self) {
                // SAFETY: as above.
                unsafe { $beside(self, next) }
            }

            #[inline(always)]
            fn any_reaches(self, other: Self) -> bool {
                // SAFETY: as above.
                unsafe { $any_reaches(self, other) }
            }

            #[inline(always)]
            fn no_marks() -> Self::Marks {
                // SAFETY: as above.
                unsafe { $no_marks() }
            }

            #[inline(always)]
            fn mark_if_either(self, a: Self, b: Self, mark: u8, marked: Self::Marks) -> Self::Marks {
                // SAFETY: as above.
                unsafe { $mark_if_either(self, a, b, mark, marked) }
            }

            #[inline(always)]
            fn store_marks(marks: Self::Marks, to: &mut [u8]) {
                let to = &mut to.as_chunks_mut().0[0];
                // SAFETY: as above.
                unsafe { $store_marks(marks, to) }
            }
        }
    };
}

// Marks of AVX2 are words, too, and packed when they are stored.
words!(
    __m256i,
    16,
    __m256,
    __m256i,
    _mm256_set1_epi16,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    low_words_256,
    _mm256_min_epi16,
    _mm256_max_epi16,
    beside_256,
    any_reaches_256,
    _mm256_setzero_si256,
    mark_if_either_256,
    store_marks_256
);

words!(
    __m512i,
    32,
    __m512,
    __m256i,
    _mm512_set1_epi16,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    low_words_512,
    _mm512_min_epi16,
    _mm512_max_epi16,
    beside_512,
    any_reaches_512,
    _mm256_setzero_si256,
    mark_if_either_512,
    store_marks_512
);

#[inline]
#[target_feature(enable = "avx2")]
fn low_words_256(first: __m256, second: __m256) -> __m256i {
    let low = _mm256_set1_epi32(0xffff);
    let (first, second) = (
        _mm256_and_si256(_mm256_castps_si256(first), low),
        _mm256_and_si256(_mm256_castps_si256(second), low),
    );
    // Each half of a register is packed for itself.
    _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(first, second))
}

#[inline]
#[target_feature(enable = "avx2")]
fn beside_256(at: __m256i, next: __m256i) -> (__m256i, __m256i) {
    let between = _mm256_permute2x128_si256::<0x21>(at, next);
    // Each half of a register moves for itself.
    (_mm256_alignr_epi8::<2>(between, at), _mm256_alignr_epi8::<14>(next, between))
}

#[inline]
#[target_feature(enable = "avx2")]
fn mark_if_either_256(at: __m256i, a: __m256i, b: __m256i, mark: u8, marked: __m256i) -> __m256i {
    let is_either = _mm256_or_si256(_mm256_cmpeq_epi16(at, a), _mm256_cmpeq_epi16(at, b));
    _mm256_or_si256(marked, _mm256_and_si256(is_either, _mm256_set1_epi16(mark.into())))
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_marks_256(marks: __m256i, to: &mut [u8; 16]) {
    let bytes = _mm_packus_epi16(_mm256_castsi256_si128(marks), _mm256_extracti128_si256::<1>(marks));
    // SAFETY: there are 16 bytes to write, and the store needs no alignment.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), bytes) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn low_words_512(first: __m512, second: __m512) -> __m512i {
    const EVEN: [i16; 32] = places(0, 2);
    shuffled(_mm512_castps_si512(first), &EVEN, _mm512_castps_si512(second))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn beside_512(at: __m512i, next: __m512i) -> (__m512i, __m512i) {
    const AFTER: [i16; 32] = places(1, 1);
    const BEFORE: [i16; 32] = places(31, 1);
    (shuffled(at, &AFTER, next), shuffled(at, &BEFORE, next))
}

#[inline]
#[target_feature(enable = "avx2")]
fn any_reaches_256(a: __m256i, b: __m256i) -> bool {
    _mm256_movemask_epi8(_mm256_cmpeq_epi16(_mm256_max_epi16(a, b), a)) != 0
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn any_reaches_512(a: __m512i, b: __m512i) -> bool {
    _mm512_cmpge_epi16_mask(a, b) != 0
}

/// Every `step`th word of two registers, from `first` on.
const fn places(first: i16, step: i16) -> [i16; 32] {
    let mut places = [first; 32];
    let mut i = 1;
    while i < 32 {
        places[i] = places[i - 1] + step;
        i += 1;
    }
    places
}

/// Written in assembly, as the compiler makes two shuffles of the intrinsic where it knows the places.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shuffled(first: __m512i, places: &[i16; 32], second: __m512i) -> __m512i {
    // SAFETY: there are 32 words to read, and the load needs no alignment.
    let places = unsafe { _mm512_loadu_epi16(places.as_ptr()) };
    let mut out = first;
    // SAFETY: AVX-512 is there, and only registers are read and written.
    unsafe {
        asm!(
            "vpermt2w {out}, {places}, {second}",
            out = inout(zmm_reg) out, places = in(zmm_reg) places, second = in(zmm_reg) second,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn mark_if_either_512(at: __m512i, a: __m512i, b: __m512i, mark: u8, marked: __m256i) -> __m256i {
    let is_either = _mm512_cmpeq_epi16_mask(at, a) | _mm512_cmpeq_epi16_mask(at, b);
    _mm256_or_si256(marked, _mm256_maskz_set1_epi8(is_either, mark.cast_signed()))
}

#[inline]
#[target_feature(enable = "avx")]
fn store_marks_512(marks: __m256i, to: &mut [u8; 32]) {
    // SAFETY: there are 32 bytes to write, and the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), marks) }
}
