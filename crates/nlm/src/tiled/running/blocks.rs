//! Blocks of tiles, as high as these, whose pixels are gone through row by row for neighbouring offsets.

use super::super::accumulate::vectors;
use super::super::grid::{Block, Grid};
use super::changes::change_vectors;
use crate::lanes::Lanes;

/// Widths of blocks: with narrower ones, columns beside them are most of the work, wider ones have more weights than the second-level
/// cache should hold.
const NARROWEST: usize = 16;
const WIDEST: usize = 72;

/// Bytes that a row of a block takes for an offset, changes and sums of columns, window sums and weights, to stay in a first-level cache.
const ROW_BYTES: usize = 32 << 10;

/// Bytes of planes and sums that a block takes for neighbouring offsets, to stay in a share of a third-level cache.
const BLOCK_BYTES: usize = 8 << 20;

/// The grid of tiles, one a lane, that takes the least time for a piece of this size.
pub(super) fn grid<V: Lanes, const CHANNELS: usize>(
    size: (usize, usize),
    search: usize,
    template: usize,
) -> Grid {
    let of = |columns: usize, blocks: usize| {
        let block = |width: usize, height: usize| Block { width: width.div_ceil(blocks), height };
        Grid::with_columns(V::LANES, columns, size, (search, template + 1), block)
    };
    let grids = Grid::columns(V::LANES).flat_map(|columns| {
        let tile = of(columns, 1).width;
        (tile.div_ceil(WIDEST)..=tile.div_ceil(NARROWEST)).map(move |blocks| of(columns, blocks))
    });
    let cost = |grid: &Grid| cost(grid, template, 2 * V::LANES, CHANNELS);
    grids.min_by_key(cost).unwrap_or_else(|| of(1, 1))
}

/// A measure of the time that a piece takes, with vectors of so many bytes: for each offset weights and sums of a block's pixels, columns
/// beside them that windows begin with, and columns' sums that begin above. Where a row is more than the first-level cache holds it is 1.15
/// times that, where a block is more than the third-level cache 1.2 (measured on Zen 4).
fn cost(grid: &Grid, template: usize, vector: usize, channels: usize) -> usize {
    let Block { width, height } = grid.block;
    let (columns, changes) = (width + 2 * template, change_vectors(channels));
    let row = vector * (columns * (2 * changes + 2) + 3 * width);
    let pairs = (columns + 2 * grid.search) * (height + grid.search);
    let block = vector * pairs * (changes + 2 * channels + vectors(channels));
    let percent = 100 + if row > ROW_BYTES { 15 } else { 0 } + if block > BLOCK_BYTES { 20 } else { 0 };
    let begin = 3 * (2 * template + 1) * columns;
    grid.width / width * (height * (10 * width + 8 * template) * percent + 100 * begin)
}
