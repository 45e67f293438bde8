//! What every target can do, compiled to the vectors that it has.

use super::{Eight, Vector};

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
}

impl Eight for [f32; 8] {
    #[inline(always)]
    fn shift<const BY: usize>(self, next: Self) -> Self {
        std::array::from_fn(|i| if i + BY < 8 { self[i + BY] } else { next[i + BY - 8] })
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
}

#[cfg(test)]
mod tests {
    use super::Eight;

    /// Shifts by each distance and a transposition, of numbers that are all different.
    pub(super) fn exercise<V: Eight>() -> Vec<f32> {
        let numbers: Vec<f32> = (0..64).map(|i| i as f32).collect();
        let mut rows = [V::splat(0.0); 8];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = V::load(&numbers[8 * i..]);
        }
        let (a, b) = (rows[0], rows[1]);
        let shifts = [
            a.shift::<1>(b),
            a.shift::<2>(b),
            a.shift::<3>(b),
            a.shift::<4>(b),
            a.shift::<5>(b),
            a.shift::<6>(b),
        ];
        let all = shifts.into_iter().chain([a.shift::<7>(b), V::ramp(3.0)]).chain(V::transpose(rows));
        let mut out = vec![0.0; 16 * 8];
        for (vector, out) in all.zip(out.chunks_exact_mut(8)) {
            vector.store(out);
        }
        out
    }

    #[test]
    fn shifts_and_transposes() {
        let out = exercise::<[f32; 8]>();
        assert_eq!(out[..8], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(out[48..56], [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0]);
        assert_eq!(out[56..64], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
        assert_eq!(out[64..72], [0.0, 8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    #[allow(unsafe_code)]
    fn registers_shift_and_transpose_as_arrays_do() {
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2() -> Vec<f32> {
            exercise::<std::arch::x86_64::__m256>()
        }
        if crate::Isa::detect().level() >= crate::Level::Avx2 {
            // SAFETY: the machine was found to have AVX2.
            assert_eq!(unsafe { with_avx2() }, exercise::<[f32; 8]>());
        }
    }
}
