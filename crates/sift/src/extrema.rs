//! Local extrema of the difference of Gaussians over position and scale (Lowe 2004, section 3.1).

use std::ops::Range;

use crate::isa::for_each_isa;
use crate::strip::Strip;

/// Rows of a neighbourhood.
const ROWS: usize = 3;

/// Finds the extrema of one row after another.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Columns that are scanned, and one more on each side.
    columns: Range<usize>,
    layers: Vec<Layer>,
    greatest: Vec<f32>,
    least: Vec<f32>,
    marks: Vec<[u8; MARKS]>,
}

/// Marks that are looked at together.
const MARKS: usize = 16;

/// One layer of differences around the scanned row.
#[derive(Debug, Default)]
struct Layer {
    /// Row `y` is at `y % 3`.
    differences: [Vec<f32>; ROWS],
    /// First row not computed yet.
    end: usize,
}

impl Scanner {
    /// Prepares for some columns, from row `first` on.
    pub(crate) fn reset(&mut self, columns: &Range<usize>, layers: usize, first: usize) {
        self.columns = columns.start - 1..columns.end + 1;
        let width = self.columns.len();
        self.layers.resize_with(layers + 2, Layer::default);
        for layer in &mut self.layers {
            layer.end = first - 1;
            for row in &mut layer.differences {
                row.resize(width, 0.0);
            }
        }
        self.greatest.resize(width, 0.0);
        self.least.resize(width, 0.0);
        self.marks.clear();
        self.marks.resize(width.div_ceil(MARKS), [0; MARKS]);
    }

    /// Calls `found(layer, x)` for each extremum of row `y` whose difference exceeds `threshold` in absolute value.
    pub(crate) fn scan(
        &mut self,
        strip: &Strip<'_>,
        y: usize,
        threshold: f32,
        mut found: impl FnMut(usize, usize),
    ) {
        let isa = strip.octave.isa;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            for row in layer.end..y + 2 {
                let level = |level| strip.columns(level, row, self.columns.clone());
                subtract(isa, level(index + 1), level(index), &mut layer.differences[row % ROWS]);
            }
            layer.end = y + 2;
        }
        for index in 1..self.layers.len() - 1 {
            let (before, after) = (&self.layers[index - 1], &self.layers[index + 1]);
            let [before, after] = [before, after].map(|layer| &layer.differences[y % ROWS][..]);
            let (rows, marks) = (self.layers[index].around(y), self.marks.as_flattened_mut());
            mark(isa, rows, [before, after], threshold, &mut self.greatest, &mut self.least, marks);
            for (i, marks) in self.marks.iter().enumerate() {
                let mut marks = u128::from_le_bytes(*marks);
                while marks != 0 {
                    let x = i * MARKS + marks.trailing_zeros() as usize / 8;
                    marks &= marks - 1;
                    if self.is_extreme_over_scale(index, x, y) {
                        found(index, self.columns.start + x);
                    }
                }
            }
        }
    }

    /// Whether an extremum of its own layer is one of the layers before and after it, too.
    fn is_extreme_over_scale(&self, index: usize, x: usize, y: usize) -> bool {
        let value = self.layers[index].differences[y % ROWS][x];
        let sign = if value > 0.0 { 1.0 } else { -1.0 };
        [index - 1, index + 1].into_iter().all(|layer| {
            self.layers[layer].around(y).into_iter().all(|row| {
                let beyond = row[x - 1..x + 2].iter().filter(|&&neighbour| sign * neighbour > sign * value);
                beyond.count() == 0
            })
        })
    }
}

impl Layer {
    /// The rows above, at and below `y`.
    fn around(&self, y: usize) -> [&[f32]; ROWS] {
        [y - 1, y, y + 1].map(|row| &self.differences[row % ROWS][..])
    }
}

for_each_isa! {
    fn subtract(from: &[f32], what: &[f32], out: &mut [f32]) = subtract_body;
}

for_each_isa! {
    /// Marks the columns whose value in the middle row is beyond `threshold` and not within its 8 neighbours and the
    /// same column of the layers before and after. The other slices but `marks`, which may be longer, are as long as a
    /// row.
    fn mark(
        rows: [&[f32]; ROWS],
        layers: [&[f32]; 2],
        threshold: f32,
        greatest: &mut [f32],
        least: &mut [f32],
        marks: &mut [u8],
    ) = mark_body;
}

#[inline(always)]
fn subtract_body(from: &[f32], what: &[f32], out: &mut [f32]) {
    for ((out, from), what) in out.iter_mut().zip(from).zip(what) {
        *out = from - what;
    }
}

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn mark_body(
    [above, at, below]: [&[f32]; ROWS],
    [before_it, after_it]: [&[f32]; 2],
    threshold: f32,
    greatest: &mut [f32],
    least: &mut [f32],
    marks: &mut [u8],
) {
    let rows = above.iter().zip(at).zip(below);
    for (((&above, &at), &below), (greatest, least)) in rows.zip(greatest.iter_mut().zip(&mut *least)) {
        *greatest = greater(greater(above, at), below);
        *least = lesser(lesser(above, at), below);
    }
    let Some(inner) = at.len().checked_sub(2) else { return };
    let (before, middle, after) = (&greatest[..inner], &greatest[1..=inner], &greatest[2..]);
    let (before_low, middle_low, after_low) = (&least[..inner], &least[1..=inner], &least[2..]);
    let (at, marks) = (&at[1..=inner], &mut marks[1..=inner]);
    let (before_it, after_it) = (&before_it[1..=inner], &after_it[1..=inner]);
    for x in 0..inner {
        let value = at[x];
        let high =
            greater(greater(greater(before[x], middle[x]), after[x]), greater(before_it[x], after_it[x]));
        let low = lesser(
            lesser(lesser(before_low[x], middle_low[x]), after_low[x]),
            lesser(before_it[x], after_it[x]),
        );
        let maximum = (value > threshold) & (value >= high);
        let minimum = (value < -threshold) & (value <= low);
        marks[x] = u8::from(maximum | minimum);
    }
}
