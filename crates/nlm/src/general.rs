//! Non-local means with any parameters and number of channels, at a cost that does not depend on the template window.
//!
//! The weight of a pixel for another is that of the other for the one, so half of the search window's offsets do. For
//! each of them the band's rows are gone through from top to bottom: sums of squared differences over a column of the
//! template window are kept and moved down a row (one square added, one taken away), their sums along the row are made
//! by doubling, and the weights found with them are added to the pixels at both ends of the offset. Where the ends are so far apart that
//! most pairs between them have none in the band, each end has its own pairs.

use std::ops::Range;

use crate::isa::for_each_isa;
use crate::task::Task;
use crate::{Control, Error};

/// Bytes of sums that a band may hold, so that they stay in the second-level cache.
const BAND_BYTES: usize = 768 * 1024;

/// Rows of pairs from one look at whether to stop to the next: of small pictures they are short, of wide search windows many.
const ROWS_UNASKED: usize = 16;

/// Memory of a band, kept from band to band and from image to image.
#[derive(Debug, Default)]
pub(crate) struct GeneralMemory {
    /// Sums of weights, row after row of the band.
    totals: Vec<u32>,
    /// Sums of weights times pixels, one array a channel.
    sums: Vec<Vec<u32>>,
    /// Sums of squared differences over the template window's height.
    columns: Vec<u32>,
    /// Sums over runs of a power of two of columns, and over the template window's width.
    runs: Vec<u32>,
    distances: Vec<u32>,
    weights: Vec<u32>,
    /// Rows of pairs since the last look at whether to stop.
    unasked: usize,
}

/// An offset between two pixels; one of each pair of opposite ones.
#[derive(Clone, Copy)]
struct Offset {
    dy: isize,
    dx: isize,
}

/// A rectangle of pairs, where they begin.
struct Pairs {
    x: Range<isize>,
    y: Range<isize>,
}

impl Pairs {
    /// Those that end where these begin.
    fn moved_by(&self, Offset { dy, dx }: Offset) -> Self {
        let Self { x, y } = self;
        Self { x: x.start - dx..x.end - dx, y: y.start - dy..y.end - dy }
    }

    /// These, the others, and all between.
    fn and_between(&self, other: &Self) -> Self {
        let hull = |a: &Range<isize>, b: &Range<isize>| a.start.min(b.start)..a.end.max(b.end);
        Self { x: hull(&self.x, &other.x), y: hull(&self.y, &other.y) }
    }

    /// Squared differences in their template windows.
    fn squares(&self, template: usize) -> usize {
        (self.x.len() + 2 * template) * (self.y.len() + 2 * template)
    }
}

/// Ends of pairs that are given their share, where they are in the band: those where the pairs begin, those at an offset from there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Near,
    Far,
    Both,
}

/// Rows of a band: enough that the work above its first row, where column sums begin anew, is a small share.
pub(crate) fn band_rows(task: &Task<'_>, threads: usize) -> usize {
    let cached = BAND_BYTES / (4 * (task.channels + 1) * task.width.max(1));
    let warm_up = 2 * task.params.template_radius() + 1 + task.params.search_radius();
    cached.max(warm_up).max(16).min(task.height.div_ceil(threads)).max(1)
}

/// Denoises a band of rows, `first_row` the first of them, into `out`, interleaved.
pub(crate) fn run(
    task: &Task<'_>,
    first_row: usize,
    memory: &mut GeneralMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let rows = first_row..first_row + out.len() / (task.width * task.channels);
    memory.begin(task, rows.len());
    let band = rows.start as isize..rows.end as isize;
    let search = task.params.search_radius() as isize;
    for dy in 0..=search {
        for dx in if dy == 0 { 1 } else { -search }..=search {
            memory.add(task, &band, Offset { dy, dx }, control)?;
        }
    }
    memory.finish(task, &rows, out);
    Ok(())
}

impl GeneralMemory {
    /// Clears the sums.
    fn begin(&mut self, task: &Task<'_>, rows: usize) {
        let pixels = rows * task.width;
        self.totals.clear();
        self.totals.resize(pixels, 0);
        self.sums.resize_with(task.channels, Vec::new);
        for sums in &mut self.sums {
            sums.clear();
            sums.resize(pixels, 0);
        }
    }

