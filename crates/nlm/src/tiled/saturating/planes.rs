//! The planes of a piece, tile by tile: lane `l` of a vector is the pixel at that place of tile `l`.

use std::ops::Range;

use super::super::grid::{Block, Grid};
use super::super::neighbours::{Neighbours, first, gather_row, spread_row};
use super::super::offsets::Offset;
use super::window::{SIDE, TEMPLATE, window_sums};
use crate::lanes::{Buffer, Lanes};
use crate::piece::Piece;
use crate::planes::Planes;

/// Memory of the planes.
#[derive(Debug, Default)]
pub(super) struct PlaneMemory {
    /// Of each channel, a row, and column after column.
    rows: [Buffer; 2],
    pixels: [Buffer; 2],
    neighbours: [Buffer; 2],
    corrections: Buffer,
    /// The last rows of sums of both channels, and their sums over columns.
    last_rows: Buffer,
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
    stride: usize,
    /// Vectors from column to column of the pixels, which lie so, as their columns are summed.
    height: usize,
    /// Of each channel, the pixels as they are subtracted.
    pixels: [&'a [V]; CHANNELS],
    pub(super) neighbours: Neighbours<'a, V, CHANNELS>,
    /// With two channels, `highest - sum` of the window sums of both.
    corrections: &'a [V],
    /// So great that half the sum of a pair's corrections, which is taken from its sum of squares, takes what was added to that
    /// with it.
    highest: u16,
    /// What is added to each window sum of squares.
    bias: V,
}

/// Memory of a [`BlockView`].
#[derive(Debug, Default)]
pub(super) struct BlockMemory {
    pixels: [Buffer; 2],
    corrections: Buffer,
}

/// The pixels of a block and `TEMPLATE` around it, the ends that all its pairs begin at.
pub(super) struct BlockView<'a, V, const CHANNELS: usize> {
    view: &'a View<'a, V, CHANNELS>,
    size: Block,
    /// Row and column of the first in the planes.
    at: (usize, usize),
    /// Of each channel, column after column, as the others are subtracted from them.
    pixels: [&'a [V]; CHANNELS],
    /// With two channels, `highest - LARGEST_SUM + sum` of the window sums of both, row after row of the block.
    corrections: &'a [V],
}

/// The largest window sum of two channels.
const LARGEST_SUM: u16 = 49 * 2 * 255;

/// What is added to sums of two channels before the correction, that it may be subtracted without sign.
const BIAS: u16 = LARGEST_SUM / 2 + 1;

/// What is added to them, and subtracted, as well where places below 0 are asked for. Of 32 rows of 64 places, which 16 bits
/// tell apart by 32, those are in the last: as more than a row is subtracted, no sum gets there from above, not even one that
/// saturates.
const HEADROOM: u16 = 32 * 64;

/// Indices into the table of weights up to which sums that saturate are told from others, by channels.
pub(super) const LARGEST_INDEX: [usize; 3] =
    [0, (u16::MAX >> 6) as usize, ((u16::MAX - LARGEST_SUM - 1) >> 5) as usize];

impl<V: Lanes, const CHANNELS: usize> View<'_, V, CHANNELS> {
    /// The block whose first pixel, with what is around it, is at this row and column of the planes.
    #[inline(always)]
    pub(super) fn block<'a>(
        &'a self,
        size: Block,
        (y, x): (usize, usize),
        memory: &'a mut BlockMemory,
    ) -> BlockView<'a, V, CHANNELS> {
        let (width, height) = (size.width + 2 * TEMPLATE, size.height + 2 * TEMPLATE);
        for (from, to) in self.pixels.iter().zip(&mut memory.pixels) {
            let to = to.vectors::<V>(width * height).chunks_exact_mut(height);
            for (from, to) in from[x * self.height..].chunks_exact(self.height).zip(to) {
                for (from, to) in from[y..].iter().zip(to) {
                    *to = if CHANNELS == 1 { *from } else { from.add(V::splat(64)) };
                }
            }
        }
        let corrections = memory.corrections.vectors::<V>(size.width * size.height);
        let rows = if CHANNELS == 2 { size.height } else { 0 };
        for (row, to) in corrections.chunks_exact_mut(size.width).enumerate().take(rows) {
            let from = &self.corrections[(y + row + TEMPLATE) * self.stride + x + TEMPLATE..];
            for (from, to) in from.iter().zip(to) {
                *to = V::splat(2 * self.highest - LARGEST_SUM).sub(*from);
            }
        }
        let pixels = first(&mut memory.pixels, width * height);
        BlockView { view: self, size, at: (y, x), pixels, corrections }
    }
}

impl<V: Lanes, const CHANNELS: usize> BlockView<'_, V, CHANNELS> {
    /// Squared differences of some rows of a column of pairs, those of two channels as half their sum.
    #[inline(always)]
    pub(super) fn squares(
        &self,
        offset: Offset,
        column: usize,
        rows: Range<usize>,
    ) -> impl Iterator<Item = V> + use<'_, V, CHANNELS> {
        let (y, x) = self.at;
        let here = column * (self.size.height + 2 * TEMPLATE) + rows.start;
        let there =
            (x + column).wrapping_add_signed(offset.dx) * self.view.height + y + offset.dy + rows.start;
        let len = rows.len();
        let last = CHANNELS - 1;
        let of_channel = |channel: usize| {
            let here: &[V] = &self.pixels[channel][here..here + len];
            here.iter().zip(&self.view.pixels[channel][there..there + len])
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

    /// What is added to each window sum of [`squares`](Self::squares), if anything.
    #[inline(always)]
    pub(super) fn bias<const PLACES: bool>(&self) -> Option<V> {
        (CHANNELS == 2 || PLACES).then_some(self.view.bias)
    }

    /// What such a sum comes to as an index into the table of weights, less its origin.
    #[inline(always)]
    pub(super) fn index(sum: V, (one, other): (&V, &V)) -> V {
        if CHANNELS == 1 {
            return sum.shift_right::<6>();
        }
        sum.sub(one.average(*other)).shift_right::<5>()
    }

    /// What corrects the sums of a row of pairs; something without meaning for one channel.
    #[inline(always)]
    pub(super) fn corrections(&self, offset: Offset, row: usize) -> impl Iterator<Item = (&V, &V)> {
        let (y, x) = self.at;
        let there = (y + row + TEMPLATE + offset.dy) * self.view.stride
            + (x + TEMPLATE).wrapping_add_signed(offset.dx);
        let Block { width, .. } = self.size;
        self.corrections[row * width..][..width].iter().zip(&self.view.corrections[there..there + width])
    }
}

