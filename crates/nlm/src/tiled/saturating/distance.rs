//! Distances between template windows of 7 x 7, by sums that saturate.

use super::super::grid::Block;
use super::super::offsets::Offsets;
use super::planes::BlockView;
use super::window::{SIDE, TEMPLATE, window_sums};
use crate::lanes::Lanes;

/// Vectors that the sums of a block's columns take, those beside it included.
pub(super) fn sums_len(block: Block) -> usize {
    (block.width + 2 * TEMPLATE) * block.height
}

/// Sums of squared differences over the columns of a block's template windows, one column after another, for one offset
/// after another.
///
/// All offsets of a column are done before the next, so that its pixels are read from the first-level cache.
#[inline(always)]
pub(super) fn column_sums<V: Lanes, const CHANNELS: usize>(
    view: &BlockView<'_, V, CHANNELS>,
    block: Block,
    offsets: Offsets,
    sums: &mut [V],
) {
    for column in 0..block.width + 2 * TEMPLATE {
        for (offset, sums) in offsets.iter().zip(sums.chunks_exact_mut(sums_len(block))) {
            let squares = |rows| view.squares(offset, column, rows);
            window_sums(
                squares(0..SIDE),
                squares(SIDE..block.height + 2 * TEMPLATE),
                None,
                sums[column * block.height..][..block.height].iter_mut(),
                #[inline(always)]
                |to, sum| *to = sum,
            );
        }
    }
}
