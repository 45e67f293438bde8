//! Blocks of tiles, the units of work that stay in the second-level cache.

use std::ops::RangeInclusive;

use super::super::grid::{Block, Grid};
use super::window::TEMPLATE;

/// Widths of blocks: wide, as the sums of what a row of pixels is paired with are read and written once for all of it, but
/// the weights of a row stay in a first-level cache of 48 KiB.
const WIDTHS: RangeInclusive<usize> = 14..=28;

/// Heights of blocks: low, as the columns of all offsets of a row come from the first-level cache.
const HEIGHTS: RangeInclusive<usize> = 6..=14;

/// Most lanes of the vectors of a block's pixels, whose column sums for a row of the search window stay in the second-level
/// cache.
const BLOCK_LANES: usize = 224 * 32;

/// The grid of `lanes` tiles with the least work for a piece of this size.
pub(super) fn grid(lanes: usize, size: (usize, usize), search: usize) -> Grid {
    let of = |columns: usize, block: Block| {
        Grid::with_columns(lanes, columns, size, (search, TEMPLATE), |_, _| block)
    };
    let grids = Grid::columns(lanes).flat_map(|columns| sizes(lanes).map(move |block| of(columns, block)));
    let first = of(1, Block { width: *WIDTHS.start(), height: *HEIGHTS.start() });
    grids.fold(first, |least, grid| if cost(&grid) < cost(&least) { grid } else { least })
}

/// All sizes that a block of vectors with so many lanes may have, smallest first.
fn sizes(lanes: usize) -> impl Iterator<Item = Block> {
    WIDTHS
        .flat_map(|width| HEIGHTS.map(move |height| Block { width, height }))
        .filter(move |block| block.width * block.height * lanes <= BLOCK_LANES)
}

/// A measure of the work on a piece: for each offset that on all blocks, and as much for a vector of the planes as for a sum of
/// squares, as planes are filled and fill the caches.
fn cost(grid: &Grid) -> usize {
    let blocks = grid.width / grid.block.width * (grid.height / grid.block.height);
    let plane = grid.stride() * (grid.height + grid.search + 2 * TEMPLATE);
    blocks * block_cost(grid.block) + plane
}

/// A measure of the work on a block: weights and sums of its pixels, sums over their columns, squares.
fn block_cost(block: Block) -> usize {
    let (around, high) = (block.width + 2 * TEMPLATE, block.height + 2 * TEMPLATE);
    10 * block.width * block.height + 2 * around * block.height + around * high
}