fn rows(grid: &Grid) -> usize {
    grid.height + grid.search + 2 * TEMPLATE
}

impl PlaneMemory {
    /// Takes a piece apart into tiles; indices into the table of weights will be less by `origin`, from -63 to 64.
    #[inline(always)]
    pub(super) fn fill<V: Lanes, const CHANNELS: usize>(
        &mut self,
        planes: &Planes,
        piece: Piece,
        grid: &Grid,
        origin: i16,
    ) -> View<'_, V, CHANNELS> {
        let (stride, height) = (grid.stride(), rows(grid));
        let len = stride * height;
        for y in 0..height {
            for channel in 0..CHANNELS {
                let row = self.rows[channel].vectors::<V>(stride);
                gather_row(planes, channel, piece, grid, y, row);
                self.spread_row::<V, CHANNELS>(channel, y, (stride, height));
            }
            if CHANNELS == 2 {
                self.correct_row::<V>(y, (stride, height), highest(origin));
            }
        }
        let bias = if CHANNELS == 1 { (-64 * origin) as u16 } else { BIAS + headroom(origin) };
        View {
            stride,
            height,
            pixels: first(&mut self.pixels, len),
            neighbours: Neighbours { stride, planes: first(&mut self.neighbours, 2 * len) },
            // One channel needs none, but a plane of them.
            corrections: self.corrections.vectors(len),
            highest: highest(origin),
            bias: V::splat(bias),
        }
    }

    /// Brings a row of a channel to where its pixels are read.
    #[inline(always)]
    fn spread_row<V: Lanes, const CHANNELS: usize>(
        &mut self,
        channel: usize,
        y: usize,
        (stride, height): (usize, usize),
    ) {
        let row = &*self.rows[channel].vectors::<V>(stride);
        let to = self.neighbours[channel].vectors::<V>(2 * stride * height).as_chunks_mut().0;
        spread_row(row, &mut to[y * stride..][..stride]);
        let to = self.pixels[channel].vectors::<V>(stride * height)[y..].iter_mut().step_by(height);
        for (to, pixel) in to.zip(row) {
            *to = if CHANNELS == 1 { *pixel } else { pixel.mul(V::splat(128)) };
        }
    }

    /// Moves the window sums of two channels down to a row, and takes those around the row in its middle from `highest`.
    #[inline(always)]
    fn correct_row<V: Lanes>(&mut self, y: usize, (stride, height): (usize, usize), highest: u16) {
        let rows = self.rows.each_mut().map(|row| &*row.vectors::<V>(stride));
        let mut window_sums = WindowSums {
            last_rows: self.last_rows.vectors(SIDE * stride),
            columns: self.columns.vectors(stride),
        };
        if y == 0 {
            window_sums.clear();
        }
        window_sums.add(y, rows);
        if y >= 2 * TEMPLATE {
            let corrections = self.corrections.vectors::<V>(stride * height);
            window_sums.correct(highest, &mut corrections[(y - TEMPLATE) * stride..][..stride]);
        }
    }
}

fn headroom(origin: i16) -> u16 {
    if origin > 0 { HEADROOM } else { (-32 * origin) as u16 }
}

fn highest(origin: i16) -> u16 {
    (LARGEST_SUM + 1 + headroom(origin)).wrapping_add_signed(32 * origin)
}

/// Sums of both channels over the template window, row after row.
struct WindowSums<'a, V> {
    /// Row `y` is at `y % SIDE`.
    last_rows: &'a mut [V],
    columns: &'a mut [V],
}

impl<V: Lanes> WindowSums<'_, V> {
    fn clear(&mut self) {
        self.last_rows.fill(V::splat(0));
        self.columns.fill(V::splat(0));
    }

    /// Moves the window down to a row.
    #[inline(always)]
    fn add(&mut self, y: usize, [a, b]: [&[V]; 2]) {
        let stride = self.columns.len();
        let last = self.last_rows[y % SIDE * stride..].iter_mut().zip(self.columns.iter_mut());
        for ((last, column), (a, b)) in last.zip(a.iter().zip(b)) {
            let sum = a.add(*b);
            *column = column.add(sum).sub(*last);
            *last = sum;
        }
    }

    /// What remains of `highest` in the row in the middle of the window.
    #[inline(always)]
    fn correct(&self, highest: u16, to: &mut [V]) {
        let (first, rest) = self.columns.split_at(SIDE);
        window_sums(
            first.iter().copied(),
            rest.iter().copied(),
            None,
            to[TEMPLATE..].iter_mut(),
            #[inline(always)]
            |to, sum| *to = V::splat(highest).sub(sum),
        );
    }
}
