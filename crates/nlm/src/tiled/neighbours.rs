//! Planes of tiles, whose vectors have in lane `l` the pixel at that place of tile `l`, and of pixels with their right neighbours.

use super::grid::Grid;
use crate::lanes::{Buffer, Lanes, lanes_mut};
use crate::piece::Piece;
use crate::planes::Planes;

/// Of each channel a plane, row after row, of pixels and their right neighbours, interleaved: two vectors a pixel.
pub(super) struct Neighbours<'a, V, const CHANNELS: usize> {
    /// Pixels from row to row.
    pub(super) stride: usize,
    pub(super) planes: [&'a [V]; CHANNELS],
}

impl<V: Lanes, const CHANNELS: usize> Neighbours<'_, V, CHANNELS> {
    /// Those from a row and column of the planes on.
    #[inline(always)]
    pub(super) fn from(&self, y: usize, x: usize) -> [&[V]; CHANNELS] {
        let mut planes = self.planes;
        for plane in &mut planes {
            *plane = &plane[2 * (y * self.stride + x)..];
        }
        planes
    }
}

/// Interleaves each pixel of a row with its right neighbour.
#[inline(always)]
pub(super) fn spread_row<V: Lanes>(row: &[V], to: &mut [[V; 2]]) {
    let last = row.len() - 1;
    for (x, to) in to.iter_mut().enumerate() {
        *to = row[x].interleave(row[(x + 1).min(last)]);
    }
}

/// The first buffers.
#[inline(always)]
pub(super) fn first<V: Lanes, const COUNT: usize>(buffers: &mut [Buffer], len: usize) -> [&[V]; COUNT] {
    let mut views: [&[V]; COUNT] = [&[]; COUNT];
    for (view, buffer) in views.iter_mut().zip(buffers) {
        *view = buffer.vectors(len);
    }
    views
}

/// Gathers a row of a channel's pixels; those beyond the border of the planes belong to no pair that counts.
#[inline(always)]
pub(super) fn gather_row<V: Lanes>(
    planes: &Planes,
    channel: usize,
    piece: Piece,
    grid: &Grid,
    y: usize,
    row: &mut [V],
) {
    let halo = (grid.search + grid.around) as isize;
    let len = row.len();
    let lanes = lanes_mut(row);
    for lane in 0..V::LANES {
        let y = piece.y as isize + grid.top(lane) + y as isize - grid.around as isize;
        let x = piece.x as isize + grid.left(lane) - halo;
        let (skip, row) = planes.row_within(channel, y, x, len);
        for (vector, &pixel) in lanes.chunks_exact_mut(V::LANES).skip(skip).zip(row) {
            vector[lane] = u16::from(pixel);
        }
    }
}
