//! Non-local means by tiles.
//!
//! A piece of the picture is divided into as many tiles as a vector has lanes, and lane `l` of each vector belongs to tile
//! `l`. Neighbours are then different vectors, and window sums along rows and columns, offsets, and sums for both ends of a
//! pair are operations between whole vectors, without shuffling or unaligned loads. The weights of a row of a block, a part of
//! each tile, stay in the caches until they are added to the sums of the pixels at either end.

mod accumulate;
mod grid;
mod neighbours;
mod offsets;
pub(crate) mod running;
pub(crate) mod saturating;
mod sums;
mod weights;

use crate::piece::Piece;
use crate::task::Task;

/// Most pixels of a piece, columns, and rows.
const PIECE_PIXELS: usize = 512 * 512;
const PIECE_WIDTH: usize = 1024;
const PIECE_HEIGHT: usize = 512;

/// Rows of a band: as many bands as there are threads, or a multiple of that, so that none is higher than a piece; but as many rows as
/// the radius of the search window, below which tiles do not get.
pub(crate) fn band_rows(height: usize, search: usize, threads: usize) -> usize {
    let bands = height.div_ceil(PIECE_HEIGHT).next_multiple_of(threads);
    height.div_ceil(bands).max(search.min(height))
}

/// Pieces of a band whose pixels, interleaved, go to `out`.
fn pieces(task: &Task<'_>, first_row: usize, out: &[u8]) -> impl Iterator<Item = Piece> + use<> {
    let height = out.len() / (task.width * task.channels);
    let widest = (PIECE_PIXELS / height).clamp(1, PIECE_WIDTH);
    Piece::of_band(task.width, (first_row, height), widest)
}
