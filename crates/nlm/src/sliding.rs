//! Non-local means for any template window and one or two channels, by sums that slide.
//!
//! For each offset, sums of squared differences over the columns of the template window move down a row at a time (one
//! square comes in, one goes out), and sums over its width are differences of running sums along the row: the time does
//! not depend on the template window. The weights of all offsets along a row of the search window are found for a row of
//! pixels, and then added to the sums of the pixels at either end, which meanwhile stay in registers.

use crate::accumulate::{Sums, quotient, vectors};
use crate::band::Task;
use crate::isa::Isa;
use crate::lanes::{Buffer, Kernel, Lanes, for_each_lanes, wide_lanes_mut};
use crate::weights::Weights;
use crate::{Control, Error, Params};

/// Columns of a piece: few enough that the sums of all offsets along a row stay in the second-level cache.
const PIECE_WIDTH: usize = 640;

/// Rows of a band, but for those of the window above it that are gone through first.
const BAND_HEIGHT: usize = 1024;

/// Radii of the search window: below, so few weights are summed that they may take more than 16 bits; above, they
/// outgrow the cache.
const SMALLEST_SEARCH: usize = 4;
const LARGEST_SEARCH: usize = 64;

/// Indices into the table of weights that are told apart; all beyond are taken for the largest, whose weight is zero.
const LARGEST_INDEX: usize = 0x7fff;

/// Lanes of the widest vector, by which rows are longer than what they hold.
const SLACK: usize = 32;

/// Memory of a thread, kept from piece to piece and from image to image.
#[derive(Debug, Default)]
pub(crate) struct SlidingMemory {
    /// Sums over the template window's height, one row an offset.
    columns: Buffer,
    /// 32-bit values from one of these rows to the next: whole cache lines.
    columns_stride: usize,
    indices: Vec<u16>,
    /// One row an offset, and one of zeros.
    weights: Vec<u16>,
    /// Pixels of a row and of that which it is paired with, by channel.
    here: [Vec<u16>; 2],
    there: [Vec<u16>; 2],
    sums: Buffer,
}

/// A part of a picture, px.
#[derive(Debug, Clone, Copy)]
struct Piece {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The kernel for these parameters; `None` where they are not for this path, or its table is not exact.
pub(crate) fn kernel(isa: Isa, params: &Params, channels: usize, weights: &Weights) -> Option<Kernel> {
    let fits = (1..=2).contains(&channels)
        && weights.nonzero().len() <= LARGEST_INDEX
        && (SMALLEST_SEARCH..=LARGEST_SEARCH).contains(&params.search_radius());
    fits.then(|| Kernel::new(isa, weights)).flatten()
}

/// Rows of a band: one a thread, or more where they are high.
pub(crate) fn band_rows(height: usize, threads: usize) -> usize {
    height.div_ceil(threads * height.div_ceil(BAND_HEIGHT * threads))
}

/// Denoises a band of rows, `first_row` the first of them, into `out`, interleaved.
pub(crate) fn run(
    kernel: &Kernel,
    task: &Task<'_>,
    first_row: usize,
    memory: &mut SlidingMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let height = out.len() / (task.width * task.channels);
    let width = task.width.div_ceil(task.width.div_ceil(PIECE_WIDTH));
    for x in (0..task.width).step_by(width) {
        let piece = Piece { x, y: first_row, width: width.min(task.width - x), height };
        match task.channels {
            1 => run_piece::<1>(kernel, task, piece, memory, control, out)?,
            _ => run_piece::<2>(kernel, task, piece, memory, control, out)?,
        }
    }
    Ok(())
}

for_each_lanes! {
    fn run_piece<const CHANNELS: usize>(
        task: &Task<'_>,
        piece: Piece,
        memory: &mut SlidingMemory,
        control: &Control<'_>,
        out: &mut [u8],
    ) -> Result<(), Error> = run_piece_body;
}

#[inline(always)]
fn run_piece_body<V: Lanes, const CHANNELS: usize>(
    table: &V::Table,
    task: &Task<'_>,
    piece: Piece,
    memory: &mut SlidingMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let weigher = V::weigher(table);
    let (template, search) = (task.params.template_radius() as isize, task.params.search_radius() as isize);
    let blocks = piece.width.div_ceil(V::LANES);
    memory.begin(task, piece);
    let mut sums = std::mem::take(&mut memory.sums);
    let all = sums.wide::<V>(piece.height * blocks * vectors(CHANNELS));
    all.fill(V::wide_zero());
    let (top, bottom) = (piece.y as isize, (piece.y + piece.height) as isize);
    for dy in 0..=search {
        let offsets = Offsets { dy, first: if dy == 0 { 1 } else { -search }, last: search };
        memory.all_columns::<V>(task).fill(0);
        let first = top - dy;
        for y in first - template..first + template {
            for dx in offsets.first..=offsets.last {
                memory.slide::<V, CHANNELS>(task, piece, offsets, dx, y, None);
            }
        }
        for y in first..bottom {
            if control.should_stop() {
                memory.sums = sums;
                return Err(Error::Stopped);
            }
            for dx in offsets.first..=offsets.last {
                let gone = (y > first).then_some(y - template - 1);
                memory.slide::<V, CHANNELS>(task, piece, offsets, dx, y + template, gone);
                memory.weigh::<V>(task, piece, offsets, dx, &weigher);
            }
            memory.load_pixels::<CHANNELS>(task, piece, y, y + dy);
            let row = |y: isize| {
                let start = (y - top) as usize * blocks * vectors(CHANNELS);
                start..start + blocks * vectors(CHANNELS)
            };
            if y >= top {
                memory.add_forward::<V, CHANNELS>(offsets, search, &mut all[row(y)]);
            }
            if y + dy < bottom {
                memory.add_backward::<V, CHANNELS>(offsets, search, &mut all[row(y + dy)]);
            }
        }
    }
    divide::<V, CHANNELS>(task, piece, wide_lanes_mut::<V>(all), out);
    memory.sums = sums;
    Ok(())
}

/// Offsets of one row of the search window.
#[derive(Clone, Copy)]
struct Offsets {
    dy: isize,
    first: isize,
    last: isize,
}

impl Offsets {
    /// The row of an offset among those of the others.
    #[inline(always)]
    fn slot(self, dx: isize) -> usize {
        (dx - self.first) as usize
    }

