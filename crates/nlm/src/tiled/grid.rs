//! How a piece of a picture is divided into tiles, one for each lane of a vector.

use std::ops::RangeInclusive;

/// Rows and columns that the sums over a template window of 7 x 7 take beyond their centre.
pub(crate) const TEMPLATE: usize = 3;

/// Tiles in rows and columns, which cover a piece and what of its surroundings is paired with it: the first pixel of the
/// first tile is `search` px left of and above the piece.
///
/// The last tile of a row of tiles must end `search` px right of the piece at least. What a tile gives to its right
/// neighbour may then as well be given to the lane that follows, for what belongs to no neighbour falls outside the
/// piece; left and below likewise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    /// Tiles in a row of them, and rows.
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(super) block: Block,
    /// Pixels in a row of a tile, and rows: whole blocks.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Radius of the search window.
    pub(crate) search: usize,
}

/// Size of a block, the unit of work that stays in the second-level cache, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Widths of blocks: wide, as the sums of what a row of pixels is paired with are read and written once for all of it, but
/// the weights of a row stay in a first-level cache of 48 KiB.
const WIDTHS: RangeInclusive<usize> = 14..=28;

/// Heights of blocks: low, as the columns of all offsets of a row come from the first-level cache.
const HEIGHTS: RangeInclusive<usize> = 6..=14;

/// Most lanes of the vectors of a block's pixels, whose column sums for a row of the search window stay in the second-level
/// cache.
const BLOCK_LANES: usize = 224 * 32;

impl Block {
    /// All sizes that a block of vectors with so many lanes may have, smallest first.
    fn all(lanes: usize) -> impl Iterator<Item = Self> {
        WIDTHS
            .flat_map(|width| HEIGHTS.map(move |height| Self { width, height }))
            .filter(move |block| block.width * block.height * lanes <= BLOCK_LANES)
    }

    /// A measure of the work on a block: weights and sums of its pixels, sums over their columns, squares.
    fn cost(&self) -> usize {
        let (around, high) = (self.width + 2 * TEMPLATE, self.height + 2 * TEMPLATE);
        10 * self.width * self.height + 2 * around * self.height + around * high
    }
}

impl Grid {
    /// The grid of `lanes` tiles with the least work for a piece of this size.
    pub(crate) fn new(lanes: usize, width: usize, height: usize, search: usize) -> Self {
        let of = |columns: usize, block: Block| {
            let rows = lanes / columns;
            let tile_width = (width + 2 * search).div_ceil(columns).max(search);
            let tile_height = (height + search).div_ceil(rows).max(search);
            let (width, height) =
                (tile_width.next_multiple_of(block.width), tile_height.next_multiple_of(block.height));
            Self { columns, rows, block, width, height, search }
        };
        let columns = (0..=lanes.ilog2()).map(|bits| 1 << bits);
        let grids = columns.flat_map(|columns| Block::all(lanes).map(move |block| of(columns, block)));
        let first = of(1, Block { width: *WIDTHS.start(), height: *HEIGHTS.start() });
        grids.fold(first, |least, grid| if grid.cost() < least.cost() { grid } else { least })
    }

    /// A measure of the work on a piece: for each offset that on all blocks, and as much for a vector of the planes as for a sum of
    /// squares, as planes are filled and fill the caches.
    fn cost(&self) -> usize {
        let blocks = self.width / self.block.width * (self.height / self.block.height);
        let plane = (self.width + 2 * (self.search + TEMPLATE)) * (self.height + self.search + 2 * TEMPLATE);
        blocks * self.block.cost() + plane
    }

    /// Column of a tile's first pixel relative to the piece's.
    pub(crate) fn left(&self, lane: usize) -> isize {
        (lane % self.columns * self.width) as isize - self.search as isize
    }

    /// Row of a tile's first pixel relative to the piece's.
    pub(crate) fn top(&self, lane: usize) -> isize {
        (lane / self.columns * self.height) as isize - self.search as isize
    }
}
