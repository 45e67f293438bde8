//! Sums of weights, and of weights times pixels, and what they come to.

use crate::lanes::Lanes;

/// Wide vectors a pixel: two of totals and two of sums for each of up to two channels.
pub(crate) const fn vectors(channels: usize) -> usize {
    2 + 2 * channels
}

/// Sums of as many pixels as a vector has lanes, in registers.
#[derive(Clone, Copy)]
pub(crate) struct Sums<V: Lanes, const CHANNELS: usize> {
    total: [V::Wide; 2],
    products: [[V::Wide; 2]; CHANNELS],
}

impl<V: Lanes, const CHANNELS: usize> Sums<V, CHANNELS> {
    #[inline(always)]
    pub(crate) fn load(from: &[V::Wide]) -> Self {
        let mut products = [[V::wide_zero(); 2]; CHANNELS];
        for (products, from) in products.iter_mut().zip(from[2..].as_chunks().0) {
            *products = *from;
        }
        Self { total: [from[0], from[1]], products }
    }

    #[inline(always)]
    pub(crate) fn store(self, to: &mut [V::Wide]) {
        to[..2].copy_from_slice(&self.total);
        for (channel, products) in self.products.iter().enumerate() {
            to[2 + 2 * channel..][..2].copy_from_slice(products);
        }
    }

    /// Adds two weights and the products with their pixels, which are neighbours: of each channel, two vectors.
    #[inline(always)]
    pub(crate) fn add(&mut self, weights: [V; 2], neighbours: [&[V; 2]; CHANNELS]) {
        let ones = V::splat(1);
        let weights = weights[0].interleave(weights[1]);
        for half in 0..2 {
            self.total[half] = V::dot(self.total[half], weights[half], ones);
            for (products, neighbours) in self.products.iter_mut().zip(neighbours) {
                products[half] = V::dot(products[half], weights[half], neighbours[half]);
            }
        }
    }
}

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