    /// Number of pairs of neighbouring offsets.
    #[inline(always)]
    fn pairs(self) -> usize {
        self.slot(self.last) / 2 + 1
    }
}

/// Samples of a row of pixels or weights, which begins a search radius before the piece.
fn row_len(piece: Piece, search: usize) -> usize {
    piece.width + 2 * search + 2 * SLACK
}

impl SlidingMemory {
    /// Makes room.
    fn begin(&mut self, task: &Task<'_>, piece: Piece) {
        let (template, search) = (task.params.template_radius(), task.params.search_radius());
        let offsets = 2 * search + 1;
        let row = row_len(piece, search);
        self.columns_stride = (row + 2 * template).next_multiple_of(SLACK);
        self.indices.resize(row, 0);
        self.weights.clear();
        self.weights.resize((offsets + 1) * row, 0);
        for pixels in self.here.iter_mut().chain(&mut self.there) {
            pixels.resize(row, 0);
        }
    }

    /// The column sums of all offsets.
    #[inline(always)]
    fn all_columns<V: Lanes>(&mut self, task: &Task<'_>) -> &mut [u32] {
        let len = self.columns_stride * (2 * task.params.search_radius() + 1);
        wide_lanes_mut::<V>(self.columns.wide::<V>(len * 2 / V::LANES))
    }

    /// Moves the column sums of an offset down: adds row `new` and takes away row `gone`.
    #[inline(always)]
    fn slide<V: Lanes, const CHANNELS: usize>(
        &mut self,
        task: &Task<'_>,
        piece: Piece,
        offsets: Offsets,
        dx: isize,
        new: isize,
        gone: Option<isize>,
    ) {
        let template = task.params.template_radius();
        let span = piece.width + dx.unsigned_abs() + 2 * template;
        let left = piece.x as isize - dx.max(0) - template as isize;
        let start = offsets.slot(dx) * self.columns_stride;
        let columns = &mut self.all_columns::<V>(task)[start..start + span];
        for channel in 0..CHANNELS {
            let row = |y: isize| {
                let here = task.planes.row(channel, y, left, span);
                (here, task.planes.row(channel, y + offsets.dy, left + dx, span))
            };
            let (a, b) = row(new);
            match gone.map(row) {
                Some((c, d)) => V::replace_squares([a, b], [c, d], columns),
                None => {
                    for (column, (&a, &b)) in columns.iter_mut().zip(a.iter().zip(b)) {
                        *column = column.wrapping_add(square(a, b));
                    }
                }
            }
        }
    }

    /// Finds the weights of an offset for a row of pairs.
    #[inline(always)]
    fn weigh<V: Lanes>(
        &mut self,
        task: &Task<'_>,
        piece: Piece,
        offsets: Offsets,
        dx: isize,
        weigher: &V::Weigher,
    ) {
        let (template, search) = (task.params.template_radius(), task.params.search_radius());
        let (side, shift) = (2 * template + 1, task.weights.shift());
        let count = piece.width + dx.unsigned_abs();
        let row = row_len(piece, search);
        // A few more than there are, beyond which their row is free.
        let indices = &mut self.indices[..=(count - 1).next_multiple_of(SLACK)];
        let start = offsets.slot(dx) * self.columns_stride;
        let columns = self.columns.wide::<V>(self.columns_stride * (2 * search + 1) * 2 / V::LANES);
        let columns = &wide_lanes_mut::<V>(columns)[start..][..indices.len() + side - 1];
        V::window_indices(columns, side, shift, indices);
        // Weights stand a search radius and the pair's column after the start of their row.
        let start = offsets.slot(dx) * row + (search as isize - dx.max(0)) as usize;
        let weights = &mut self.weights[start..];
        for at in (0..count).step_by(V::LANES) {
            V::weigh::<true>(weigher, V::load(&self.indices[at..])).store(&mut weights[at..]);
        }
    }

