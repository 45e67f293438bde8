//! Non-local means for any template window and one or two channels, by sums that slide.
//!
//! Lanes are offsets: lane `l` of a vector is for the pair of a pixel and the one `l` px further along a row. Sums of squared
//! differences over the columns of the template window move down a row at a time (one square comes in, one goes out), and
//! sums over its width move along the row in the same manner, by whole vectors: the time does not depend on the template
//! window, and nothing is shuffled. What the lanes of a vector give to the pixel that they have in common is one sum, and
//! what they give to the pixels at their other ends falls on neighbours.

mod columns;
mod offsets;
mod rows;
mod sums;

use std::iter;
use std::ops::Range;

use self::columns::{Columns, Window};
use self::offsets::{Group, groups, offsets};
use self::rows::Rows;
use self::sums::Sums;
use crate::isa::Isa;
use crate::lanes::{Buffer, Kernel, LARGEST_INDEX, Lanes, LookUp, Portable, WIDEST, for_each_lanes};
use crate::piece::Piece;
use crate::task::Task;
use crate::weights::Weights;
use crate::{Control, Error, Params};

/// Columns of a piece: few enough that the sums of all offsets along a row stay in the second-level cache, with search windows of up to
/// some 130 px.
const PIECE_WIDTH: usize = 1280;

/// Rows of a band, but for those of the window above it that are gone through first.
const BAND_HEIGHT: usize = 1024;

/// Largest radius of the search window: column sums of a whole piece take 4 MB then.
const LARGEST_SEARCH: usize = 256;

/// Pixels whose pairs are gone through at a time, by all groups of offsets, a multiple of all lanes: few enough for the
/// first-level cache.
const RUN: usize = 2 * WIDEST;

/// Groups of offsets of the largest search window, by the fewest lanes.
const MOST_GROUPS: usize = (2 * LARGEST_SEARCH + 1).div_ceil(Portable::LANES);

/// Memory of a thread, kept from piece to piece and from image to image.
#[derive(Debug, Default)]
pub(crate) struct SlidingMemory {
    rows: Rows,
    columns: Buffer,
    sums: Vec<u32>,
}

/// The kernel for these parameters; `None` where they are not for this path, or its table is not exact.
pub(crate) fn kernel(isa: Isa, params: &Params, channels: usize, weights: &Weights) -> Option<Kernel> {
    let fits = (1..=2).contains(&channels)
        && weights.fit_lanes()
        && weights.nonzero().len() <= usize::from(LARGEST_INDEX)
        && params.search_radius() <= LARGEST_SEARCH;
    fits.then(|| Kernel::new(isa, weights, LookUp::Vectors)).flatten()
}

/// Rows of a band: one a thread, or more where they are high.
pub(crate) fn band_rows(height: usize, threads: usize) -> usize {
    let bands = height.div_ceil(BAND_HEIGHT).next_multiple_of(threads);
    height.div_ceil(bands)
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
    for piece in Piece::of_band(task.width, (first_row, height), PIECE_WIDTH) {
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
    let (template, search) = (task.params.template_radius() as isize, task.params.search_radius() as isize);
    let (top, bottom) = (piece.y as isize, (piece.y + piece.height) as isize);
    let mut pass = Pass::<V, CHANNELS>::new(table, task, piece, memory);
    for dy in 0..=search {
        let groups = groups(offsets(dy, search), V::LANES);
        for span in spans(top..bottom, dy, template) {
            pass.begin_windows(&groups, dy, span.start);
            for y in span.clone() {
                if control.should_stop() {
                    return Err(Error::Stopped);
                }
                pass.add_row(&groups, dy, y, y > span.start);
            }
        }
    }
    pass.sums.divide(task, piece, out);
    Ok(())
}

/// Rows whose pairs, `dy` below them, have an end in a piece: those above it that lead into it, and its own. They are one span with all
/// between, or two where more lie between than the rows with which the second one's template windows begin.
fn spans(rows: Range<isize>, dy: isize, template: isize) -> impl Iterator<Item = Range<isize>> {
    let above = rows.start - dy..rows.end - dy;
    let apart = above.end + 2 * template < rows.start;
    let (first, second) = if apart { (above, Some(rows)) } else { (above.start..rows.end, None) };
    iter::once(first).chain(second)
}

/// Going through a piece, row by row.
struct Pass<'a, V: Lanes, const CHANNELS: usize> {
    task: &'a Task<'a>,
    piece: Piece,
    rows: &'a mut Rows,
    columns: Columns<'a, V>,
    sums: Sums<'a, V, CHANNELS>,
    weigher: V::Weigher,
    /// Of the pairs of a run, after those of the pair before it.
    weights: [V; RUN + 1],
    /// Of each group the windows at the next pixel, and the weights of the last.
    at: [(Window<V>, V); MOST_GROUPS],
}

