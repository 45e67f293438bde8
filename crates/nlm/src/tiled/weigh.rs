//! Weights of the pairs of a block, for all offsets along a row at a time.

use super::distance::{Pairs, column_sums, window_sums};
use super::grid::{Block, TEMPLATE};
use super::planes::View;
use crate::lanes::Lanes;

/// Weights of the pairs of a block with the same `dy`: row by row, in each of them column by column with one of zeros on
/// either side, for each an even number of offsets, the last of them zero where there is no such.
pub(super) struct BlockWeights<'a, V> {
    vectors: &'a mut [V],
    block: Block,
    /// Vectors from one column to the next.
    stride: usize,
    /// Offset of the first of the vectors of a column; each next one is 1 more.
    pub(super) first_dx: isize,
    /// Number of offsets.
    pub(super) offsets: usize,
}

impl<'a, V: Lanes> BlockWeights<'a, V> {
    /// Vectors that weights of a block take.
    pub(super) fn len(block: Block, search: usize) -> usize {
        block.height * (block.width + 2) * Self::stride(search)
    }

    fn stride(search: usize) -> usize {
        2 * search + 2
    }

    /// Room for the weights of the offsets in row `dy` of the search window; `vectors` are zero where no
    /// [`fill`](Self::fill) has set them.
    #[inline(always)]
    pub(super) fn new(vectors: &'a mut [V], block: Block, search: usize, dy: usize) -> Self {
        let (first_dx, offsets) = if dy == 0 { (1, search) } else { (-(search as isize), 2 * search + 1) };
        let stride = Self::stride(search);
        if dy == 0 && offsets % 2 == 1 {
            for column in vectors.chunks_exact_mut(stride) {
                column[offsets] = V::splat(0);
            }
        }
        Self { vectors, block, stride, first_dx, offsets }
    }

    /// Weights by offset of a column of a row; column 0 is the one of zeros left of the block.
    #[inline(always)]
    pub(super) fn of(&self, row: usize, column: usize) -> &[V] {
        &self.vectors[(row * (self.block.width + 2) + column) * self.stride..]
            [..self.offsets.next_multiple_of(2)]
    }

    /// Finds the weights of one offset, the `slot`th, of pairs that begin `TEMPLATE` px left of and above the block.
    #[inline(always)]
    pub(super) fn fill<const CHANNELS: usize>(
        &mut self,
        view: &View<'_, V, CHANNELS>,
        weigher: &V::Weigher,
        slot: usize,
        pairs: Pairs,
        columns: &mut [V],
    ) {
        column_sums(view, self.block, pairs, columns);
        let width = self.block.width + 2 * TEMPLATE;
        for row in 0..self.block.height {
            let columns = &columns[row * width..][..width];
            let first = (row * (self.block.width + 2) + 1) * self.stride + slot;
            let offset = (row + TEMPLATE) * view.stride + TEMPLATE;
            window_sums(
                self.block.width,
                #[inline(always)]
                |column| columns[column],
                #[inline(always)]
                |column, sum| {
                    let at = offset + column;
                    let index = view.index(sum, pairs.here + at, pairs.there + at);
                    // One channel's indices have 10 bits.
                    self.vectors[first + column * self.stride] = if CHANNELS == 1 {
                        V::weigh::<false>(weigher, index)
                    } else {
                        V::weigh::<true>(weigher, index)
                    };
                },
            );
        }
    }
}
