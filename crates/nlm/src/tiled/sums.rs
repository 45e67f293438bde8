//! Sums of weights, and of weights times pixels, by tile.

use super::grid::{Block, Grid, TEMPLATE};
use super::planes::View;
use super::weigh::BlockWeights;
use crate::accumulate::{Sums, quotient, vectors};
use crate::lanes::{Lanes, wide_lanes_mut};
use crate::piece::Piece;

/// Size of the plane of sums, px: that of a tile and what its pixels are paired with.
pub(super) fn size(grid: &Grid) -> (usize, usize) {
    (grid.width + 2 * grid.search, grid.height + grid.search)
}

/// A row of pixels of a block, and that of those they are paired with: rows and columns of the first in the tile.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) y: usize,
    pub(super) x: usize,
    pub(super) dy: usize,
}

/// Adds a row of weights to the sums of the pixels at both ends.
#[inline(always)]
pub(super) fn add_row<V: Lanes, const CHANNELS: usize>(
    view: &View<'_, V, CHANNELS>,
    grid: &Grid,
    weights: &BlockWeights<'_, V>,
    row: usize,
    rows: Rows,
    sums: &mut [V::Wide],
) {
    let Rows { y, x, dy } = rows;
    let (search, vectors) = (grid.search, vectors(CHANNELS));
    let first_dx = weights.first_dx;
    // Of the plane of sums, columns from `search` left of the tile on; of the planes, `TEMPLATE` more and as many rows.
    let at = |y: usize, x: usize| (y * size(grid).0 + x) * vectors;
    let pixel = |y: usize, x: usize| (y + TEMPLATE) * view.stride + x + TEMPLATE;

    // Neighbours of each channel from a pixel on, two vectors a pixel.
    let neighbours = |from: usize| {
        let mut of_channels: [&[[V; 2]]; CHANNELS] = [&[]; CHANNELS];
        for (channel, neighbours) in of_channels.iter_mut().zip(view.neighbours) {
            *channel = &neighbours.as_chunks().0[from..];
        }
        of_channels
    };

    for column in 0..grid.block.width {
        let at = at(y, x + column + search);
        let mut sum = Sums::<V, CHANNELS>::load(&sums[at..at + vectors]);
        let there = pixel(y + dy, x + column).wrapping_add_signed(first_dx + search as isize);
        let weights = weights.of(row, column + 1).as_chunks().0;
        let pixels = neighbours(there);
        let last = pixels[CHANNELS - 1].iter().step_by(2);
        for ((weights, first), last) in weights.iter().zip(pixels[0].iter().step_by(2)).zip(last) {
            let mut pixels = [first; CHANNELS];
            pixels[CHANNELS - 1] = last;
            sum.add(*weights, pixels);
        }
        sum.store(&mut sums[at..at + vectors]);
    }

    // Offsets that lead to a pixel from within the block, or, of two neighbours, one of them from a column beside it.
    let offsets = weights.offsets;
    let columns = grid.block.width + offsets - 1;
    let row_of_pixels = neighbours(pixel(y, x + search) - 1);
    for column in 0..columns {
        // The column that offset `first_dx` leads here from, counted from the block's first.
        let at = at(y + dy, (x + column + search).wrapping_add_signed(first_dx));
        let mut sum = Sums::<V, CHANNELS>::load(&sums[at..at + vectors]);
        let first_pair = column.saturating_sub(grid.block.width).div_ceil(2);
        let end_pair = (column / 2 + 1).min(offsets.div_ceil(2));
        for pair in first_pair..end_pair {
            // Columns with one beside the block counted: from `from - 1` by the second offset, from `from` by the first.
            let from = column - 2 * pair + 1;
            let weights = [weights.at(row, from - 1, 2 * pair + 1), weights.at(row, from, 2 * pair)];
            let mut pixels = [&row_of_pixels[0][from - 1]; CHANNELS];
            pixels[CHANNELS - 1] = &row_of_pixels[CHANNELS - 1][from - 1];
            sum.add(weights, pixels);
        }
        sum.store(&mut sums[at..at + vectors]);
    }
}

/// Brings what a tile's pixels give to those of its neighbours there.
#[inline(always)]
pub(super) fn merge<V: Lanes, const CHANNELS: usize>(grid: &Grid, sums: &mut [V::Wide]) {
    let (stride, rows) = size(grid);
    let lanes = wide_lanes_mut::<V>(sums);
    let Grid { width, height, search, columns, .. } = *grid;
    for y in 0..rows {
        for x in 0..search {
            let row = y * stride;
            give::<V, CHANNELS>(lanes, row + x, row + x + width, V::LANES - 1);
            give::<V, CHANNELS>(lanes, row + search + width + x, row + search + x, 1);
        }
    }
    for y in 0..search {
        for x in search..search + width {
            give::<V, CHANNELS>(lanes, (y + height) * stride + x, y * stride + x, columns);
        }
    }
}

