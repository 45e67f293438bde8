//! Local extrema of the difference of Gaussians over position and scale (Lowe 2004, section 3.1).

use std::ops::Range;

use crate::aligned::Aligned;
use crate::isa::{for_each_isa, for_each_vector};
use crate::ring::LINE;
use crate::strip::Strip;
use crate::vector::Vector;

/// Rows of a neighbourhood.
const ROWS: usize = 3;

/// Finds the extrema of one row after another.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Columns that are scanned.
    columns: Range<usize>,
    /// First column of the rows here, so that they are aligned as those of the strip are, and how many there are: whole
    /// lines, at least a column more on each side than are scanned.
    origin: usize,
    width: usize,
    layers: Vec<Layer>,
    /// A bit for each column.
    marks: Vec<u16>,
}

/// One layer of differences around the scanned row.
#[derive(Debug, Default)]
struct Layer {
    /// Row `y` is at `y % 3`.
    differences: [Aligned; ROWS],
    /// First row not computed yet.
    end: usize,
}

impl Scanner {
    /// Prepares for some columns of a strip, from row `first` on.
    pub(crate) fn reset(&mut self, strip: &Strip<'_>, columns: &Range<usize>, layers: usize, first: usize) {
        self.columns = columns.clone();
        let held = strip.held();
        self.origin = held.start + (columns.start - 1 - held.start) / LINE * LINE;
        self.width = (columns.end + 1 - self.origin).next_multiple_of(LINE);
        self.layers.resize_with(layers + 2, Layer::default);
        for layer in &mut self.layers {
            layer.end = first - 1;
            for row in &mut layer.differences {
                row.resize(self.width);
            }
        }
        self.marks.resize(self.width / LINE, 0);
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
                let level = |level| &strip.row_from(level, row, self.origin)[..self.width];
                subtract(isa, level(index + 1), level(index), &mut layer.differences[row % ROWS]);
            }
            layer.end = y + 2;
        }
        for index in 1..self.layers.len() - 1 {
            let (before, after) = (&self.layers[index - 1], &self.layers[index + 1]);
            let layers = [&*before.differences[y % ROWS], &*after.differences[y % ROWS]];
            mark(isa, self.layers[index].around(y), layers, threshold, &mut self.marks);
            for (i, &marks) in self.marks.iter().enumerate() {
                let mut marks = marks;
                while marks != 0 {
                    let x = i * LINE + marks.trailing_zeros() as usize;
                    marks &= marks - 1;
                    if self.columns.contains(&(self.origin + x)) && self.is_extreme_over_scale(index, x, y) {
                        found(index, self.origin + x);
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
        [y - 1, y, y + 1].map(|row| &*self.differences[row % ROWS])
    }
}

for_each_isa! {
    fn subtract(from: &[f32], what: &[f32], out: &mut [f32]) = subtract_body;
}

for_each_vector! {
    /// Marks the columns whose value in the middle row is beyond `threshold` and not within its 8 neighbours and the
    /// same column of the layers before and after. Rows are whole lines of one length, and of each line go the marks to
    /// one element.
    fn mark(
        rows: [&[f32]; ROWS],
        layers: [&[f32]; 2],
        threshold: f32,
        marks: &mut [u16],
    ) = mark_body;
}

#[inline(always)]
fn subtract_body(from: &[f32], what: &[f32], out: &mut [f32]) {
    for ((out, from), what) in out.iter_mut().zip(from).zip(what) {
        *out = from - what;
    }
}

/// The greatest and least of each column of three rows, and the middle one.
#[derive(Clone, Copy)]
struct Columns<V> {
    greatest: V,
    least: V,
    middle: V,
}

impl<V: Vector> Columns<V> {
    #[inline(always)]
    fn load([above, at, below]: [&[f32]; ROWS], x: usize) -> Self {
        let (above, middle, below) = (V::load(&above[x..]), V::load(&at[x..]), V::load(&below[x..]));
        Self { greatest: above.max(middle).max(below), least: above.min(middle).min(below), middle }
    }
}

#[inline(always)]
fn mark_body<V: Vector>(rows: [&[f32]; ROWS], layers: [&[f32]; 2], threshold: f32, marks: &mut [u16]) {
    let width = marks.len() * LINE;
    let [above, at, below] = rows;
    let rows = [&above[..width], &at[..width], &below[..width]];
    let [before, after] = [&layers[0][..width], &layers[1][..width]];
    // Beyond the threshold is at least the next number.
    let (upper, lower) = (V::splat(threshold.next_up()), V::splat(-threshold.next_up()));
    let mut previous = Columns::<V>::load(rows, 0);
    let mut here = previous;
    for (i, marks) in marks.iter_mut().enumerate() {
        *marks = 0;
        for lane in (0..LINE).step_by(V::LANES) {
            let x = i * LINE + lane;
            let next = Columns::<V>::load(rows, (x + V::LANES).min(width - V::LANES));
            let layers = (V::load(&before[x..]), V::load(&after[x..]));
            let beside = here.greatest.before(previous.greatest).max(here.greatest.after(next.greatest));
            let highest = beside.max(here.greatest).max(layers.0.max(layers.1)).max(upper);
            let beside = here.least.before(previous.least).min(here.least.after(next.least));
            let lowest = beside.min(here.least).min(layers.0.min(layers.1)).min(lower);
            *marks |= (here.middle.at_least(highest) | lowest.at_least(here.middle)) << lane;
            (previous, here) = (here, next);
        }
    }
}
