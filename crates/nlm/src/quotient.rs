//! What a pixel's sums come to.

/// Added to a number below 2^22, it leaves the nearest integer in the low bits.
const ROUNDING: f32 = 12_582_912.0;

/// `(sum + total / 2) / total`, at most 255, for totals below 2^24 and sums below 2^31, so that what is divided may need all
/// 32 bits.
#[inline(always)]
pub(crate) fn quotient(sum: u32, total: u32) -> u8 {
    let sum = sum.wrapping_add(total / 2);
    // Within 1 of the quotient, which is below 2^9.
    let rounded = sum as f32 / total as f32 + ROUNDING;
    let quotient = rounded.to_bits().wrapping_sub(ROUNDING.to_bits()) as i32;
    let rest = sum.wrapping_sub((quotient as u32).wrapping_mul(total)) as i32;
    let quotient = quotient.wrapping_add(i32::from(rest >= total as i32)).wrapping_sub(i32::from(rest < 0));
    quotient.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::quotient;

    #[test]
    fn quotients_are_exact_up_to_the_largest_sums() {
        // A flat white picture with the default windows, and what is near it.
        let largest = 441 * 19096;
        for total in [1, 2, 3, 1000, largest - 1, largest] {
            for value in 0..=255u32 {
                for off in -2..=2i64 {
                    let sum = i64::from(total) * i64::from(value) + off * i64::from(total / 4) + off;
                    let Ok(sum) = u32::try_from(sum) else { continue };
                    let exact = (u64::from(sum) + u64::from(total / 2)) / u64::from(total);
                    assert_eq!(u64::from(quotient(sum, total)), exact.min(255), "{sum} / {total}");
                }
            }
        }
    }
}
