//! Local extrema of the difference of Gaussians over position and scale (Lowe 2004, section 3.1).

use crate::isa::for_each_isa;
use crate::octave::BORDER;
use crate::strip::Strip;

/// Rows of a neighbourhood.
const ROWS: usize = 3;

/// Finds the extrema of one row after another.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    layers: Vec<Layer>,
    marks: Vec<u8>,
}

/// One layer of differences around the scanned row.
#[derive(Debug, Default)]
struct Layer {
    /// Row `y` is at `y % 3`.
    differences: [Vec<f32>; ROWS],
    /// Greatest and least of the 3 x 3 differences around each column of the scanned row, the edge columns left out.
    greatest: Vec<f32>,
    least: Vec<f32>,
    /// First row not computed yet.
    end: usize,
}

impl Scanner {
    /// Prepares for rows from `first` on of an octave.
    pub(crate) fn reset(&mut self, width: usize, layers: usize, first: usize) {
        self.layers.resize_with(layers, Layer::default);
        for layer in &mut self.layers {
            layer.end = first - 1;
            for row in layer.differences.iter_mut().chain([&mut layer.greatest, &mut layer.least]) {
                row.resize(width, 0.0);
            }
        }
        self.marks.resize(width, 0);
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
                let out = &mut layer.differences[row % ROWS];
                subtract(isa, strip.row(index + 1, row), strip.row(index, row), out);
            }
            layer.end = y + 2;
            let [a, b, c] = &layer.differences;
            range_3x3(isa, [a, b, c], &mut layer.greatest, &mut layer.least);
        }
        for (index, around) in self.layers.windows(3).enumerate() {
            let [before, at, after] = around else { continue };
            let greatest = [&before.greatest[..], &at.greatest, &after.greatest];
            let least = [&before.least[..], &at.least, &after.least];
            let any = mark(isa, &at.differences[y % ROWS], greatest, least, threshold, &mut self.marks);
            if any {
                let inner = BORDER..self.marks.len() - BORDER;
                for x in inner.filter(|&x| self.marks[x] != 0) {
                    found(index + 1, x);
                }
            }
        }
    }
}

for_each_isa! {
    fn subtract(from: &[f32], what: &[f32], out: &mut [f32]) = subtract_body;
}

for_each_isa! {
    fn range_3x3(rows: [&[f32]; ROWS], greatest: &mut [f32], least: &mut [f32]) = range_3x3_body;
}

for_each_isa! {
    /// Marks the columns whose value is beyond `threshold` and not within its 26 neighbours; tells whether there are any.
    fn mark(
        values: &[f32],
        greatest: [&[f32]; 3],
        least: [&[f32]; 3],
        threshold: f32,
        marks: &mut [u8],
    ) -> bool = mark_body;
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
fn range_3x3_body([a, b, c]: [&[f32]; ROWS], greatest: &mut [f32], least: &mut [f32]) {
    let inner = greatest.len() - 2;
    let columns = a.windows(3).zip(b.windows(3)).zip(c.windows(3));
    let out = greatest[1..=inner].iter_mut().zip(&mut least[1..=inner]);
    for (((a, b), c), (greatest, least)) in columns.zip(out) {
        let high = |i: usize| greater(greater(a[i], b[i]), c[i]);
        let low = |i: usize| lesser(lesser(a[i], b[i]), c[i]);
        *greatest = greater(greater(high(0), high(1)), high(2));
        *least = lesser(lesser(low(0), low(1)), low(2));
    }
}

#[inline(always)]
fn mark_body(
    values: &[f32],
    [ga, gb, gc]: [&[f32]; 3],
    [la, lb, lc]: [&[f32]; 3],
    threshold: f32,
    marks: &mut [u8],
) -> bool {
    let width = marks.len();
    let (values, ga, gb, gc) = (&values[..width], &ga[..width], &gb[..width], &gc[..width]);
    let (la, lb, lc) = (&la[..width], &lb[..width], &lc[..width]);
    let mut any = 0;
    for x in 0..width {
        let value = values[x];
        let maximum = (value > threshold) & (value >= ga[x]) & (value >= gb[x]) & (value >= gc[x]);
        let minimum = (value < -threshold) & (value <= la[x]) & (value <= lb[x]) & (value <= lc[x]);
        marks[x] = u8::from(maximum | minimum);
        any |= marks[x];
    }
    any != 0
}
