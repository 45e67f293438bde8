//! The planes of a piece, tile by tile: lane `l` of a vector is the pixel at that place of tile `l`.

use std::ops::Range;

use super::distance::{Pairs, SIDE, window_sums};
use super::grid::{Grid, TEMPLATE};
use crate::lanes::{Buffer, Lanes, lanes_mut};
use crate::piece::Piece;
use crate::planes::Planes;

/// Memory of the planes.
#[derive(Debug, Default)]
pub(super) struct PlaneMemory {
    /// Of each channel, row after row.
    rows: [Buffer; 2],
    /// Column after column, as those after it.
    pixels: [Buffer; 2],
    shifted: [Buffer; 2],
    pairs: [Buffer; 2],
    corrections: [Buffer; 2],
    columns: Buffer,
}

/// Planes of tiles with their surroundings: `search + TEMPLATE` px left and right, `TEMPLATE` above, `search + TEMPLATE`
/// below.
///
/// With one channel, the pixels. With two, whose sums of squares need 17 bits, what makes half the squares whole:
/// `d * (d + 1) / 2 = ((2 * d + 1)^2 - 1) / 8`, in 16 bits the rounded fraction of `64 * (2 * d + 1)` times itself, from
/// `128 * pixel` and `128 * pixel + 64`. What the sums have too much is the sum of `d`, a difference of two window sums that
/// don't depend on the pair.
pub(super) struct View<'a, V, const CHANNELS: usize> {
    /// Vectors from row to row of a plane.
    pub(super) stride: usize,
    /// Vectors from column to column of the two planes that lie so, as their columns are summed.
    height: usize,
    /// Of each channel, the pixels as they are subtracted.
    pixels: [&'a [V]; CHANNELS],
    /// And as they are subtracted from.
    shifted: [&'a [V]; CHANNELS],
    /// Of each channel, pixels and their right neighbours, interleaved: two vectors a pixel.
    pub(super) neighbours: [&'a [V]; CHANNELS],
    /// With two channels, window sums of both, `sum + 1` and [`LARGEST_SUM`]` + 1 - sum`.
    corrections: [&'a [V]; 2],
}

/// The largest window sum of two channels.
const LARGEST_SUM: u16 = 49 * 2 * 255;

/// What is added to sums of two channels before the correction, that it may be subtracted without sign.
const BIAS: u16 = LARGEST_SUM / 2 + 1;

/// Indices into the table of weights up to which sums that saturate are told from others, by channels.
pub(super) const LARGEST_INDEX: [usize; 3] =
    [0, (u16::MAX >> 6) as usize, ((u16::MAX - LARGEST_SUM - 1) >> 5) as usize];

impl<V: Lanes, const CHANNELS: usize> View<'_, V, CHANNELS> {
    /// Squared differences of some rows of a column of pairs, those of two channels as half their sum.
    #[inline(always)]
    pub(super) fn squares(
        &self,
        pairs: Pairs,
        column: usize,
        rows: Range<usize>,
    ) -> impl Iterator<Item = V> + use<'_, V, CHANNELS> {
        let x = pairs.x + column;
        let here = x * self.height + pairs.y + rows.start;
        let there = x.wrapping_add_signed(pairs.dx) * self.height + pairs.y + pairs.dy + rows.start;
        let len = rows.len();
        let last = CHANNELS - 1;
        // One channel's pixels are subtracted as they are.
        let from = if CHANNELS == 1 { &self.pixels } else { &self.shifted };
        let of_channel = |channel: usize| {
            let from: &[V] = &from[channel][here..here + len];
            from.iter().zip(&self.pixels[channel][there..there + len])
        };
        of_channel(0).zip(of_channel(last)).map(
            #[inline(always)]
            |((a, of_a), (b, of_b))| {
                let a = a.sub(*of_a);
                if CHANNELS == 1 {
                    return a.mul(a);
                }
                let b = b.sub(*of_b);
                a.mul_fraction(a).add(b.mul_fraction(b))
            },
        )
    }

    /// What a window sum of [`squares`](Self::squares) comes to as an index into the table of weights.
    #[inline(always)]
    pub(super) fn index(sum: V, (one, other): (&V, &V)) -> V {
        if CHANNELS == 1 {
            return sum.shift_right::<6>();
        }
        sum.saturating_add(V::splat(BIAS)).sub(one.average(*other)).shift_right::<5>()
    }

    /// What corrects the sums of a row of `len` pairs, `row` below the first; something without meaning for one channel.
    #[inline(always)]
    pub(super) fn corrections(&self, pairs: Pairs, row: usize, len: usize) -> impl Iterator<Item = (&V, &V)> {
        let here = (pairs.y + row + TEMPLATE) * self.stride + pairs.x + TEMPLATE;
        let there = (here + pairs.dy * self.stride).wrapping_add_signed(pairs.dx);
        let [one, other] = self.corrections;
        one[here..here + len].iter().zip(&other[there..there + len])
    }
}

/// Vectors from row to row.
pub(super) fn stride(grid: &Grid) -> usize {
    grid.width + 2 * (grid.search + TEMPLATE)
}

fn rows(grid: &Grid) -> usize {
    grid.height + grid.search + 2 * TEMPLATE
}

impl PlaneMemory {
    /// Takes a piece apart into tiles.
    #[inline(always)]
    pub(super) fn fill<V: Lanes, const CHANNELS: usize>(
        &mut self,
        planes: &Planes,
        piece: Piece,
        grid: &Grid,
    ) -> View<'_, V, CHANNELS> {
        let len = stride(grid) * rows(grid);
        let Self { rows: planes_of_rows, pixels, shifted, pairs, corrections, columns } = self;
        let (stride, height) = (stride(grid), rows(grid));
        for (channel, plane) in planes_of_rows.iter_mut().enumerate().take(CHANNELS) {
            let plane = plane.vectors::<V>(len);
            fill_plane(planes, channel, piece, grid, plane);
            let pairs = pairs[channel].vectors::<V>(2 * len);
            for (index, pair) in pairs.as_chunks_mut().0.iter_mut().enumerate() {
                *pair = plane[index].interleave(plane[(index + 1).min(len - 1)]);
            }
            let pixels = pixels[channel].vectors::<V>(len);
            let shifted = shifted[channel].vectors::<V>(len);
            for (y, row) in plane.chunks_exact(stride).enumerate() {
                for (x, &pixel) in row.iter().enumerate() {
                    let at = x * height + y;
                    pixels[at] = if CHANNELS == 1 { pixel } else { pixel.mul(V::splat(128)) };
                    shifted[at] = pixels[at].add(V::splat(64));
                }
            }
        }
        // One channel needs none, but a plane of them.
        let sums = corrections.each_mut().map(|plane| plane.vectors::<V>(len));
        if CHANNELS == 2 {
            let of_rows = planes_of_rows.each_mut().map(|plane| &*plane.vectors::<V>(len));
            correct(grid, of_rows, columns.vectors(len), sums);
        }
        View {
            stride,
            height,
            pixels: first(pixels, len),
            shifted: first(shifted, len),
            neighbours: first(pairs, 2 * len),
            corrections: first(corrections, len),
        }
    }
}

