//! What every target can do, compiled to the vectors that it has.

mod fused;

use self::fused::fused;
use super::{Eight, Vector};

impl Vector for [f32; 8] {
    const LANES: usize = 8;
    const STREAMS: bool = false;
    type Eight = Self;
    type Words = [i16; 16];

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
    fn div(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] / other[i])
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        std::array::from_fn(|i| self[i].sqrt())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        std::array::from_fn(|i| self[i].abs())
    }

    #[inline(always)]
    fn floor(self) -> Self {
        std::array::from_fn(|i| self[i].floor())
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] < other[i] { self[i] } else { other[i] })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] > other[i] { self[i] } else { other[i] })
    }

    #[inline(always)]
    fn if_inside(self, at: Self, end: Self) -> Self {
        std::array::from_fn(|i| if at[i].is_sign_positive() && at[i] < end[i] { self[i] } else { 0.0 })
    }

    #[inline(always)]
    fn mirror_if_less(self, other: Self, mirror: Self, value: Self) -> Self {
        std::array::from_fn(|i| if self[i] < other[i] { mirror[i] - value[i] } else { value[i] })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // The baseline of x86-64 has no instruction for it, and calls for each lane take more than twice as long.
        if cfg!(all(target_arch = "x86_64", not(target_feature = "fma"))) {
            fused(self, factor, addend)
        } else {
            std::array::from_fn(|i| self[i].mul_add(factor[i], addend[i]))
        }
    }

    #[inline(always)]
    fn shift<const BY: usize>(self, next: Self) -> Self {
        std::array::from_fn(|i| if i + BY < 8 { self[i + BY] } else { next[i + BY - 8] })
    }

    #[inline(always)]
    fn fours<'a>(of: impl Fn(usize) -> &'a [f32; 4]) -> Self {
        std::array::from_fn(|i| of(i / 4)[i % 4])
    }

    #[inline(always)]
    fn transpose_fours(rows: [Self; 4]) -> [Self; 4] {
        std::array::from_fn(|column| std::array::from_fn(|i| rows[i % 4][i / 4 * 4 + column]))
    }
}

impl Eight for [f32; 8] {
    #[inline(always)]
    fn twice(four: &[f32]) -> Self {
        let four = &four[..4];
        std::array::from_fn(|i| four[i % 4])
    }

    #[inline(always)]
    fn halves(upper: f32) -> Self {
        std::array::from_fn(|i| if i < 4 { 1.0 - upper } else { upper })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Eight, Vector};

    fn rows<V: Vector, const N: usize>() -> [V; N] {
        let numbers: Vec<f32> = (0..N * V::LANES).map(|i| i as f32).collect();
        let mut rows = [V::splat(0.0); N];
        for (row, numbers) in rows.iter_mut().zip(numbers.chunks_exact(V::LANES)) {
            *row = V::load(numbers);
        }
        rows
    }

    fn stored<V: Vector>(vectors: impl IntoIterator<Item = V>) -> Vec<f32> {
        let mut out = Vec::new();
        for vector in vectors {
            out.resize(out.len() + V::LANES, 0.0);
            let start = out.len() - V::LANES;
            vector.store(&mut out[start..]);
        }
        out
    }

