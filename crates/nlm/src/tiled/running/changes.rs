//! What the squared differences of columns of template windows change by as windows move down a row.

use super::super::grid::Grid;
use super::super::neighbours::{Neighbours, first, gather_row, spread_row};
use crate::lanes::{Buffer, Lanes};
use crate::piece::Piece;
use crate::planes::Planes;

const MOST_CHANNELS: usize = 4;

/// Memory of the planes.
#[derive(Debug, Default)]
pub(super) struct ChangeMemory {
    /// Of each channel, row after row.
    pixels: [Buffer; MOST_CHANNELS],
    neighbours: [Buffer; MOST_CHANNELS],
    changes: Buffer,
}

/// Planes of tiles with their surroundings: beside them the radius of the search window, that of the template window and 1 px more, as much
/// without the search window above, and with it, but for that 1 px, below.
pub(super) struct Changes<'a, V, const CHANNELS: usize> {
    /// Vectors from row to row of a plane of pixels.
    stride: usize,
    /// Radii of the windows.
    search: usize,
    pub(super) template: usize,
    pixels: [&'a [V]; CHANNELS],
    pub(super) neighbours: Neighbours<'a, V, CHANNELS>,
    /// For each pixel of a tile and beside it, from the first row of tiles on, what comes into the window around it and what goes out: of
    /// each two channels `new - gone` of both in turn, first of even lanes, then of odd ones, and `new + gone` likewise; of a channel alone
    /// `new` and `gone` in turn.
    changes: &'a [V],
}

/// Vectors of changes for a pixel.
pub(super) const fn change_vectors(channels: usize) -> usize {
    4 * (channels / 2) + 2 * (channels % 2)
}

impl<V: Lanes, const CHANNELS: usize> Changes<'_, V, CHANNELS> {
    /// Where the columns of windows around the pixels from column `x` of a tile on begin in a plane.
    #[inline(always)]
    fn column(&self, x: usize) -> usize {
        x + self.search + 1
    }

    /// Changes of row `y` of a tile for such columns and others `dx` further right, [so many](change_vectors) vectors each.
    #[inline(always)]
    pub(super) fn from(&self, y: usize, x: usize, dx: isize) -> &[V] {
        let column = self.column(x).wrapping_add_signed(dx);
        &self.changes[(y * self.stride + column) * change_vectors(CHANNELS)..]
    }

    /// Pixels of a channel in the row that is `by` rows below the first of the windows around row -1 of a tile, for such columns.
    #[inline(always)]
    pub(super) fn pixels(&self, channel: usize, by: usize, x: usize, dx: isize) -> &[V] {
        &self.pixels[channel][by * self.stride + self.column(x).wrapping_add_signed(dx)..]
    }
}

impl ChangeMemory {
    /// Takes a piece apart into tiles.
    #[inline(always)]
    pub(super) fn fill<V: Lanes, const CHANNELS: usize>(
        &mut self,
        planes: &Planes,
        piece: Piece,
        grid: &Grid,
        template: usize,
    ) -> Changes<'_, V, CHANNELS> {
        let stride = grid.stride();
        let changing = grid.height + grid.search;
        let rows = changing + 2 * template + 1;
        for channel in 0..CHANNELS {
            let pixels = self.pixels[channel].vectors::<V>(stride * rows).chunks_exact_mut(stride);
            let neighbours = self.neighbours[channel].vectors::<V>(2 * stride * rows).as_chunks_mut().0;
            for (y, (row, neighbours)) in pixels.zip(neighbours.chunks_exact_mut(stride)).enumerate() {
                gather_row(planes, channel, piece, grid, y, row);
                spread_row(row, neighbours);
            }
        }
        let pixels: [&[V]; CHANNELS] = first(&mut self.pixels, stride * rows);
        let each = change_vectors(CHANNELS);
        let changes = self.changes.vectors::<V>(each * stride * changing);
        for (at, change) in changes.chunks_exact_mut(each).enumerate() {
            let mut ends = [[V::splat(0); 2]; CHANNELS];
            for (ends, pixels) in ends.iter_mut().zip(pixels) {
                *ends = [pixels[at + (2 * template + 1) * stride], pixels[at]];
            }
            put_change(&ends, change);
        }
        Changes {
            stride,
            search: grid.search,
            template,
            pixels,
            neighbours: Neighbours { stride, planes: first(&mut self.neighbours, 2 * stride * rows) },
            changes,
        }
    }
}

/// Changes at a pixel, of whose channels these come and go.
#[inline(always)]
fn put_change<V: Lanes>(ends: &[[V; 2]], change: &mut [V]) {
    let (pairs, alone) = ends.as_chunks::<2>();
    let (of_pairs, of_one) = change.split_at_mut(4 * pairs.len());
    for ([a, b], change) in pairs.iter().zip(of_pairs.chunks_exact_mut(4)) {
        let (differences, sums) = change.split_at_mut(2);
        differences.copy_from_slice(&a[0].sub(a[1]).pair(b[0].sub(b[1])));
        sums.copy_from_slice(&a[0].add(a[1]).pair(b[0].add(b[1])));
    }
    if let [[new, gone]] = alone {
        of_one.copy_from_slice(&new.pair(*gone));
    }
}

/// Adds to the sums of a column, of even lanes and of odd ones, the squares of a pair's differences that come in and takes away those that
/// go out: `x^2 - y^2` as a product of `x - y` and `x + y`, of two channels in a lane, or of pairs `(x, y)` and `(x, -y)`.
#[inline(always)]
pub(super) fn change<V: Lanes, const CHANNELS: usize>(
    mut sums: [V::Wide; 2],
    here: &[V],
    there: &[V],
) -> [V::Wide; 2] {
    for (half, sums) in sums.iter_mut().enumerate() {
        for first in (0..CHANNELS / 2).map(|pair| 4 * pair + half) {
            let differences = here[first].sub(there[first]);
            *sums = V::dot(*sums, differences, here[first + 2].sub(there[first + 2]));
        }
        if CHANNELS % 2 == 1 {
            let first = 4 * (CHANNELS / 2) + half;
            let differences = here[first].sub(there[first]);
            *sums = V::dot(*sums, differences, differences.negate_odd());
        }
    }
    sums
}
