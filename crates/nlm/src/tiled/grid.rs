//! How a piece of a picture is divided into tiles, one for each lane of a vector.

/// Rows and columns that the sums over a template window of 7 x 7 take beyond their centre.
pub(crate) const TEMPLATE: usize = 3;

/// A part of a picture, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

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
    /// Rows and columns of a block, the unit of work that stays in the second-level cache.
    pub(crate) block: Block,
    /// Pixels in a row of a tile, and rows: whole blocks.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Radius of the search window.
    pub(crate) search: usize,
}

/// Size of a block, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Grid {
    /// The grid of `lanes` tiles with the least work for a piece of this size.
    pub(crate) fn new(lanes: usize, width: usize, height: usize, search: usize) -> Self {
        let columns = (0..=lanes.ilog2()).map(|bits| 1 << bits);
        let grids = columns.flat_map(|columns| {
            let rows = lanes / columns;
            let tile_width = (width + 2 * search).div_ceil(columns).max(search);
            let tile_height = (height + search).div_ceil(rows).max(search);
            block_sizes(12..=18, tile_width).flat_map(move |block_width| {
                block_sizes(10..=16, tile_height).map(move |block_height| Self {
                    columns,
                    rows,
                    block: Block { width: block_width, height: block_height },
                    width: tile_width.next_multiple_of(block_width),
                    height: tile_height.next_multiple_of(block_height),
                    search,
                })
            })
        });
        grids.min_by_key(Self::cost).unwrap_or(Self {
            columns: 1,
            rows: lanes,
            block: Block { width: 16, height: 16 },
            width: (width + 2 * search).next_multiple_of(16),
            height: (height + search).next_multiple_of(16),
            search,
        })
    }

    /// A measure of the work: for each block, that on its pairs, and that on the squared differences in and around it.
    fn cost(&self) -> usize {
        let Block { width, height } = self.block;
        let around = (width + 2 * TEMPLATE) * (height + 2 * TEMPLATE);
        let blocks = self.width / width * (self.height / height);
        blocks * (4 * width * height + around + 2 * width * (height + 2 * TEMPLATE))
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

/// Sizes of blocks for a tile of this size: those allowed, or the tile's own where that is smaller.
fn block_sizes(allowed: std::ops::RangeInclusive<usize>, tile: usize) -> impl Iterator<Item = usize> + Clone {
    allowed.map(move |size| size.min(tile))
}
