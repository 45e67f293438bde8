//! Sums of weights, and of weights times pixels, and what they come to.

use crate::lanes::Lanes;

/// Wide vectors a pixel: two of totals and two of sums for each of up to two channels.
pub(crate) const fn vectors(channels: usize) -> usize {
    2 + 2 * channels
}

/// Sums of `COLUMNS` neighbours, one or two, in registers.
#[derive(Clone, Copy)]
pub(crate) struct Sums<V: Lanes, const CHANNELS: usize, const COLUMNS: usize> {
    totals: [[V::Wide; 2]; COLUMNS],
    products: [[[V::Wide; 2]; CHANNELS]; COLUMNS],
}

impl<V: Lanes, const CHANNELS: usize, const COLUMNS: usize> Sums<V, CHANNELS, COLUMNS> {
    #[inline(always)]
    pub(crate) fn load(from: &[V::Wide]) -> Self {
        let zero = [V::wide_zero(); 2];
        let mut sums = Self { totals: [zero; COLUMNS], products: [[zero; CHANNELS]; COLUMNS] };
        for (column, from) in from.chunks_exact(vectors(CHANNELS)).enumerate().take(COLUMNS) {
            sums.totals[column].copy_from_slice(&from[..2]);
            for channel in 0..CHANNELS {
                sums.products[column][channel].copy_from_slice(&from[2 + 2 * channel..][..2]);
            }
        }
        sums
    }

    #[inline(always)]
    pub(crate) fn store(self, to: &mut [V::Wide]) {
        for (column, to) in to.chunks_exact_mut(vectors(CHANNELS)).enumerate().take(COLUMNS) {
            to[..2].copy_from_slice(&self.totals[column]);
            for channel in 0..CHANNELS {
                to[2 + 2 * channel..][..2].copy_from_slice(&self.products[column][channel]);
            }
        }
    }

    /// Adds two weights a column and the products with their pixels, which are neighbours: of each channel, what is at `pair`,
    /// two vectors for the first column and two for the second.
    #[inline(always)]
    pub(crate) fn add(&mut self, weights: [[V; 2]; COLUMNS], neighbours: [&[[V; 4]]; CHANNELS], pair: usize) {
        let ones = V::splat(1);
        for (column, [first, second]) in weights.into_iter().enumerate() {
            let weights = first.interleave(second);
            for half in 0..2 {
                let total = &mut self.totals[column][half];
                *total = V::dot(*total, weights[half], ones);
                for (products, neighbours) in self.products[column].iter_mut().zip(neighbours) {
                    products[half] =
                        V::dot(products[half], weights[half], neighbours[pair][2 * column + half]);
                }
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
