//! Operations on floats that are one instruction each, where the language's own have rules for what is no number or does not
//! fit, and are calls or are not vectorised on some targets.

/// 1.5 * 2^23: adding it to what is small rounds that, half to even, and leaves the integer in the low bits of the float.
pub(crate) const INTEGER: f32 = 12_582_912.0;

/// The greater of two numbers.
#[inline(always)]
pub(crate) fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The lesser.
#[inline(always)]
pub(crate) fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::{INTEGER, greater, lesser};

    #[test]
    fn integers_are_in_the_low_bits() {
        for (value, integer) in
            [(0.0, 0), (0.5, 0), (1.5, 2), (2.5, 2), (-0.75, -1), (200.25, 200), (-1e6, -1_000_000)]
        {
            let bits = (value + INTEGER).to_bits().cast_signed() - INTEGER.to_bits().cast_signed();
            assert_eq!(bits, integer, "{value}");
        }
    }

    #[test]
    fn the_greater_and_the_lesser_are_told_apart() {
        assert_eq!((greater(-1.0, 2.0), greater(2.0, -1.0)), (2.0, 2.0));
        assert_eq!((lesser(-1.0, 2.0), lesser(2.0, -1.0)), (-1.0, -1.0));
    }
}
