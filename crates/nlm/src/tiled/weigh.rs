//! Weights of the pairs of a block, for all offsets along a row at a time.

use super::distance::{AROUND, Pairs, column_sums, window_sums};
use super::grid::BLOCK;
use super::planes::View;
use crate::lanes::Lanes;

/// Weights of the pairs of a block with the same `dy`: row by row, in each of them column by column with one of zeros on
/// either side, for each an even number of offsets, the last of them zero where there is no such.
pub(super) struct BlockWeights<'a, V> {
    vectors: &'a mut [V],
    /// Vectors from one column to the next.
    stride: usize,
    /// Offset of the first of the vectors of a column; each next one is 1 more.
    pub(super) first_dx: isize,
    /// Number of offsets.
    pub(super) offsets: usize,
}

impl<'a, V: Lanes> BlockWeights<'a, V> {
    /// Vectors that weights of a block take.
    pub(super) fn len(search: usize) -> usize {
        BLOCK * (BLOCK + 2) * Self::stride(search)
    }

    fn stride(search: usize) -> usize {
        2 * search + 2
    }

    /// Room for the weights of the offsets in row `dy` of the search window; `vectors` are zero where no
    /// [`fill`](Self::fill) has set them.
    #[inline(always)]
    pub(super) fn new(vectors: &'a mut [V], search: usize, dy: usize) -> Self {
        let (first_dx, offsets) = if dy == 0 { (1, search) } else { (-(search as isize), 2 * search + 1) };
        let stride = Self::stride(search);
        if dy == 0 && offsets % 2 == 1 {
            for column in vectors.chunks_exact_mut(stride) {
                column[offsets] = V::splat(0);
            }
        }
        Self { vectors, stride, first_dx, offsets }
    }

    /// Weights by offset of a column of a row; column 0 is the one of zeros left of the block.
    #[inline(always)]
    pub(super) fn of(&self, row: usize, column: usize) -> &[V] {
        &self.vectors[(row * (BLOCK + 2) + column) * self.stride..][..self.offsets.next_multiple_of(2)]
    }

    /// The weight of one offset at a column of a row.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize, slot: usize) -> V {
        self.vectors[(row * (BLOCK + 2) + column) * self.stride + slot]
    }

    /// Finds the weights of one offset, the `slot`th, of pairs that begin `TEMPLATE` px left of and above the block.
    #[inline(always)]
    pub(super) fn fill<const CHANNELS: usize>(
        &mut self,
        view: &View<'_, V, CHANNELS>,
        weigher: &V::Weigher,
        slot: usize,
        pairs: Pairs,
        columns: &mut [[V; BLOCK]; AROUND],
    ) {
        column_sums(view, pairs, columns);
        // The rows of `columns` lie across its arrays.
        #[allow(clippy::needless_range_loop)]
        for row in 0..BLOCK {
            let Some(corrections) = view.corrections::<BLOCK>(pairs, row) else { return };
            let first = (row * (BLOCK + 2) + 1) * self.stride + slot;
            let mut weights = self.vectors[first..].iter_mut().step_by(self.stride);
            window_sums(
                BLOCK,
                #[inline(always)]
                |column| columns[column][row],
                #[inline(always)]
                |column, sum| {
                    let corrections = [corrections[0][column], corrections[1][column]];
                    let index = View::<V, CHANNELS>::index(sum, corrections);
                    let Some(weight) = weights.next() else { return };
                    // One channel's indices have 10 bits.
                    *weight = if CHANNELS == 1 {
                        V::weigh::<false>(weigher, index)
                    } else {
                        V::weigh::<true>(weigher, index)
                    };
                },
            );
        }
    }
}
