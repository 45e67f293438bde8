//! Vectors of floats of one instruction set, for the loops whose registers matter.
//!
//! A type of this module is only ever named by [`for_each_vector!`](crate::isa::for_each_vector), in a function that
//! is compiled for its instruction set; that is what makes its methods sound.

#![allow(unsafe_code)]

use crate::transpose;

/// As many floats as a register holds. Every operation is that of IEEE 754 on each lane, so that results do not depend
/// on the type.
pub(crate) trait Vector: Copy {
    const LANES: usize;

    fn splat(value: f32) -> Self;
    /// `first`, `first + 1`, and so on.
    fn ramp(first: f32) -> Self;
    /// The first [`LANES`](Self::LANES) floats of a slice that has as many.
    fn load(from: &[f32]) -> Self;
    /// To the first [`LANES`](Self::LANES) floats of a slice that has as many.
    fn store(self, to: &mut [f32]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self * factor + addend`, rounded once.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Transposes a square of floats; see [`transpose::plain`].
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize);
}

/// What every target can do; compiled to 128-bit vectors where it has them.
impl Vector for [f32; 4] {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; 4]
    }

    #[inline(always)]
    fn ramp(first: f32) -> Self {
        std::array::from_fn(|i| first + i as f32)
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        std::array::from_fn(|i| from[i])
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self);
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] + other[i])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] - other[i])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] * other[i])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        std::array::from_fn(|i| self[i].mul_add(factor[i], addend[i]))
    }

    #[inline(always)]
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
        transpose::plain(from, from_stride, to, to_stride);
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! x86_vector {
    ($type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident) => {
        impl Vector for $type {
            const LANES: usize = $lanes;

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

            #[inline(always)]
            fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
                // SAFETY: as above; both sets have AVX.
                unsafe { transpose::avx(from, from_stride, to, to_stride) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::*;

    use super::Vector;
    use crate::transpose;

    x86_vector!(
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
    x86_vector!(
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
}