    /// Adds what pixels at an offset from each other give to each other.
    fn add(
        &mut self,
        task: &Task<'_>,
        rows: &Range<isize>,
        offset: Offset,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        // Of which the one end, or the other, is in the band.
        let near = Pairs { x: 0..task.width as isize, y: rows.clone() };
        let far = near.moved_by(offset);
        let all = near.and_between(&far);
        let template = task.params.template_radius();
        if 2 * near.squares(template) < all.squares(template) {
            self.add_pairs(task, rows, (&near, Ends::Near), offset, control)?;
            self.add_pairs(task, rows, (&far, Ends::Far), offset, control)
        } else {
            self.add_pairs(task, rows, (&all, Ends::Both), offset, control)
        }
    }

    /// Adds what these pairs give to their ends in a band of these rows.
    fn add_pairs(
        &mut self,
        task: &Task<'_>,
        rows: &Range<isize>,
        (pairs, ends): (&Pairs, Ends),
        offset: Offset,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        let template = task.params.template_radius() as isize;
        let Offset { dy, dx } = offset;
        let (first, left) = (pairs.y.start, pairs.x.start);
        self.columns.clear();
        self.columns.resize(pairs.x.len() + 2 * template as usize, 0);
        for y in first - template..first + template {
            self.move_columns(task, y, None, left - template, offset);
        }
        for y in pairs.y.clone() {
            self.unasked += 1;
            if self.unasked >= ROWS_UNASKED {
                self.unasked = 0;
                if control.should_stop() {
                    return Err(Error::Stopped);
                }
            }
            let gone = (y > first).then_some(y - template - 1);
            self.move_columns(task, y + template, gone, left - template, offset);
            self.weigh(task, pairs.x.len());
            let band_row = |y: isize| (y - rows.start) as usize * task.width;
            if ends != Ends::Far && rows.contains(&y) {
                // The end at (x, y), for x from 0 on, takes the pixel at (x + dx, y + dy).
                self.share(task, band_row(y), -left as usize, y + dy, dx);
            }
            if ends != Ends::Near && rows.contains(&(y + dy)) {
                // The end at (x + dx, y + dy), for x + dx from 0 on, takes the pixel at (x, y).
                self.share(task, band_row(y + dy), (-dx - left) as usize, y, -dx);
            }
        }
        Ok(())
    }

    /// Adds row `new` of squared differences to the column sums and takes away row `gone`.
    fn move_columns(&mut self, task: &Task<'_>, new: isize, gone: Option<isize>, x: isize, offset: Offset) {
        let Offset { dy, dx } = offset;
        let len = self.columns.len();
        for channel in 0..task.channels {
            let row = |y: isize| {
                (task.planes.row(channel, y, x, len), task.planes.row(channel, y + dy, x + dx, len))
            };
            match gone {
                Some(gone) => replace_squares(task.isa, row(new), row(gone), &mut self.columns),
                None => add_squares(task.isa, row(new), &mut self.columns),
            }
        }
    }

    /// Turns the column sums into the weights of a row of pairs.
    fn weigh(&mut self, task: &Task<'_>, pairs: usize) {
        let side = 2 * task.params.template_radius() + 1;
        self.runs.resize(self.columns.len(), 0);
        self.runs.copy_from_slice(&self.columns);
        self.distances.clear();
        self.distances.resize(pairs, 0);
        window_sums(task.isa, side, &mut self.runs, &mut self.distances);
        self.weights.resize(pairs, 0);
        look_up(task.isa, task.weights.table(), task.weights.shift(), &self.distances, &mut self.weights);
    }

    /// Adds a row of weights, from the `skip`th on, and the pixels that they are for, to a row of the band.
    fn share(&mut self, task: &Task<'_>, at: usize, skip: usize, y: isize, x: isize) {
        let width = task.width;
        let weights = &self.weights[skip..skip + width];
        add(task.isa, weights, &mut self.totals[at..at + width]);
        for (channel, sums) in self.sums.iter_mut().enumerate() {
            let pixels = task.planes.row(channel, y, x, width);
            add_products(task.isa, weights, pixels, &mut sums[at..at + width]);
        }
    }

