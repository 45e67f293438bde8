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
    /// A vector of eight floats.
    type Eight: Shift;

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
    /// The greater of each lane, or the other's where one is no number.
    fn max(self, other: Self) -> Self;
    /// The lesser of each lane, or the other's where one is no number.
    fn min(self, other: Self) -> Self;
    /// Each lane's neighbour before it, the first one's being the last of `previous`.
    fn before(self, previous: Self) -> Self;
    /// Each lane's neighbour after it, the last one's being the first of `next`.
    fn after(self, next: Self) -> Self;
    /// A bit for each lane that is at least the other's, the first lane's the lowest.
    fn at_least(self, other: Self) -> u16;
    /// Columns 0 to 7 of the first [`LANES`](Self::LANES) rows, which are `stride` apart.
    fn load_columns(rows: &[f32], stride: usize) -> [Self; SIDE];
    /// To columns 0 to 7 of the first [`LANES`](Self::LANES) rows, which are `stride` apart.
    fn store_columns(columns: [Self; SIDE], rows: &mut [f32], stride: usize);
    /// Exchanges rows and columns of a square whose rows are `from_stride` and `to_stride` apart.
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize);
}

/// A vector of eight floats.
pub(crate) trait Shift: Vector {
    /// Eight floats of this vector and the next one, from the `BY`th on; `BY` is from 1 to 7.
    fn shift<const BY: usize>(self, next: Self) -> Self;
}

impl Shift for [f32; 8] {
    #[inline(always)]
    fn shift<const BY: usize>(self, next: Self) -> Self {
        std::array::from_fn(|i| if i + BY < 8 { self[i + BY] } else { next[i + BY - 8] })
    }
}

/// What every target can do; compiled to 128-bit vectors where it has them.
impl Vector for [f32; 8] {
    const LANES: usize = 8;
    type Eight = Self;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; 8]
    }

    #[inline(always)]
    fn ramp(first: f32) -> Self {
        std::array::from_fn(|i| first + i as f32)
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let from = &from[..8];
        std::array::from_fn(|i| from[i])
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..8].copy_from_slice(&self);
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
    fn max(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] > other[i] { self[i] } else { other[i] })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] < other[i] { self[i] } else { other[i] })
    }

    #[inline(always)]
    fn before(self, previous: Self) -> Self {
        std::array::from_fn(|i| if i == 0 { previous[Self::LANES - 1] } else { self[i - 1] })
    }

    #[inline(always)]
    fn after(self, next: Self) -> Self {
        std::array::from_fn(|i| if i + 1 == Self::LANES { next[0] } else { self[i + 1] })
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> u16 {
        (0..Self::LANES).map(|i| u16::from(self[i] >= other[i]) << i).sum()
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
    ($type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $max:ident, $min:ident, $before:ident, $after:ident, $at_least:ident, $load_columns:ident, $store_columns:ident) => {
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

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $max(self, other) }
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $min(self, other) }
            }

            #[inline(always)]
            fn before(self, previous: Self) -> Self {
                // SAFETY: as above.
                unsafe { $before(previous, self) }
            }

            #[inline(always)]
            fn after(self, next: Self) -> Self {
                // SAFETY: as above.
                unsafe { $after(self, next) }
            }

            #[inline(always)]
            fn at_least(self, other: Self) -> u16 {
                // SAFETY: as above.
                unsafe { $at_least(self, other) }
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
        _mm256_max_ps,
        _mm256_min_ps,
        before_8,
        after_8,
        at_least_8,
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
        _mm512_max_ps,
        _mm512_min_ps,
        before_16,
        after_16,
        at_least_16,
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

    #[inline]
    #[target_feature(enable = "avx2")]
    fn before_8(previous: __m256, at: __m256) -> __m256 {
        let (previous, at) = (_mm256_castps_si256(previous), _mm256_castps_si256(at));
        let between = _mm256_permute2x128_si256::<0x21>(previous, at);
        _mm256_castsi256_ps(_mm256_alignr_epi8::<12>(at, between))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn after_8(at: __m256, next: __m256) -> __m256 {
        let (at, next) = (_mm256_castps_si256(at), _mm256_castps_si256(next));
        let between = _mm256_permute2x128_si256::<0x21>(at, next);
        _mm256_castsi256_ps(_mm256_alignr_epi8::<4>(between, at))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn at_least_8(a: __m256, b: __m256) -> u16 {
        _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a, b)) as u16
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn before_16(previous: __m512, at: __m512) -> __m512 {
        let (previous, at) = (_mm512_castps_si512(previous), _mm512_castps_si512(at));
        _mm512_castsi512_ps(_mm512_alignr_epi32::<15>(at, previous))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn after_16(at: __m512, next: __m512) -> __m512 {
        let (at, next) = (_mm512_castps_si512(at), _mm512_castps_si512(next));
        _mm512_castsi512_ps(_mm512_alignr_epi32::<1>(next, at))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn at_least_16(a: __m512, b: __m512) -> u16 {
        _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b)
    }

    impl super::Shift for __m256 {
        #[inline(always)]
        fn shift<const BY: usize>(self, next: Self) -> Self {
            // SAFETY: only functions compiled for AVX2 or more call this.
            unsafe { shift_8::<BY>(self, next) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn shift_8<const BY: usize>(at: __m256, next: __m256) -> __m256 {
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
}
