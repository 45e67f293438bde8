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
    /// Pixels in a row of a tile, and rows: whole blocks.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Radius of the search window.
    pub(crate) search: usize,
}

/// Rows and columns of a block, the unit of work that stays in the second-level cache: twice the template window's, as
/// window sums are made in groups of so many.
pub(super) const BLOCK: usize = 2 * (2 * TEMPLATE + 1);

impl Grid {
    /// The grid of `lanes` tiles with the least work for a piece of this size.
    pub(crate) fn new(lanes: usize, width: usize, height: usize, search: usize) -> Self {
        let columns = (0..=lanes.ilog2()).map(|bits| 1 << bits);
        let grids = columns.map(|columns| {
            let rows = lanes / columns;
            let tile =
                |pixels: usize, tiles: usize| pixels.div_ceil(tiles).max(search).next_multiple_of(BLOCK);
            let (width, height) = (tile(width + 2 * search, columns), tile(height + search, rows));
            Self { columns, rows, width, height, search }
        });
        grids.min_by_key(|grid| grid.width * grid.height).unwrap_or(Self {
            columns: 1,
            rows: lanes,
            width: (width + 2 * search).next_multiple_of(BLOCK),
            height: (height + search).next_multiple_of(BLOCK),
            search,
        })
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
