//! What every target can do, compiled to the vectors that it has.

use super::Words;

const LANES: usize = 16;

impl Words for [i16; LANES] {
    const LANES: usize = LANES;
    type Floats = [f32; LANES / 2];
    type Marks = [u8; LANES];

    #[inline(always)]
    fn splat(value: i16) -> Self {
        [value; LANES]
    }

    #[inline(always)]
    fn load(from: &[i16]) -> Self {
        let from = &from[..LANES];
        std::array::from_fn(|i| from[i])
    }

    #[inline(always)]
    fn store(self, to: &mut [i16]) {
        to[..LANES].copy_from_slice(&self);
    }

    #[inline(always)]
    fn low_words(first: Self::Floats, second: Self::Floats) -> Self {
        std::array::from_fn(|i| {
            (if i < LANES / 2 { first[i] } else { second[i - LANES / 2] }).to_bits() as i16
        })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|i| Ord::min(self[i], other[i]))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        std::array::from_fn(|i| Ord::max(self[i], other[i]))
    }

    #[inline(always)]
    fn beside(self, next: Self) -> (Self, Self) {
        (
            std::array::from_fn(|i| if i + 1 < LANES { self[i + 1] } else { next[0] }),
            std::array::from_fn(|i| if i > 0 { next[i - 1] } else { self[LANES - 1] }),
        )
    }

    #[inline(always)]
    fn any_reaches(self, other: Self) -> bool {
        self.iter().zip(&other).fold(false, |any, (a, b)| any | (a >= b))
    }

    #[inline(always)]
    fn no_marks() -> Self::Marks {
        [0; LANES]
    }

    #[inline(always)]
    fn mark_if_either(self, a: Self, b: Self, mark: u8, marked: Self::Marks) -> Self::Marks {
        std::array::from_fn(|i| marked[i] | if self[i] == a[i] || self[i] == b[i] { mark } else { 0 })
    }

    #[inline(always)]
    fn store_marks(marks: Self::Marks, to: &mut [u8]) {
        to[..LANES].copy_from_slice(&marks);
    }
}
