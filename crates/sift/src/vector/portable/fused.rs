//! Multiply-adds that are rounded once, where the target has no instruction for them.
//!
//! A product of floats is exact in double precision, and its sum with an addend, rounded to that and then to a float, is what it is rounded
//! to at once, but where the first rounding led to the middle between two floats (Boldo and Melquiond, "Emulation of a FMA and correctly
//! rounded sums: proved algorithms using rounding to odd", 2008, on double rounding). Such sums, which are few, are looked for and left to
//! the C library.

/// The middle between two floats, in the bits of a double that a float has no room for.
const MIDDLE: u32 = 1 << 28;
const BELOW: u32 = 2 * MIDDLE - 1;
/// The upper half of a double that is the least normal float: less has fewer bits.
const LEAST: i32 = 0x3810_0000;

/// `a * b + c` of each lane. All are finite.
#[inline(always)]
pub(super) fn fused(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    let sums: [f64; 8] = std::array::from_fn(|i| f64::from(a[i]) * f64::from(b[i]) + f64::from(c[i]));
    // In halves of 32 bits, of which vectors have more.
    let lower = sums.map(|sum| sum.to_bits() as u32);
    let upper = sums.map(|sum| (sum.abs().to_bits() >> 32) as i32);
    let mut unsure = 0_u32;
    for (lower, upper) in lower.into_iter().zip(upper) {
        let is_tiny = (upper < LEAST) & (upper > 0);
        unsure |= u32::from((lower & BELOW == MIDDLE) | is_tiny);
    }
    if unsure != 0 { each(a, b, c) } else { sums.map(|sum| sum as f32) }
}

/// The same, by a call for each.
#[cold]
#[inline(never)]
fn each(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[cfg(test)]
mod tests {
    use super::fused;

    fn check(a: f32, b: f32, c: f32) {
        // One lane alone, and all of them.
        for lane in 0..9 {
            let of =
                |value: f32| std::array::from_fn(|i| if lane == 8 || i == lane { value } else { i as f32 });
            let (x, y, z): ([f32; 8], [f32; 8], [f32; 8]) = (of(a), of(b), of(c));
            let expected: [u32; 8] = std::array::from_fn(|i| x[i].mul_add(y[i], z[i]).to_bits());
            assert_eq!(fused(x, y, z).map(f32::to_bits), expected, "{a:e} * {b:e} + {c:e}");
        }
    }

    #[test]
    fn sums_beside_the_middle_of_two_floats_are_rounded_once() {
        let (unit, half) = (f32::EPSILON, f32::EPSILON / 2.0);
        let little = 2_f32.powi(-18);
        for c in [1.0, 1.0 + unit, -1.0, 255.0, 8_388_609.0] {
            let scale = if c.abs() < 2.0 { half } else { half * 2_f32.powi(c.abs().log2() as i32) };
            for scale in [scale, -scale] {
                // A hair below, a hair above, and the middle itself.
                check(scale * (1.0 - little), 1.0 + little, c);
                check(scale * (1.0 + little), 1.0 + little, c);
                check(scale, 1.0, c);
            }
        }
    }

    #[test]
    fn sums_that_are_hardly_there_are_rounded_once() {
        let least = f32::from_bits(1);
        for (a, b, c) in [
            (1e-20, 1e-20, 0.0),
            (1e-20, 1e-20, least),
            (f32::MIN_POSITIVE, 0.75, least),
            (f32::MIN_POSITIVE, 1.0 - f32::EPSILON, -least),
            (1e-30, -1e-30, 1.0),
            (3.0, 1.5, -4.5),
            (0.0, -1.0, -0.0),
            (f32::MAX, 2.0, -f32::MAX),
            (f32::MAX, 2.0, 0.0),
        ] {
            check(a, b, c);
        }
    }

    #[test]
    fn any_sums_are_rounded_once() {
        let mut state = 1_u64;
        let mut bits = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        // Of either sign, from 2^-20 to 2^20, many of them with few bits, so that sums are exact or fall between two floats.
        let mut number = || {
            let exponent = 107 + bits() % 40;
            let mantissa = bits() >> 9 & (u32::MAX << (bits() % 24));
            f32::from_bits(bits() & 1 << 31 | exponent << 23 | mantissa & 0x7f_ffff)
        };
        for _ in 0..200_000 {
            let [a, b, c] = std::array::from_fn(|_| std::array::from_fn(|_| number()));
            let expected: [u32; 8] = std::array::from_fn(|i: usize| f32::mul_add(a[i], b[i], c[i]).to_bits());
            assert_eq!(fused(a, b, c).map(f32::to_bits), expected, "{a:?} {b:?} {c:?}");
        }
    }
}
