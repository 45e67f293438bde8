//! Sums of weights, and of weights times pixels, by tile.

use super::accumulate::{Sums, vectors};
use super::grid::Grid;
use super::neighbours::Neighbours;
use super::offsets::Offset;
use super::weights::RowWeights;
use crate::lanes::{Lanes, wide_lanes_mut};
use crate::piece::Piece;
use crate::quotient::quotient;

/// Size of the plane of sums, px: that of a tile and what its pixels are paired with.
pub(super) fn size(grid: &Grid) -> (usize, usize) {
    (grid.width + 2 * grid.search, grid.height + grid.search)
}

/// Adds a row of weights to the sums of the pixels at both ends: those of row `y` of a tile, from column `x` on, and those that
/// they are paired with.
#[inline(always)]
pub(super) fn add_row<V: Lanes, const CHANNELS: usize>(
    neighbours: &Neighbours<'_, V, CHANNELS>,
    grid: &Grid,
    weights: &RowWeights<'_, V>,
    (y, x): (usize, usize),
    sums: &mut [V::Wide],
) {
    let vectors = vectors(CHANNELS);
    let (width, columns) = (grid.block.width, grid.block.width + weights.offsets.count - 1);
    let Offset { dy, dx } = weights.offsets.first;
    // The plane of sums begins `search` px left of the tile, the planes `around` px further left and as many above.
    let (here, there) = (x + grid.search, (x + grid.search).wrapping_add_signed(dx));
    let at = |y: usize, x: usize| (y * size(grid).0 + x) * vectors;

    let pixels = neighbours.from(y + dy + grid.around, there + grid.around);
    let mut by_two = sums[at(y, here)..][..width * vectors].chunks_exact_mut(2 * vectors);
    for (index, sums) in by_two.by_ref().enumerate() {
        add_along::<V, CHANNELS, 2>(weights, 2 * index, pixels, sums);
    }
    if width % 2 == 1 {
        add_along::<V, CHANNELS, 1>(weights, width - 1, pixels, by_two.into_remainder());
    }

    let pixels = neighbours.from(y + grid.around, here + grid.around - 1);
    let mut by_two = sums[at(y + dy, there)..][..columns * vectors].chunks_exact_mut(2 * vectors);
    for (index, sums) in by_two.by_ref().enumerate() {
        add_across::<V, CHANNELS, 2>(weights, 2 * index, pixels, sums);
    }
    if columns % 2 == 1 {
        add_across::<V, CHANNELS, 1>(weights, columns - 1, pixels, by_two.into_remainder());
    }
}

/// Adds to the sums of `COLUMNS` columns of a block, from `column` on, what their offsets lead to; `pixels` begin where the
/// first offset leads from the block's first column.
#[inline(always)]
fn add_along<V: Lanes, const CHANNELS: usize, const COLUMNS: usize>(
    weights: &RowWeights<'_, V>,
    column: usize,
    pixels: [&[V]; CHANNELS],
    sums: &mut [V::Wide],
) {
    let pairs = weights.offsets.pairs();
    let mut of_columns: [&[[V; 2]]; COLUMNS] = [&[]; COLUMNS];
    for (index, weights_of) in of_columns.iter_mut().enumerate() {
        *weights_of = &weights.along(column + index)[..pairs];
    }
    let pixels = by_two_columns(pixels, column, pairs);
    add_pairs::<V, CHANNELS, COLUMNS>(
        pairs,
        #[inline(always)]
        |pair| {
            let mut weights = [[V::splat(0); 2]; COLUMNS];
            for (weights, of_column) in weights.iter_mut().zip(&of_columns) {
                *weights = of_column[pair];
            }
            weights
        },
        pixels,
        sums,
    );
}

/// Adds to the sums of `COLUMNS` columns that offsets lead to what leads there from within a block; `pixels` begin 1 px left
/// of it.
#[inline(always)]
fn add_across<V: Lanes, const CHANNELS: usize, const COLUMNS: usize>(
    weights: &RowWeights<'_, V>,
    column: usize,
    pixels: [&[V]; CHANNELS],
    sums: &mut [V::Wide],
) {
    let weights = weights.across(column);
    let pixels = by_two_columns(pixels, weights.from, weights.len());
    add_pairs::<V, CHANNELS, COLUMNS>(
        weights.len(),
        #[inline(always)]
        |pair| weights.pair(pair),
        pixels,
        sums,
    );
}

/// Adds pairs of weights and products with their pixels to the sums of all columns at once, or of one after another where these
/// take more than half of the registers: the compiler would have some of them in memory.
#[inline(always)]
fn add_pairs<V: Lanes, const CHANNELS: usize, const COLUMNS: usize>(
    pairs: usize,
    weights: impl Fn(usize) -> [[V; 2]; COLUMNS],
    pixels: [&[[V; 4]]; CHANNELS],
    sums: &mut [V::Wide],
) {
    if V::REGISTERS >= 2 * COLUMNS * vectors(CHANNELS) {
        let mut all = Sums::<V, CHANNELS, COLUMNS>::load(sums);
        for pair in 0..pairs {
            all.add(weights(pair), pixels, (pair, 0));
        }
        all.store(sums);
    } else {
        for (column, sums) in sums.chunks_exact_mut(vectors(CHANNELS)).enumerate() {
            let mut one = Sums::<V, CHANNELS, 1>::load(sums);
            for pair in 0..pairs {
                one.add([weights(pair)[column]], pixels, (pair, column));
            }
            one.store(sums);
        }
    }
}

/// Of each channel, from a column on, two columns at a time with their right neighbours.
#[inline(always)]
fn by_two_columns<V, const CHANNELS: usize>(
    pixels: [&[V]; CHANNELS],
    column: usize,
    len: usize,
) -> [&[[V; 4]]; CHANNELS] {
    let mut by_two: [&[[V; 4]]; CHANNELS] = [&[]; CHANNELS];
    for (by_two, pixels) in by_two.iter_mut().zip(pixels) {
        *by_two = &pixels[2 * column..].as_chunks().0[..len];
    }
    by_two
}

/// Adds sums of carries, 2^16 each, to those of the rest of weights; there may be none.
#[inline(always)]
pub(super) fn carry<V: Lanes>(carried: &mut [V::Wide], sums: &mut [V::Wide]) {
    for (sum, carried) in wide_lanes_mut::<V>(sums).iter_mut().zip(wide_lanes_mut::<V>(carried)) {
        *sum = sum.wrapping_add(*carried << 16);
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
    (sums, neighbours): (&mut [V::Wide], &Neighbours<'_, V, CHANNELS>),
    quotients: &mut Vec<u8>,
    (out, out_width): (&mut [u8], usize),
) {
    let (stride, _) = size(grid);
    let plane_stride = neighbours.stride;
    let sums = wide_lanes_mut::<V>(sums);
    let neighbours = neighbours.from(0, 0).map(crate::lanes::lanes);
    let lanes = V::LANES;
    quotients.resize(grid.width * CHANNELS * lanes, 0);
    for y in 0..grid.height {
        for x in 0..grid.width {
            let at = (y * stride + x + grid.search) * (1 + CHANNELS) * lanes;
            let sums = &sums[at..at + (1 + CHANNELS) * lanes];
            let (totals, products) = sums.split_at(lanes);
            let pixel = ((y + grid.around) * plane_stride + x + grid.search + grid.around) * 2 * lanes;
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
