//! Vectors of 16-bit integers, twice as many as there are floats in a register of the same instruction set.
//!
//! As with [`Vector`](crate::vector::Vector), a type is only ever named in a function that is compiled for its instruction set.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

/// As many integers as a register holds.
pub(crate) trait Words: Copy {
    const LANES: usize;
    /// The vector of half as many floats.
    type Floats: Copy;
    /// A byte for each lane.
    type Marks: Copy;

    fn splat(value: i16) -> Self;
    /// The first [`LANES`](Self::LANES) integers of a slice that has as many.
    fn load(from: &[i16]) -> Self;
    /// To the first [`LANES`](Self::LANES) integers of a slice that has as many.
    fn store(self, to: &mut [i16]);
    /// The lower 16 bits of each float, of one vector and then the other.
    fn low_words(first: Self::Floats, second: Self::Floats) -> Self;
    /// The lesser of two integers.
    fn min(self, other: Self) -> Self;
    /// The greater.
    fn max(self, other: Self) -> Self;
    /// Of this vector followed by the next one, as many lanes from the second one on, and as many from the last one of this vector on.
    fn beside(self, next: Self) -> (Self, Self);
    /// Whether a lane is at least that of another vector.
    fn any_reaches(self, other: Self) -> bool;
    /// No marks.
    fn no_marks() -> Self::Marks;
    /// What is marked already, and `mark` where an integer is one of two others.
    fn mark_if_either(self, a: Self, b: Self, mark: u8, marked: Self::Marks) -> Self::Marks;
    /// To the first [`LANES`](Self::LANES) bytes of a slice that has as many.
    fn store_marks(marks: Self::Marks, to: &mut [u8]);
}

#[cfg(test)]
mod tests {
    use super::Words;
    use crate::Isa;
    use crate::float::INTEGER;
    use crate::isa::for_each_vector;
    use crate::vector::Vector;

    fn numbers<const N: usize>(first: i16) -> [i16; N] {
        std::array::from_fn(|i| first + i as i16)
    }

    fn stored<W: Words>(words: W) -> Vec<i16> {
        let mut out = vec![0; W::LANES];
        words.store(&mut out);
        out
    }

    #[inline(always)]
    fn check_body<V: Vector>() {
        let lanes = V::Words::LANES;
        assert_eq!(lanes, 2 * V::LANES);
        let (first, second) = (numbers::<32>(-7), numbers::<32>(lanes as i16 - 7));
        let (first, second) = (V::Words::load(&first), V::Words::load(&second));
        let from = |first: i16| numbers::<32>(first)[..lanes].to_vec();
        assert_eq!(stored(first), from(-7));
        assert_eq!(stored(V::Words::splat(-3)), vec![-3; lanes]);
        let (after, before) = first.beside(second);
        assert_eq!(stored(after), from(-6));
        assert_eq!(stored(before), from(lanes as i16 - 8));
        let zero = V::Words::splat(0);
        assert_eq!(stored(first.max(zero)), from(-7).iter().map(|&i| i.max(0)).collect::<Vec<_>>());
        assert_eq!(stored(first.min(zero)), from(-7).iter().map(|&i| i.min(0)).collect::<Vec<_>>());
        assert!(
            first.any_reaches(V::Words::splat(lanes as i16 - 8))
                && !first.any_reaches(V::Words::splat(lanes as i16 - 7))
        );
        assert!(first.any_reaches(first) && zero.any_reaches(first));
        let integers = |first: f32| V::ramp(INTEGER + first);
        let low = V::Words::low_words(integers(-7.0), integers(V::LANES as f32 - 7.0));
        assert_eq!(stored(low), from(-7));
        let marked = first.mark_if_either(V::Words::splat(-6), V::Words::splat(3), 4, V::Words::no_marks());
        let marked = first.mark_if_either(V::Words::splat(3), V::Words::splat(100), 129, marked);
        let mut marks = vec![1; lanes];
        V::Words::store_marks(marked, &mut marks);
        let expected: Vec<u8> = from(-7)
            .iter()
            .map(|i| match i {
                3 => 4 + 129,
                -6 => 4,
                _ => 0,
            })
            .collect();
        assert_eq!(marks, expected);
    }

    for_each_vector! {
        fn check() = check_body;
    }

    #[test]
    fn operations_are_those_of_each_lane() {
        Isa::each().for_each(check);
    }
}
