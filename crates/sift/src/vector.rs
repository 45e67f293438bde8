//! Vectors of floats of one instruction set, for the loops whose registers matter.
//!
//! A type of this module is only ever named by [`for_each_vector!`](crate::isa::for_each_vector), in a function that
//! is compiled for its instruction set; that is what makes its methods sound.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

use crate::words::Words;

/// As many floats as a register holds. Every operation is that of IEEE 754 on each lane, so that results do not depend
/// on the type.
pub(crate) trait Vector: Copy {
    const LANES: usize;
    /// Whether there are eight lanes, and registers for a dozen sums at a time.
    const STREAMS: bool;
    /// The vector of eight floats of the same instruction set.
    type Eight: Eight;
    /// The vector of twice as many integers.
    type Words: Words<Floats = Self>;

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
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    /// The greatest integer that is not greater.
    fn floor(self) -> Self;
    /// The lesser of two numbers.
    fn min(self, other: Self) -> Self;
    /// The greater.
    fn max(self, other: Self) -> Self;
    /// Itself where `at` is from positive zero to less than `end`, which is positive, elsewhere zero.
    fn if_inside(self, at: Self, end: Self) -> Self;
    /// `mirror - value` where it is less than `other`, elsewhere `value`, which is between 0 and `mirror`.
    fn mirror_if_less(self, other: Self, mirror: Self, value: Self) -> Self;
    /// `self * factor + addend`, rounded once.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The same, which where there are [`STREAMS`](Self::STREAMS) the compiler leaves in the order of the program beside others of
    /// its kind.
    #[inline(always)]
    fn mul_add_in_turn(self, factor: Self, addend: Self) -> Self {
        self.mul_add(factor, addend)
    }
    /// As many floats of this vector and the next one, from the `BY`th on; `BY` is at least 1 and less than [`LANES`](Self::LANES).
    fn shift<const BY: usize>(self, next: Self) -> Self;
    /// Four floats, another four, and so on: what `of` gives for 0, 1 and so on, as many as fill the lanes.
    fn fours<'a>(of: impl Fn(usize) -> &'a [f32; 4]) -> Self;
    /// Exchanges rows and columns of each block of four lanes.
    fn transpose_fours(rows: [Self; 4]) -> [Self; 4];
    /// Hinders the compiler from taking one of these sums further than the others, where it would and registers suffice.
    #[inline(always)]
    fn keep_in_step(_sums: &mut [Self]) {}
}

/// A vector of eight floats.
pub(crate) trait Eight: Vector {
    /// The first four floats of a slice that has as many, twice.
    fn twice(four: &[f32]) -> Self;
    /// `1 - upper` four times, then `upper` four times.
    fn halves(upper: f32) -> Self;
}