    /// Loads a row of pixels and that which it is paired with.
    #[inline(always)]
    fn load_pixels<const CHANNELS: usize>(
        &mut self,
        task: &Task<'_>,
        piece: Piece,
        here: isize,
        there: isize,
    ) {
        let search = task.params.search_radius();
        let len = piece.width + 2 * search;
        let left = piece.x as isize - search as isize;
        for channel in 0..CHANNELS {
            for (pixels, y) in [(&mut self.here[channel], here), (&mut self.there[channel], there)] {
                for (to, &from) in pixels.iter_mut().zip(task.planes.row(channel, y, left, len)) {
                    *to = u16::from(from);
                }
            }
        }
    }

    /// Adds to each pixel the weights of those that follow it, and their products.
    #[inline(always)]
    fn add_forward<V: Lanes, const CHANNELS: usize>(
        &self,
        offsets: Offsets,
        search: isize,
        sums: &mut [V::Wide],
    ) {
        let row = self.weights.len() / (2 * search as usize + 2);
        for (block, sums) in sums.chunks_exact_mut(vectors(CHANNELS)).enumerate() {
            let x = block * V::LANES + search as usize;
            let mut sum = Sums::<V, CHANNELS>::load(sums);
            for pair in 0..offsets.pairs() {
                let weights = |i: usize| V::load(&self.weights[(2 * pair + i) * row + x..]);
                let pixel = x.wrapping_add_signed(offsets.first) + 2 * pair;
                let pairs = neighbours::<V, CHANNELS>(&self.there, pixel, pixel + 1);
                sum.add([weights(0), weights(1)], pairs.each_ref());
            }
            sum.store(sums);
        }
    }

    /// Adds to each pixel the weights of those that it follows, and their products.
    #[inline(always)]
    fn add_backward<V: Lanes, const CHANNELS: usize>(
        &self,
        offsets: Offsets,
        search: isize,
        sums: &mut [V::Wide],
    ) {
        let row = self.weights.len() / (2 * search as usize + 2);
        for (block, sums) in sums.chunks_exact_mut(vectors(CHANNELS)).enumerate() {
            let x = block * V::LANES + search as usize;
            let mut sum = Sums::<V, CHANNELS>::load(sums);
            for pair in 0..offsets.pairs() {
                let from = x.wrapping_add_signed(-offsets.first) - 2 * pair;
                // The second of the last pair may be no offset: its weights are zero wherever they are read.
                let second = from.saturating_sub(1);
                let first = V::load(&self.weights[2 * pair * row + from..]);
                let weights = [first, V::load(&self.weights[(2 * pair + 1) * row + second..])];
                let pairs = neighbours::<V, CHANNELS>(&self.here, from, second);
                sum.add(weights, pairs.each_ref());
            }
            sum.store(sums);
        }
    }
}

/// Pixels from two columns on, interleaved.
#[inline(always)]
fn neighbours<V: Lanes, const CHANNELS: usize>(
    rows: &[Vec<u16>; 2],
    first: usize,
    second: usize,
) -> [[V; 2]; CHANNELS] {
    let mut pairs = [[V::splat(0); 2]; CHANNELS];
    for (pairs, row) in pairs.iter_mut().zip(rows) {
        *pairs = V::load(&row[first..]).interleave(V::load(&row[second..]));
    }
    pairs
}

#[inline(always)]
fn square(a: u8, b: u8) -> u32 {
    let difference = u16::from(a.abs_diff(b));
    u32::from(difference * difference)
}

/// Divides sums, each pixel's own weight and product included, and writes the piece.
#[inline(always)]
fn divide<V: Lanes, const CHANNELS: usize>(task: &Task<'_>, piece: Piece, sums: &[u32], out: &mut [u8]) {
    let own = task.weights.table().first().copied().unwrap_or(1);
    let lanes = V::LANES;
    let row_of_sums = piece.width.div_ceil(lanes) * lanes * (1 + CHANNELS);
    for (y, sums) in sums.chunks_exact(row_of_sums).enumerate() {
        let out = &mut out[(y * task.width + piece.x) * CHANNELS..][..piece.width * CHANNELS];
        for channel in 0..CHANNELS {
            let pixels = task.planes.row(channel, (piece.y + y) as isize, piece.x as isize, piece.width);
            for (x, (&pixel, out)) in pixels.iter().zip(out.chunks_exact_mut(CHANNELS)).enumerate() {
                let block = &sums[x / lanes * lanes * (1 + CHANNELS)..][..lanes * (1 + CHANNELS)];
                let at = V::spread(x % lanes);
                let sum = block[(1 + channel) * lanes + at] + own * u32::from(pixel);
                out[channel] = quotient(sum, block[at] + own);
            }
        }
    }
}