impl<'a, V: Lanes, const CHANNELS: usize> Pass<'a, V, CHANNELS> {
    #[inline(always)]
    fn new(table: &V::Table, task: &'a Task<'a>, piece: Piece, memory: &'a mut SlidingMemory) -> Self {
        let SlidingMemory { rows, columns, sums } = memory;
        rows.begin(task, piece, V::LANES);
        Self {
            task,
            piece,
            rows,
            columns: Columns::new(columns, task, piece, V::is_long(table)),
            sums: Sums::new(sums, piece, task.params.search_radius()),
            weigher: V::weigher(table),
            weights: [V::splat(0); RUN + 1],
            at: [(Window::new(), V::splat(0)); MOST_GROUPS],
        }
    }

    /// Sums columns anew, of all rows that the windows of row `first` hold but their last.
    #[inline(always)]
    fn begin_windows(&mut self, groups: &(impl Iterator<Item = Group> + Clone), dy: isize, first: isize) {
        self.columns.clear();
        let template = self.task.params.template_radius() as isize;
        // Two rows of one channel, or one of two, are loaded at a time.
        for y in (first - template..first + template).step_by(2 / CHANNELS) {
            self.rows.load_new(self.task, self.piece, dy, y);
            for (slot, group) in groups.clone().enumerate() {
                self.columns.add_rows(slot, self.rows, group, group.pairs(self.piece.width));
            }
        }
    }

    /// Moves all sums on to row `y`, from the one above unless windows begin here, and adds the weights of its pairs, run by run.
    #[inline(always)]
    fn add_row(&mut self, groups: &(impl Iterator<Item = Group> + Clone), dy: isize, y: isize, moves: bool) {
        let Self { task, piece, .. } = *self;
        let template = task.params.template_radius() as isize;
        self.rows.load_changes(task, piece, dy, y + template, moves.then_some(y - template - 1));
        self.rows.load_ends(task, piece, y, y + dy);
        // Rows of the piece that the pixels at both ends of the pairs are in, if they are.
        let row = |y: isize| usize::try_from(y - piece.y as isize).ok().filter(|row| *row < piece.height);
        let (here, there) = (row(y), row(y + dy));
        let search = task.params.search_radius();
        let first = -((search + search % 2) as isize);
        for x in (first..Group::end(piece.width, search) as isize).step_by(RUN) {
            for (slot, group) in groups.clone().enumerate() {
                let pairs = group.pairs(piece.width);
                let run = pairs.start.max(x)..pairs.end.min(x + RUN as isize);
                if run.is_empty() {
                    continue;
                }
                if run.start == pairs.start {
                    let window = self.columns.begin::<CHANNELS>(slot, self.rows, group, run.start);
                    self.at[slot] = (window, V::splat(0));
                }
                self.add_run((slot, group), run, x, there);
            }
            self.sums.gather(here, x);
        }
    }

    /// Adds the weights of pairs of a group, the `slot`th, in the run of pixels that begins at `x`; their other ends are in row
    /// `there` of the piece, or outside.
    #[inline(always)]
    fn add_run(
        &mut self,
        (slot, group): (usize, Group),
        pairs: Range<isize>,
        x: isize,
        there: Option<usize>,
    ) {
        let (window, last) = &mut self.at[slot];
        let weights = &mut self.weights[..=(pairs.end - pairs.start) as usize];
        weights[0] = *last;
        let (rows, skip) = (&*self.rows, (pairs.start - x) as usize);
        self.columns.slide::<CHANNELS>((slot, group), rows, window, pairs.start, &mut weights[1..]);
        let shares = self.sums.shares(rows, group, skip, pairs.start);
        self.columns.weigh(group, &self.weigher, &mut weights[1..], shares);
        *last = weights[weights.len() - 1];
        if let Some(there) = there {
            self.sums.add_there(rows, group, there, pairs.start, weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_lead_to_no_pixel_are_passed_over_where_they_are_many() {
        let all = |dy| spans(8..20, dy, 3).map(|span| (span.start, span.end)).collect::<Vec<_>>();
        assert_eq!(all(0), [(8, 20)]);
        assert_eq!(all(18), [(-10, 20)]);
        assert_eq!(all(19), [(-11, 1), (8, 20)]);
    }
}
