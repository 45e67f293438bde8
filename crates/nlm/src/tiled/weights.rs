//! Weights of the pairs of a row of a block.

use super::grid::Block;
use super::offsets::Offsets;
use crate::lanes::Lanes;

/// Columns of zeros: one before the block's and two after, so that two neighbours can be led to by as many pairs, and one
/// that is not used, so that there is always a whole [`Diagonal`].
const BEFORE: usize = 1;
const AFTER: usize = 3;

/// Weights of a column by offset, and zeros where there are fewer.
type Column<V> = [V; Offsets::MOST];

/// What is between the weights of two columns and those of the next two for offsets that are 2 px less, which lead to the
/// same pixels.
type Diagonal<V> = [V; 2 * Offsets::MOST - 2];

/// Weights of the pairs of a row of a block, for some offsets.
pub(super) struct RowWeights<'a, V> {
    columns: &'a mut [Column<V>],
    pub(super) block: Block,
    pub(super) offsets: Offsets,
}

impl<'a, V: Lanes> RowWeights<'a, V> {
    /// Vectors that weights of a row of a block take.
    pub(super) fn len(block: Block) -> usize {
        (BEFORE + block.width + AFTER) * Offsets::MOST
    }

    /// Room for the weights of these offsets.
    #[inline(always)]
    pub(super) fn new(vectors: &'a mut [V], block: Block, offsets: Offsets) -> Self {
        let columns = vectors.as_chunks_mut().0;
        let (before, within) = columns.split_at_mut(BEFORE);
        let (within, after) = within.split_at_mut(block.width);
        before.as_flattened_mut().fill(V::splat(0));
        after.as_flattened_mut().fill(V::splat(0));
        for column in within {
            column[offsets.count..].fill(V::splat(0));
        }
        Self { columns, block, offsets }
    }

    /// Room for the weights of the `slot`th offset, column after column.
    #[inline(always)]
    pub(super) fn of_slot(&mut self, slot: usize) -> impl Iterator<Item = &mut V> {
        self.columns[BEFORE..][..self.block.width].iter_mut().map(move |column| &mut column[slot])
    }

    /// The weights of the block's columns, those of each followed by zeros to as many as the most offsets, and what comes after them.
    #[inline(always)]
    pub(super) fn within(&mut self) -> &mut [V] {
        &mut self.columns.as_flattened_mut()[BEFORE * Offsets::MOST..]
    }

    /// Weights of a column of the block, by pairs of offsets.
    #[inline(always)]
    pub(super) fn along(&self, column: usize) -> &[[V; 2]] {
        self.columns[BEFORE + column].as_chunks().0
    }

    /// Weights that lead from within the block to two neighbours.
    ///
    /// `column` is the first one's, counted from where the first offset leads from the block's first column, and even.
    #[inline(always)]
    pub(super) fn across(&self, column: usize) -> Across<'_, V> {
        let first_pair = column.saturating_sub(self.block.width).div_ceil(2);
        let last_pair = (column / 2).min(self.offsets.pairs() - 1);
        let (len, from) = (last_pair + 1 - first_pair, column - 2 * last_pair);
        let weights = &self.columns.as_flattened()[from * Offsets::MOST + 2 * last_pair + 1..];
        Across { from, to: [&weights.as_chunks().0[..len], &weights[Offsets::MOST..].as_chunks().0[..len]] }
    }
}

/// Weights that lead to two neighbours from ever later columns of a block, by ever smaller offsets.
#[derive(Clone, Copy)]
pub(super) struct Across<'a, V> {
    /// The column that the first is from, counted from the one before the block's first.
    pub(super) from: usize,
    to: [&'a [Diagonal<V>]; 2],
}

impl<V: Lanes> Across<'_, V> {
    /// Pairs of weights that lead to each of the neighbours.
    pub(super) fn len(self) -> usize {
        self.to[0].len()
    }

    /// For each neighbour, the weights of a pixel and of the one right of it, which leads there by 1 px less.
    #[inline(always)]
    pub(super) fn pair<const COLUMNS: usize>(self, pair: usize) -> [[V; 2]; COLUMNS] {
        let mut weights = [[V::splat(0); 2]; COLUMNS];
        for (weights, to) in weights.iter_mut().zip(self.to) {
            *weights = [to[pair][0], to[pair][Offsets::MOST - 1]];
        }
        weights
    }
}
