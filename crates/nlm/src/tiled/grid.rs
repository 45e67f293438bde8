//! How a piece of a picture is divided into tiles, one for each lane of a vector.

/// Tiles in rows and columns, which cover a piece and what of its surroundings is paired with it: the first pixel of the
/// first tile is `search` px left of and above the piece.
///
/// The last tile of a row of tiles must end `search` px right of the piece at least. What a tile gives to its right
/// neighbour may then as well be given to the lane that follows, for what belongs to no neighbour falls outside the
/// piece; left and below likewise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    /// Tiles in a row of them, and rows.
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) block: Block,
    /// Pixels in a row of a tile, and rows: whole blocks.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Radius of the search window.
    pub(super) search: usize,
    /// Columns that planes have beside a tile beyond the search window, and rows above it, 1 at least.
    pub(super) around: usize,
}

/// Size of a block, a part of a tile, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Grid {
    /// The grid of `lanes` tiles in so many columns for a piece of this size, with blocks that are made of the least size of a tile.
    pub(super) fn with_columns(
        lanes: usize,
        columns: usize,
        (width, height): (usize, usize),
        (search, around): (usize, usize),
        block: impl Fn(usize, usize) -> Block,
    ) -> Self {
        let rows = lanes / columns;
        let tile_width = (width + 2 * search).div_ceil(columns).max(search);
        let tile_height = (height + search).div_ceil(rows).max(search);
        let block = block(tile_width, tile_height);
        let (width, height) =
            (tile_width.next_multiple_of(block.width), tile_height.next_multiple_of(block.height));
        Self { columns, rows, block, width, height, search, around }
    }

    /// Columns that so many tiles may be in.
    pub(super) fn columns(lanes: usize) -> impl Iterator<Item = usize> {
        (0..=lanes.ilog2()).map(|bits| 1 << bits)
    }

    /// Columns of a plane of a tile and what is beside it.
    pub(super) fn stride(&self) -> usize {
        self.width + 2 * (self.search + self.around)
    }

    /// Row and column of each block of a tile.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Self { block: Block { width, height }, width: columns, height: rows, .. } = *self;
        (0..rows).step_by(height).flat_map(move |y| (0..columns).step_by(width).map(move |x| (y, x)))
    }

    /// Column of a tile's first pixel relative to the piece's.
    pub(super) fn left(&self, lane: usize) -> isize {
        (lane % self.columns * self.width) as isize - self.search as isize
    }

    /// Row of a tile's first pixel relative to the piece's.
    pub(super) fn top(&self, lane: usize) -> isize {
        (lane / self.columns * self.height) as isize - self.search as isize
    }
}
