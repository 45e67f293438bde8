//! Weights of the pairs of a block, for all offsets along a row at a time.

use super::distance::{Pairs, SIDE, column_sums, sums_len, window_sums};
use super::grid::Block;
use super::planes::{LARGEST_INDEX, View};
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

    /// The weight of one offset at a column of a row.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize, slot: usize) -> V {
        self.vectors[(row * (self.block.width + 2) + column) * self.stride + slot]
    }

    /// Finds the weights of some offsets, from the `slot`th on, as many as there is room for in `sums`; `pairs` are those
    /// of the first.
    #[inline(always)]
    pub(super) fn fill<const CHANNELS: usize>(
        &mut self,
        view: &View<'_, V, CHANNELS>,
        weigher: &V::Weigher,
        slot: usize,
        pairs: Pairs,
        sums: &mut [V],
    ) {
        column_sums(view, self.block, pairs, sums);
        for (offset, sums) in sums.chunks_exact(sums_len(self.block)).enumerate() {
            let pairs = Pairs { dx: pairs.dx + offset as isize, ..pairs };
            self.fill_offset(view, weigher, slot + offset, pairs, sums);
        }
    }

    #[inline(always)]
    fn fill_offset<const CHANNELS: usize>(
        &mut self,
        view: &View<'_, V, CHANNELS>,
        weigher: &V::Weigher,
        slot: usize,
        pairs: Pairs,
        sums: &[V],
    ) {
        let Block { width, height } = self.block;
        for row in 0..height {
            let corrections = view.corrections(pairs, row, width);
            let first = (row * (width + 2) + 1) * self.stride;
            let weights = self.vectors[first..][..width * self.stride].chunks_exact_mut(self.stride);
            let (first, rest) = sums.split_at(SIDE * height);
            let [first, rest] =
                [first, rest].map(|sums| sums.chunks_exact(height).map(move |column| column[row]));
            window_sums(
                first,
                rest,
                weights.zip(corrections),
                #[inline(always)]
                |(weights, correction), sum| {
                    let index = View::<V, CHANNELS>::index(sum, correction);
                    weights[slot] = if LARGEST_INDEX[CHANNELS] <= V::SHORT {
                        V::weigh::<false>(weigher, index)
                    } else {
                        V::weigh::<true>(weigher, index)
                    };
                },
            );
        }
    }
}