/// Adds the sums at one place of the plane to those at another place of the tile `by` lanes on.
#[inline(always)]
fn give<V: Lanes, const CHANNELS: usize>(lanes: &mut [u32], from: usize, to: usize, by: usize) {
    let size = vectors(CHANNELS) * V::LANES / 2;
    for sum in (0..size).step_by(V::LANES) {
        for lane in 0..V::LANES {
            let value = lanes[from * size + sum + V::spread(lane)];
            let to = &mut lanes[to * size + sum + V::spread((lane + by) % V::LANES)];
            // What falls outside the piece adds up without meaning, and without bound.
            *to = to.wrapping_add(value);
        }
    }
}

/// Divides sums and writes the piece to rows of interleaved pixels, `out` being the rows that it is in.
#[inline(always)]
pub(super) fn divide<V: Lanes, const CHANNELS: usize>(
    grid: &Grid,
    piece: Piece,
    own: u32,
    (sums, neighbours): (&mut [V::Wide], [&[V]; CHANNELS]),
    quotients: &mut Vec<u8>,
    (out, out_width): (&mut [u8], usize),
) {
    let (stride, _) = size(grid);
    let plane_stride = super::planes::stride(grid);
    let sums = wide_lanes_mut::<V>(sums);
    let neighbours = neighbours.map(crate::lanes::lanes);
    let lanes = V::LANES;
    quotients.resize(grid.width * CHANNELS * lanes, 0);
    for y in 0..grid.height {
        for x in 0..grid.width {
            let at = (y * stride + x + grid.search) * (1 + CHANNELS) * lanes;
            let sums = &sums[at..at + (1 + CHANNELS) * lanes];
            let (totals, products) = sums.split_at(lanes);
            let pixel = ((y + TEMPLATE) * plane_stride + x + grid.search + TEMPLATE) * 2 * lanes;
            for channel in 0..CHANNELS {
                let to = &mut quotients[(x * CHANNELS + channel) * lanes..][..lanes];
                let pixels = &neighbours[channel][pixel..pixel + 2 * lanes];
                let products = &products[channel * lanes..][..lanes];
                let sums = products.as_chunks().0.iter().zip(totals.as_chunks().0);
                for ((to, pixels), sums) in
                    to.as_chunks_mut().0.iter_mut().zip(pixels.as_chunks().0).zip(sums)
                {
                    *to = quotients_of(own, sums, pixels);
                }
            }
        }
        for lane in 0..lanes {
            write_row::<V, CHANNELS>(grid, piece, lane, y, quotients, (out, out_width));
        }
    }
}

/// Quotients of eight sums and totals, a pixel's own weight and itself included; each pixel with its neighbour.
#[inline(always)]
fn quotients_of(own: u32, (sums, totals): (&[u32; 8], &[u32; 8]), pixels: &[u16; 16]) -> [u8; 8] {
    let mut quotients = [0; 8];
    for lane in 0..8 {
        // Sums outside the piece are without meaning, and may wrap.
        let sum = sums[lane].wrapping_add(own.wrapping_mul(u32::from(pixels[2 * lane])));
        quotients[lane] = quotient(sum, totals[lane].wrapping_add(own));
    }
    quotients
}

/// Writes what of a row of a tile is in the piece.
#[inline(always)]
fn write_row<V: Lanes, const CHANNELS: usize>(
    grid: &Grid,
    piece: Piece,
    lane: usize,
    y: usize,
    quotients: &[u8],
    (out, out_width): (&mut [u8], usize),
) {
    let y = grid.top(lane) + y as isize;
    let left = grid.left(lane);
    let first = (-left).clamp(0, grid.width as isize) as usize;
    let last = (piece.width as isize - left).clamp(0, grid.width as isize) as usize;
    if y < 0 || y >= piece.height as isize || first >= last {
        return;
    }
    let start = y as usize * out_width + piece.x + (left + first as isize) as usize;
    let out = &mut out[start * CHANNELS..][..(last - first) * CHANNELS];
    let values = quotients[first * CHANNELS * V::LANES..].chunks_exact(V::LANES);
    for (out, values) in out.iter_mut().zip(values) {
        *out = values[V::spread(lane)];
    }
}

/// Row and column of each block of a tile.
pub(super) fn blocks(grid: &Grid) -> impl Iterator<Item = (usize, usize)> + use<> {
    let Block { width, height } = grid.block;
    let (columns, rows) = (grid.width / width, grid.height / height);
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row * height, column * width)))
}
