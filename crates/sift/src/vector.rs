//! Vectors of floats of one instruction set, for the loops whose registers matter.
//!
//! A type of this module is only ever named by [`for_each_vector!`](crate::isa::for_each_vector), in a function that
//! is compiled for its instruction set; that is what makes its methods sound.

#![allow(unsafe_code)]

use crate::transpose::SIDE;

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
    /// Columns 0 to 7 of the first [`LANES`](Self::LANES) rows, which are `stride` apart.
    fn load_columns(rows: &[f32], stride: usize) -> [Self; SIDE];
    /// To columns 0 to 7 of the first [`LANES`](Self::LANES) rows, which are `stride` apart.
    fn store_columns(columns: [Self; SIDE], rows: &mut [f32], stride: usize);
    /// Exchanges rows and columns of a square whose rows are `from_stride` and `to_stride` apart.
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
    fn load_columns(rows: &[f32], stride: usize) -> [Self; SIDE] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row * stride + column]))
    }

    #[inline(always)]
    fn store_columns(columns: [Self; SIDE], rows: &mut [f32], stride: usize) {
        for row in 0..Self::LANES {
            for (to, column) in rows[row * stride..].iter_mut().zip(&columns) {
                *to = column[row];
            }
        }
    }

    #[inline(always)]
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
        for column in 0..SIDE {
            for row in 0..SIDE {
                to[column * to_stride + row] = from[row * from_stride + column];
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! x86_vector {
    ($type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $load_columns:ident, $store_columns:ident) => {
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
            fn load_columns(rows: &[f32], stride: usize) -> [Self; SIDE] {
                $load_columns(rows, stride)
            }

            #[inline(always)]
            fn store_columns(columns: [Self; SIDE], rows: &mut [f32], stride: usize) {
                $store_columns(columns, rows, stride);
            }

            #[inline(always)]
            fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
                let columns = load_columns(from, from_stride);
                for (i, column) in columns.into_iter().enumerate() {
                    column.store(&mut to[i * to_stride..]);
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::*;

    use super::Vector;
    use crate::transpose::SIDE;
    use crate::transpose::x86_64::{quarters, square};

    x86_vector!(
        __m256,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        load_columns,
        store_columns
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
        _mm512_fmadd_ps,
        load_16_rows,
        store_16_rows
    );

    #[inline(always)]
    fn load_columns(rows: &[f32], stride: usize) -> [__m256; SIDE] {
        let mut loaded = [__m256::splat(0.0); SIDE];
        for (row, loaded) in loaded.iter_mut().enumerate() {
            *loaded = __m256::load(&rows[row * stride..]);
        }
        // SAFETY: only functions compiled for AVX2 or more call this.
        unsafe { square(loaded) }
    }

    #[inline(always)]
    fn store_columns(columns: [__m256; SIDE], rows: &mut [f32], stride: usize) {
        // SAFETY: only functions compiled for AVX2 or more call this.
        let values = unsafe { square(columns) };
        for (row, value) in values.into_iter().enumerate() {
            value.store(&mut rows[row * stride..]);
        }
    }

    #[inline(always)]
    fn load_16_rows(rows: &[f32], stride: usize) -> [__m512; SIDE] {
        let upper = load_columns(rows, stride);
        let lower = load_columns(&rows[SIDE * stride..], stride);
        let mut columns = [__m512::splat(0.0); SIDE];
        for (column, (upper, lower)) in columns.iter_mut().zip(upper.into_iter().zip(lower)) {
            // SAFETY: only functions compiled for AVX-512 call this.
            *column = unsafe { _mm512_insertf32x8::<1>(_mm512_castps256_ps512(upper), lower) };
        }
        columns
    }

    #[inline(always)]
    fn store_16_rows(columns: [__m512; SIDE], rows: &mut [f32], stride: usize) {
        // SAFETY: only functions compiled for AVX-512 call this.
        let [left, right] = unsafe { quarters(columns) };
        for (i, (left, right)) in left.into_iter().zip(right).enumerate() {
            // SAFETY: as above.
            let values = unsafe {
                let upper = (_mm512_castps512_ps256(left), _mm512_castps512_ps256(right));
                let lower = (_mm512_extractf32x8_ps::<1>(left), _mm512_extractf32x8_ps::<1>(right));
                [
                    _mm256_permute2f128_ps::<0x20>(upper.0, upper.1),
                    _mm256_permute2f128_ps::<0x31>(upper.0, upper.1),
                    _mm256_permute2f128_ps::<0x20>(lower.0, lower.1),
                    _mm256_permute2f128_ps::<0x31>(lower.0, lower.1),
                ]
            };
            for (quarter, value) in values.into_iter().enumerate() {
                value.store(&mut rows[(4 * quarter + i) * stride..]);
            }
        }
    }
}