    /// Shifts, a transposition in fours and what is put together from fours, of numbers that are all different, and that sums
    /// are left alone.
    fn exercise<V: Vector>() {
        let [a, b] = rows::<V, 2>();
        macro_rules! shifts {
            ($($by:literal)*) => {
                $(if $by < V::LANES {
                    let expected: Vec<f32> = ($by..$by + V::LANES).map(|i| i as f32).collect();
                    assert_eq!(stored([a.shift::<$by>(b)]), expected, "{} by {}", V::LANES, $by);
                })*
            };
        }
        shifts!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        let fours = stored(V::transpose_fours(rows::<V, 4>()));
        let expected = (0..4 * V::LANES).map(|i| {
            let (row, lane) = (i / V::LANES, i % V::LANES);
            (lane % 4 * V::LANES + lane / 4 * 4 + row) as f32
        });
        assert_eq!(fours, expected.collect::<Vec<_>>());
        let numbers: Vec<f32> = (0..2 * V::LANES).map(|i| i as f32).collect();
        let numbers = numbers.as_chunks::<4>().0;
        let expected: Vec<f32> = numbers.iter().step_by(2).flatten().copied().collect();
        assert_eq!(stored([V::fours(|i| &numbers[2 * i])]), expected);
        let mut sums = rows::<V, 8>();
        V::keep_in_step(&mut sums);
        assert_eq!(stored(sums), stored(rows::<V, 8>()));
        assert_eq!(stored([V::ramp(3.0)])[..3], [3.0, 4.0, 5.0]);
        exercise_arithmetic::<V>();
    }

    /// Operations on lanes, of numbers of either sign, some of them equal.
    fn exercise_arithmetic<V: Vector>() {
        let numbers = |step: f32| (0..V::LANES).map(move |i| (i as f32 - 5.0) * step);
        let (a, b): (Vec<f32>, Vec<f32>) = (numbers(0.75).collect(), numbers(-1.25).collect());
        let (x, y) = (V::load(&a), V::load(&b));
        let of = |operation: fn(f32, f32) -> f32| -> Vec<u32> {
            a.iter().zip(&b).map(|(&a, &b)| operation(a, b).to_bits()).collect()
        };
        let bits = |vector: V| -> Vec<u32> { stored([vector]).into_iter().map(f32::to_bits).collect() };
        assert_eq!(bits(x.add(y)), of(|a, b| a + b));
        assert_eq!(bits(x.sub(y)), of(|a, b| a - b));
        assert_eq!(bits(x.mul(y)), of(|a, b| a * b));
        assert_eq!(bits(x.div(V::splat(3.0))), of(|a, _| a / 3.0));
        assert_eq!(bits(x.mul(x).sqrt()), of(|a, _| (a * a).sqrt()));
        assert_eq!(bits(x.abs()), of(|a, _| a.abs()));
        assert_eq!(bits(x.floor()), of(|a, _| a.floor()));
        assert_eq!(bits(x.min(y)), of(|a, b| if a < b { a } else { b }));
        assert_eq!(bits(x.max(y)), of(|a, b| if a > b { a } else { b }));
        let inside = of(|a, b| if b.is_sign_positive() && b < 3.0 { a } else { 0.0 });
        assert_eq!(bits(x.if_inside(y, V::splat(3.0))), inside);
        let mirrored = x.mirror_if_less(y, V::splat(30.0), x.abs());
        assert_eq!(bits(mirrored), of(|a, b| if a < b { 30.0 - a.abs() } else { a.abs() }));
        assert_eq!(bits(x.mul_add(y, x)), of(|a, b| a.mul_add(b, a)));
    }

    fn exercise_eight<V: Eight>() {
        let four = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(stored([V::twice(&four)]), [four, four].as_flattened());
        assert_eq!(stored([V::halves(0.25)]), [[0.75; 4], [0.25; 4]].as_flattened());
    }

    #[test]
    fn arrays_do_as_documented() {
        exercise::<[f32; 8]>();
        exercise_eight::<[f32; 8]>();
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    #[allow(unsafe_code)]
    fn registers_do_as_documented() {
        use std::arch::x86_64::{__m256, __m512};

        #[target_feature(enable = "avx2,fma")]
        fn with_avx2() {
            exercise::<__m256>();
            exercise_eight::<__m256>();
        }
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
        fn with_avx512() {
            exercise::<__m512>();
            exercise_eight::<__m256>();
        }
        if crate::Isa::detect().level() >= crate::Level::Avx2 {
            // SAFETY: the machine was found to have AVX2.
            unsafe { with_avx2() }
        }
        if crate::Isa::detect().level() >= crate::Level::Avx512 {
            // SAFETY: the machine was found to have AVX-512.
            unsafe { with_avx512() }
        }
    }
}
