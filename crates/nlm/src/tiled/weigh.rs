//! Weights of the pairs of a row of a block.

use super::distance::sums_len;
use super::grid::Block;
use super::offsets::Offsets;
use super::planes::BlockView;
use super::window::{SIDE, window_sums};
use crate::lanes::{Lanes, lanes};

/// Columns of zeros: one before the block's and two after, so that two neighbours can be led to by as many pairs, and one
/// that is not used, so that there is always a whole [`Diagonal`].
const BEFORE: usize = 1;
const AFTER: usize = 3;

/// Weights of a column by offset, and zeros where there are fewer.
type Column<V> = [V; Offsets::MOST];

/// What is between the weights of two columns and those of the next two for offsets that are 2 px less, which lead to the
/// same pixels.
type Diagonal<V> = [V; 2 * Offsets::MOST - 2];

/// What of weights does not fit lanes: [their carries](crate::weights::Weights::carries), and the origin of places if the table has them.
pub(super) struct Carries {
    pub(super) ends: Vec<u16>,
    pub(super) origin: i16,
}

/// Bits of places, of which those below 0 come last.
const PLACES_MASK: u16 = 2047;

/// Weights of the pairs of a row of a block, for some offsets.
pub(super) struct RowWeights<'a, V> {
    columns: &'a mut [Column<V>],
    block: Block,
    pub(super) offsets: Offsets,
}

impl<'a, V: Lanes> RowWeights<'a, V> {
    /// Whether there are registers enough to look up a weight while window sums are under way.
    const AT_ONCE: bool = V::REGISTERS >= 32;

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

    /// Finds the weights of a row of the block from the sums over its columns, which all offsets have one after another, by
    /// `PLACES` if the table has them.
    #[inline(always)]
    pub(super) fn fill<const CHANNELS: usize, const PLACES: bool>(
        &mut self,
        view: &BlockView<'_, V, CHANNELS>,
        weigher: &V::Weigher,
        row: usize,
        sums: &[V],
    ) {
        self.put::<CHANNELS, PLACES>(
            view,
            row,
            sums,
            #[inline(always)]
            |index| {
                if Self::AT_ONCE { weigh::<V, PLACES>(weigher, index) } else { V::prepare(weigher, index) }
            },
        );
        if !Self::AT_ONCE {
            let prepared = &mut self.columns.as_flattened_mut()[BEFORE * Offsets::MOST..];
            V::weigh_columns(
                weigher,
                &mut prepared[..=self.block.width * Offsets::MOST],
                Offsets::MOST,
                self.offsets.count,
            );
        }
    }

    /// Finds in place of the weights how often each is 2^16 more than its lane says. Whether any is.
    #[inline(always)]
    pub(super) fn fill_carries<const CHANNELS: usize, const PLACES: bool>(
        &mut self,
        view: &BlockView<'_, V, CHANNELS>,
        carries: &Carries,
        row: usize,
        sums: &[V],
    ) -> bool {
        let (origin, all) = (V::splat(carries.origin as u16), V::splat(PLACES_MASK));
        let mut any = V::splat(0);
        self.put::<CHANNELS, PLACES>(
            view,
            row,
            sums,
            #[inline(always)]
            |place| {
                let index = if PLACES { place.add(origin).and(all) } else { place };
                let below = |&end: &u16| index.below(V::splat(end));
                let carry = carries.ends.iter().map(below).fold(V::splat(0), V::add);
                any = any.saturating_add(carry);
                carry
            },
        );
        lanes(&[any]).iter().any(|&lane| lane > 0)
    }

    /// Puts what becomes of the index of each pair in its place, or of the place if the table has them.
    #[inline(always)]
    fn put<const CHANNELS: usize, const PLACES: bool>(
        &mut self,
        view: &BlockView<'_, V, CHANNELS>,
        row: usize,
        sums: &[V],
        mut of_index: impl FnMut(V) -> V,
    ) {
        let Block { width, height } = self.block;
        let all = sums.chunks_exact(sums_len(self.block)).zip(self.offsets.iter()).enumerate();
        for (slot, (sums, offset)) in all {
            let corrections = view.corrections(offset, row);
            let weights = self.columns[BEFORE..][..width].iter_mut();
            let (first, rest) = sums.split_at(SIDE * height);
            let [first, rest] =
                [first, rest].map(|sums| sums.chunks_exact(height).map(move |column| column[row]));
            window_sums(
                first,
                rest,
                view.bias::<PLACES>(),
                weights.zip(corrections),
                #[inline(always)]
                |(weights, correction), sum| {
                    let index = BlockView::<V, CHANNELS>::index(sum, correction);
                    weights[slot] = of_index(index);
                },
            );
        }
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

/// The weight at an index less the table's origin, a place if the table has them.
#[inline(always)]
fn weigh<V: Lanes, const PLACES: bool>(weigher: &V::Weigher, index: V) -> V {
    if PLACES { V::weigh_places(weigher, index) } else { V::weigh::<false>(weigher, index, V::ends(weigher)) }
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