    /// Divides the sums, rounding as OpenCV does, each pixel's own largest weight included.
    fn finish(&self, task: &Task<'_>, rows: &Range<usize>, out: &mut [u8]) {
        let own = task.weights.own();
        for row in 0..rows.len() {
            for channel in 0..task.channels {
                let pixels = task.planes.row(channel, (rows.start + row) as isize, 0, task.width);
                let sums = &self.sums[channel][row * task.width..][..task.width];
                let totals = &self.totals[row * task.width..][..task.width];
                let out =
                    out[row * task.width * task.channels..].iter_mut().skip(channel).step_by(task.channels);
                for (((out, &pixel), &sum), &total) in out.zip(pixels).zip(sums).zip(totals) {
                    let total = total + own;
                    *out = ((sum + own * u32::from(pixel) + total / 2) / total).min(255) as u8;
                }
            }
        }
    }
}

for_each_isa! {
    /// Adds the squared differences of two rows.
    fn add_squares(rows: (&[u8], &[u8]), columns: &mut [u32]) = add_squares_body;
}

for_each_isa! {
    /// Adds the squared differences of two rows and takes away those of two others.
    fn replace_squares(new: (&[u8], &[u8]), gone: (&[u8], &[u8]), columns: &mut [u32]) = replace_squares_body;
}

for_each_isa! {
    /// Sums each `side` consecutive values of `runs`, in a number of steps that grows with the logarithm of `side`.
    fn window_sums(side: usize, runs: &mut [u32], sums: &mut [u32]) = window_sums_body;
}

for_each_isa! {
    fn look_up(table: &[u32], shift: u32, distances: &[u32], weights: &mut [u32]) = look_up_body;
}

for_each_isa! {
    fn add(what: &[u32], to: &mut [u32]) = add_body;
}

for_each_isa! {
    fn add_products(weights: &[u32], pixels: &[u8], to: &mut [u32]) = add_products_body;
}

#[inline(always)]
fn square(a: u8, b: u8) -> u32 {
    let difference = i32::from(a) - i32::from(b);
    (difference * difference) as u32
}

#[inline(always)]
fn add_squares_body((a, b): (&[u8], &[u8]), columns: &mut [u32]) {
    for ((column, &a), &b) in columns.iter_mut().zip(a).zip(b) {
        *column += square(a, b);
    }
}

#[inline(always)]
fn replace_squares_body((a, b): (&[u8], &[u8]), (c, d): (&[u8], &[u8]), columns: &mut [u32]) {
    let pixels = a.iter().zip(b).zip(c.iter().zip(d));
    for (column, ((&a, &b), (&c, &d))) in columns.iter_mut().zip(pixels) {
        *column = *column + square(a, b) - square(c, d);
    }
}

#[inline(always)]
fn window_sums_body(side: usize, runs: &mut [u32], sums: &mut [u32]) {
    // `runs[x]` is the sum of `run` values from `x` on; `done` values are in `sums` so far.
    let (mut run, mut done) = (1, 0);
    loop {
        if side & run != 0 {
            add_body(&runs[done..done + sums.len()], sums);
            done += run;
        }
        if 2 * run > side {
            return;
        }
        for x in 0..runs.len().saturating_sub(run) {
            runs[x] += runs[x + run];
        }
        run *= 2;
    }
}

#[inline(always)]
fn look_up_body(table: &[u32], shift: u32, distances: &[u32], weights: &mut [u32]) {
    let Some(last) = table.len().checked_sub(1) else { return };
    for (weight, &distance) in weights.iter_mut().zip(distances) {
        *weight = table[((distance >> shift) as usize).min(last)];
    }
}

#[inline(always)]
fn add_body(what: &[u32], to: &mut [u32]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += what;
    }
}

#[inline(always)]
fn add_products_body(weights: &[u32], pixels: &[u8], to: &mut [u32]) {
    for ((to, weight), &pixel) in to.iter_mut().zip(weights).zip(pixels) {
        *to += weight * u32::from(pixel);
    }
}
