//! Sums of weights, and of weights times pixels, in registers.

use crate::lanes::Lanes;

/// Wide vectors a pixel: two of totals and two of sums for each channel.
pub(super) const fn vectors(channels: usize) -> usize {
    2 + 2 * channels
}

/// Sums of `COLUMNS` neighbours, one or two, in registers.
#[derive(Clone, Copy)]
pub(super) struct Sums<V: Lanes, const CHANNELS: usize, const COLUMNS: usize> {
    totals: [[V::Wide; 2]; COLUMNS],
    products: [[[V::Wide; 2]; CHANNELS]; COLUMNS],
}

impl<V: Lanes, const CHANNELS: usize, const COLUMNS: usize> Sums<V, CHANNELS, COLUMNS> {
    #[inline(always)]
    pub(super) fn load(from: &[V::Wide]) -> Self {
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
    pub(super) fn store(self, to: &mut [V::Wide]) {
        for (column, to) in to.chunks_exact_mut(vectors(CHANNELS)).enumerate().take(COLUMNS) {
            to[..2].copy_from_slice(&self.totals[column]);
            for channel in 0..CHANNELS {
                to[2 + 2 * channel..][..2].copy_from_slice(&self.products[column][channel]);
            }
        }
    }

    /// Adds two weights a column and the products with their pixels, which are neighbours: of each channel, what is at `pair`,
    /// two vectors a column, from this column's on.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        weights: [[V; 2]; COLUMNS],
        neighbours: [&[[V; 4]]; CHANNELS],
        (pair, from): (usize, usize),
    ) {
        let ones = V::splat(1);
        for (column, [first, second]) in weights.into_iter().enumerate() {
            let weights = first.interleave(second);
            for half in 0..2 {
                let total = &mut self.totals[column][half];
                *total = V::dot(*total, weights[half], ones);
                for (products, neighbours) in self.products[column].iter_mut().zip(neighbours) {
                    products[half] =
                        V::dot(products[half], weights[half], neighbours[pair][2 * (from + column) + half]);
                }
            }
        }
    }
}
