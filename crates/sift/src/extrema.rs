//! Local extrema of the difference of Gaussians over position and scale (Lowe 2004, section 3.1).

use std::ops::Range;

use crate::aligned::Aligned;
use crate::around::{ScaleSpace, difference, exceeds};
use crate::isa::{Isa, for_each_isa};
use crate::marks::{self, CHUNK, Columns, Mark, Neighbourhood, ROWS};
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
    /// First column of the rows here, so that they are aligned as those of the strip are, and how many there are: whole
    /// lines, at least a column more on each side than are scanned.
    origin: usize,
    width: usize,
    layers: Vec<Layer>,
    /// Scratch memory of marking.
    column_extremes: Columns,
    marks: Aligned<[u8; LINE]>,
}

/// One layer of rounded differences around the scanned row.
#[derive(Debug, Default)]
struct Layer {
    /// Row `y` is at `y % 3`, in whole chunks.
    differences: [Aligned<i16>; ROWS],
    /// First row not computed yet.
    end: usize,
}

/// Layers that a mark has a bit for.
const MARKED: usize = 8;

/// Steps of a rounded difference in a grey level: differences of up to 255 levels fit 16 bits.
const STEPS: f32 = 128.0;

impl Scanner {
    /// Prepares for some columns of a strip, from row `first` on.
    pub(crate) fn reset(&mut self, strip: &Strip<'_>, columns: &Range<usize>, layers: usize, first: usize) {
        self.columns = columns.clone();
        let held = strip.held();
        self.origin = held.start + (columns.start - 1 - held.start) / LINE * LINE;
        self.width = (columns.end + 1 - self.origin).next_multiple_of(LINE);
        let chunks = self.width.next_multiple_of(CHUNK);
        self.layers.resize_with(layers + 1, Layer::default);
        for layer in &mut self.layers {
            layer.end = first - 1;
            for row in &mut layer.differences {
                row.resize(chunks);
            }
        }
        self.column_extremes.resize(chunks);
        self.marks.resize(chunks / LINE);
    }

    /// Calls `found(layer, x)` for each extremum of row `y` whose difference exceeds `threshold` in absolute value.
    pub(crate) fn scan(
        &mut self,
        strip: &mut Strip<'_>,
        y: usize,
        threshold: f32,
        mut found: impl FnMut(&mut Strip<'_>, usize, usize),
    ) {
        self.subtract(strip, y + 2);
        for first in (1..self.layers.len()).step_by(MARKED) {
            self.mark(strip.octave.isa, y, first, rounded(threshold));
            for (i, marks) in self.marks.iter().enumerate() {
                let mut marks = u128::from_le_bytes(*marks);
                while marks != 0 {
                    let bit = marks.trailing_zeros() as usize;
                    marks &= marks - 1;
                    let (x, layer) = (self.origin + i * LINE + bit / MARKED, first + bit % MARKED);
                    if self.columns.contains(&x) && is_extremum(strip, (layer, y, x), threshold) {
                        found(strip, layer, x);
                    }
                }
            }
        }
    }

    /// Computes the differences of all layers up to row `end`.
    fn subtract(&mut self, strip: &Strip<'_>, end: usize) {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            for row in layer.end..end {
                let level = |level| &strip.level(level).row_from(row, self.origin)[..self.width];
                subtract(
                    strip.octave.isa,
                    level(index + 1),
                    level(index),
                    &mut layer.differences[row % ROWS],
                );
            }
            layer.end = end;
        }
    }

    /// Marks row `y` of [`MARKED`] layers from `first` on.
    fn mark(&mut self, isa: Isa, y: usize, first: usize, threshold: i16) {
        let Self { layers, column_extremes, marks, .. } = self;
        let marks = marks.as_flattened_mut();
        for (bit, layer) in (first..layers.len()).take(MARKED).enumerate() {
            let row = |layer: usize, y: usize| &layers[layer].differences[y % ROWS][..];
            let rows = [row(layer, y - 1), row(layer, y), row(layer, y + 1)];
            // Above the last layer there is nothing yet: it is compared with itself, which rules out nothing.
            let layers = [row(layer - 1, y), row((layer + 1).min(layers.len() - 1), y)];
            // The first layer clears the marks of the row before.
            let mark = Mark { threshold, bit: 1 << bit, kept: if bit == 0 { 0 } else { u8::MAX } };
            marks::mark(isa, Neighbourhood { rows, layers }, mark, column_extremes, marks);
        }
    }
}

/// Whether a difference exceeds the threshold in absolute value and is not within its 26 neighbours.
fn is_extremum(strip: &mut Strip<'_>, (layer, y, x): (usize, usize, usize), threshold: f32) -> bool {
    let value = strip.difference(layer, y, x);
    if value.abs() <= threshold {
        return false;
    }
    let (lowest, before) = (strip.held_around(layer - 1, y, x), strip.held_around(layer, y, x));
    let after = strip.held_around(layer + 1, y, x);
    // Both, as it is as likely as not that one is exceeded.
    if exceeds(&difference(&before, &lowest), value) | exceeds(&difference(&after, &before), value) {
        return false;
    }
    // The layer above last: it may be the one that is computed for this.
    !strip.surely_exceeds(layer + 1, (y, x), &after, value)
        && !exceeds(&difference(&strip.around(layer + 2, y, x), &after), value)
}

fn rounded(difference: f32) -> i16 {
    (difference * STEPS).round_ties_even() as i16
}

for_each_isa! {
    fn subtract(from: &[f32], what: &[f32], out: &mut [i16]) = subtract_body;
}

#[inline(always)]
fn subtract_body(from: &[f32], what: &[f32], out: &mut [i16]) {
    for ((out, from), what) in out.iter_mut().zip(from).zip(what) {
        // Adding 1.5 * 2^23 rounds, and leaves the integer in the lowest bits.
        *out = (from - what).mul_add(STEPS, 12_582_912.0).to_bits() as i16;
    }
}
