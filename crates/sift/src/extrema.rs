//! Local extrema of the difference of Gaussians over position and scale (Lowe 2004, section 3.1).

mod lines;

use std::ops::Range;

use self::lines::LEVELS;
use crate::aligned::Aligned;
use crate::around::{ScaleSpace, difference, exceeds, is_flat};
use crate::marks::{self, CHUNK, MARKED};
use crate::ring::LINE;
use crate::strip::Strip;

/// Finds the extrema of one row after another.
///
/// Candidates are sought among differences rounded to 16 bits, of which twice as many fit a register: what is not less
/// than its neighbours is not less after rounding, so that none is missed. Candidates are then compared exactly.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Columns that are scanned.
    columns: Range<usize>,
    /// First column of the rows here: before those that are scanned, and whole lines after the first one of the strip, to be aligned.
    origin: usize,
    /// Rounded differences of each layer around the scanned row; row `y` is at `y % ROWS`, in whole chunks.
    layers: Vec<[Aligned<i16>; ROWS]>,
    /// First row whose differences are not there yet.
    end: usize,
    marks: Aligned<[u8; LINE]>,
}

/// Rows of a neighbourhood.
const ROWS: usize = 3;

/// So many candidates of a line are compared one by one; all of its columns at once take as long as a few more.
const SINGLE: u32 = 4;

impl Scanner {
    /// Prepares for some columns of a strip, to be scanned row by row from `first` on.
    pub(crate) fn reset(&mut self, strip: &Strip<'_>, columns: &Range<usize>, layers: usize, first: usize) {
        self.columns = columns.clone();
        let held = strip.held();
        self.origin = held.start + (columns.start - 1 - held.start) / LINE * LINE;
        // At least a column more than are scanned, too.
        let width = (columns.end + 1 - self.origin).next_multiple_of(CHUNK);
        self.layers.resize_with(layers + 1, Default::default);
        self.layers.iter_mut().flatten().for_each(|row| row.resize(width));
        self.end = first - 1;
        self.marks.resize(width / LINE);
    }

    /// Calls `found(layer, x)` for each extremum of row `y` whose difference exceeds `threshold` in absolute value.
    pub(crate) fn scan(
        &mut self,
        strip: &mut Strip<'_>,
        y: usize,
        threshold: f32,
        mut found: impl FnMut(&mut Strip<'_>, usize, usize),
    ) {
        // The row below is for marking to compute.
        self.subtract(strip, y + 1);
        for first in (1..self.layers.len()).step_by(MARKED) {
            self.mark(strip, y, first, marks::rounded(threshold));
            let mut compared = false;
            for i in 0..self.marks.len() {
                let mut marks = u128::from_le_bytes(self.marks[i]);
                // Nearly always.
                if marks == 0 {
                    continue;
                }
                if !compared && marks.count_ones() > SINGLE {
                    self.compare_lines(strip, (y, i), first, threshold);
                    marks = u128::from_le_bytes(self.marks[i]);
                    compared = true;
                }
                let x = self.origin + i * LINE;
                while marks != 0 {
                    let bit = marks.trailing_zeros() as usize;
                    marks &= marks - 1;
                    let (x, layer) = (x + bit / MARKED, first + bit % MARKED);
                    if self.columns.contains(&x) && is_extremum(strip, (layer, y, x), threshold) {
                        found(strip, layer, x);
                    }
                }
            }
        }
        self.end = y + 2;
    }

    /// Computes the differences of all layers for the rows before `end`.
    fn subtract(&mut self, strip: &Strip<'_>, end: usize) {
        for row in self.end..end {
            let level = |level| strip.level(level).row_from(row, self.origin);
            for (index, layer) in self.layers.iter_mut().enumerate() {
                marks::subtract(strip.octave.isa, level(index + 1), level(index), &mut layer[row % ROWS]);
            }
        }
    }

    /// Computes the differences of the row below `y`, and marks row `y`, of [`MARKED`] layers from `first` on.
    fn mark(&mut self, strip: &Strip<'_>, y: usize, first: usize, threshold: i16) {
        let Self { origin, layers, marks, .. } = self;
        let layers = layers[first - 1..].iter_mut().take(MARKED + 1);
        let count = layers.len();
        let mut around: [marks::Layer<'_>; MARKED + 1] = Default::default();
        for (around, [a, b, c]) in around.iter_mut().zip(layers) {
            let (above, at, below) = match y % ROWS {
                0 => (c, a, b),
                1 => (a, b, c),
                _ => (b, c, a),
            };
            *around = marks::Layer { above, at, below };
        }
        let mut levels = [&[][..]; MARKED + 2];
        for (index, row) in (first - 1..).zip(&mut levels[..=count]) {
            *row = strip.level(index).row_from(y + 1, *origin);
        }
        marks::mark(
            strip.octave.isa,
            &levels[..=count],
            &mut around[..count],
            threshold,
            marks.as_flattened_mut(),
        );
    }

    /// Compares the lines of row `y` from number `line` on that have many marks. What is left are those of layers from `first` on where
    /// [`is_extremum`] holds, if the topmost level does not say otherwise. Kept apart from the search, which hardly ever needs it in
    /// photographs.
    #[cold]
    fn compare_lines(&mut self, strip: &Strip<'_>, (y, line): (usize, usize), first: usize, threshold: f32) {
        let held = (first - 1..strip.levels()).take(LEVELS);
        let mut levels = [strip.level(first - 1); LEVELS];
        let count = held.len();
        for (rows, level) in levels.iter_mut().zip(held) {
            *rows = strip.level(level);
        }
        let columns = (self.origin..).step_by(LINE);
        for (marks, x) in self.marks.iter_mut().zip(columns).skip(line) {
            if u128::from_le_bytes(*marks).count_ones() > SINGLE {
                lines::mark(strip.octave.isa, &levels[..count], (y, x), threshold, marks);
            }
        }
    }
}

/// Whether a difference exceeds the threshold in absolute value and is not within its 26 neighbours, nor equal to all 8 of its
/// layer.
fn is_extremum(strip: &mut Strip<'_>, (layer, y, x): (usize, usize, usize), threshold: f32) -> bool {
    let value = strip.difference(layer, y, x);
    if value.abs() <= threshold {
        return false;
    }
    let (lowest, before) = (strip.held_around(layer - 1, y, x), strip.held_around(layer, y, x));
    let after = strip.held_around(layer + 1, y, x);
    let here = difference(&after, &before);
    // Both, as it is as likely as not that one is exceeded.
    if exceeds(&difference(&before, &lowest), value) | exceeds(&here, value) {
        return false;
    }
    // Where the layer is flat nothing moves an extremum, and refinement takes it for an edge: flat pictures are full of those.
    if is_flat(&here) {
        return false;
    }
    // The layer above last: it may be the one that is computed for this.
    !strip.surely_exceeds(layer + 1, (y, x), &after, value)
        && !exceeds(&difference(&strip.around(layer + 2, y, x), &after), value)
}