/// The first buffers.
#[inline(always)]
fn first<V: Lanes, const COUNT: usize>(buffers: &mut [Buffer; 2], len: usize) -> [&[V]; COUNT] {
    let mut views: [&[V]; COUNT] = [&[]; COUNT];
    for (view, buffer) in views.iter_mut().zip(buffers) {
        *view = buffer.vectors(len);
    }
    views
}

/// Gathers a channel's pixels; those beyond the border of the planes belong to no pair that counts.
#[inline(always)]
fn fill_plane<V: Lanes>(planes: &Planes, channel: usize, piece: Piece, grid: &Grid, plane: &mut [V]) {
    let stride = stride(grid);
    let halo = (grid.search + TEMPLATE) as isize;
    for (row, vectors) in plane.chunks_exact_mut(stride).enumerate() {
        let lanes = lanes_mut(vectors);
        for lane in 0..V::LANES {
            let y = piece.y as isize + grid.top(lane) + row as isize - TEMPLATE as isize;
            let x = piece.x as isize + grid.left(lane) - halo;
            let (skip, row) = planes.row_within(channel, y, x, stride);
            for (vector, &pixel) in lanes.chunks_exact_mut(V::LANES).skip(skip).zip(row) {
                vector[lane] = u16::from(pixel);
            }
        }
    }
}

/// Window sums of both channels, as they correct distances.
#[inline(always)]
fn correct<V: Lanes>(grid: &Grid, [a, b]: [&[V]; 2], columns: &mut [V], [here, there]: [&mut [V]; 2]) {
    let (stride, rows) = (stride(grid), rows(grid));
    for column in 0..stride {
        let pixels = |rows: Range<usize>| {
            let rows = rows.start * stride..rows.end * stride;
            let (a, b) = (a[rows.clone()].chunks_exact(stride), b[rows].chunks_exact(stride));
            a.zip(b).map(move |(a, b)| a[column].add(b[column]))
        };
        window_sums(
            pixels(0..SIDE),
            pixels(SIDE..rows),
            columns.chunks_exact_mut(stride).skip(TEMPLATE),
            #[inline(always)]
            |columns, sum| columns[column] = sum,
        );
    }
    for row in TEMPLATE..rows - TEMPLATE {
        let row = row * stride..(row + 1) * stride;
        let to = here[row.clone()].iter_mut().zip(&mut there[row.clone()]);
        window_sums(
            columns[row.clone()][..SIDE].iter().copied(),
            columns[row][SIDE..].iter().copied(),
            to.skip(TEMPLATE),
            #[inline(always)]
            |(here, there), sum| {
                *here = sum.add(V::splat(1));
                *there = V::splat(LARGEST_SUM + 1).sub(sum);
            },
        );
    }
}
