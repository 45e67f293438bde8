//! Weights of the pairs of a row of a block.

use super::super::grid::Block;
use super::super::offsets::Offsets;
use super::super::weights::RowWeights;
use super::distance::sums_len;
use super::planes::BlockView;
use super::window::{SIDE, window_sums};
use crate::lanes::Lanes;

/// Whether there are registers enough to look up a weight while window sums are under way.
const fn at_once<V: Lanes>() -> bool {
    V::REGISTERS >= 32
}

/// Finds the weights of a row of a block from the sums over its columns, which all offsets have one after another, by `PLACES` if the
/// table has them.
#[inline(always)]
pub(super) fn fill<V: Lanes, const CHANNELS: usize, const PLACES: bool>(
    weights: &mut RowWeights<'_, V>,
    view: &BlockView<'_, V, CHANNELS>,
    weigher: &V::Weigher,
    row: usize,
    sums: &[V],
) {
    put::<V, CHANNELS, PLACES>(
        weights,
        view,
        row,
        sums,
        #[inline(always)]
        |index| {
            if at_once::<V>() { weigh::<V, PLACES>(weigher, index) } else { V::prepare(weigher, index) }
        },
    );
    if !at_once::<V>() {
        let (width, count) = (weights.block.width, weights.offsets.count);
        let prepared = &mut weights.within()[..=width * Offsets::MOST];
        V::weigh_columns(weigher, prepared, Offsets::MOST, count);
    }
}

/// Puts what becomes of the index of each pair in its place, or of the place if the table has them.
#[inline(always)]
fn put<V: Lanes, const CHANNELS: usize, const PLACES: bool>(
    weights: &mut RowWeights<'_, V>,
    view: &BlockView<'_, V, CHANNELS>,
    row: usize,
    sums: &[V],
    mut of_index: impl FnMut(V) -> V,
) {
    let Block { height, .. } = weights.block;
    let all = sums.chunks_exact(sums_len(weights.block)).zip(weights.offsets.iter()).enumerate();
    for (slot, (sums, offset)) in all {
        let corrections = view.corrections(offset, row);
        let (first, rest) = sums.split_at(SIDE * height);
        let [first, rest] =
            [first, rest].map(|sums| sums.chunks_exact(height).map(move |column| column[row]));
        window_sums(
            first,
            rest,
            view.bias::<PLACES>(),
            weights.of_slot(slot).zip(corrections),
            #[inline(always)]
            |(weight, correction), sum| *weight = of_index(BlockView::<V, CHANNELS>::index(sum, correction)),
        );
    }
}

/// The weight at an index less the table's origin, a place if the table has them.
#[inline(always)]
fn weigh<V: Lanes, const PLACES: bool>(weigher: &V::Weigher, index: V) -> V {
    if PLACES { V::weigh_places(weigher, index) } else { V::weigh::<false>(weigher, index, V::ends(weigher)) }
}
