//! The topmost level of an octave, only where it is asked for.
//!
//! Nothing but the difference above the last layer needs it, and that is looked at around few samples: those that are
//! extrema among all their other neighbours, and that an estimate does not rule out. A sample and its neighbours take some
//! hundred times what a sample of a whole level does, in the same order, so that they are the same to the last bit. Where
//! many samples of a block of rows are asked for, these are computed as a whole.

mod estimate;
mod rows;

use std::ops::Range;

pub(crate) use self::estimate::Estimator;
use self::rows::Rows;
pub(crate) use self::rows::bytes;
use crate::along::{FEW, sum_pairs};
use crate::around::Around;
use crate::gaussian::Kernel;
use crate::isa::{Isa, for_each_vector};
use crate::reflect::reflect_101;
use crate::ring::{BLOCK, LINE, Ring};
use crate::vector::Vector;

/// The most lanes of a vector.
const MOST_LANES: usize = 16;

/// Groups of as many rows as there are lanes that are summed side by side: each sum waits for its own multiply-adds.
const GROUPS: usize = 2;

/// Samples of a row that are taken at a time.
const SPAN: usize = 32;

/// Samples of margins beyond the radius of the kernel: with these, and the line after the last row, the last span of a row ends within
/// memory. What is there weighs nothing.
pub(crate) const BEYOND: usize = SPAN - LINE;

/// So many samples of a row, in fours.
type Span = [[f32; 4]; SPAN / 4];

/// Rows and columns after which a place takes the memory of another one.
const KNOWN: (usize, usize) = (4, 16);

/// What a topmost level is computed with.
#[derive(Clone, Copy)]
pub(crate) struct Recipe<'a> {
    pub(crate) isa: Isa,
    /// From the level below to the topmost one.
    pub(crate) kernel: &'a Kernel,
    /// `None` where the topmost level can't be estimated.
    pub(crate) estimator: Option<&'a Estimator>,
}

/// What the topmost level takes, and scratch memory, kept from strip to strip.
#[derive(Debug, Default)]
pub(crate) struct Topmost {
    /// The kernel's taps among zeros: tap `i` for the first of three neighbours is at `i + 2`.
    weights: Vec<f32>,
    /// Where the samples around begin in memory, row by row; the last row is repeated to fill whole groups.
    starts: Vec<usize>,
    /// Three columns of those rows, blurred along them, and a fourth that means nothing.
    along: Vec<[f32; 4]>,
    /// Samples of the level below, which it is estimated from.
    samples: Ring,
    /// Width and height of that level.
    size: (usize, usize),
    /// Places that were asked for and what is there: refinement comes back to some.
    known: Vec<Option<((usize, usize), Around)>>,
    rows: Rows,
}

impl Topmost {
    /// Prepares for a strip of this width and height, whose level below the topmost has so many rows at a time.
    pub(crate) fn reset(&mut self, recipe: Recipe<'_>, size: (usize, usize), rows: usize) {
        let Recipe { kernel, estimator, .. } = recipe;
        if let Some(estimator) = estimator {
            estimator.reset(&mut self.samples, size, rows);
        }
        self.size = size;
        self.weights.clear();
        self.weights.extend([0.0; 2]);
        self.weights.extend(kernel.taps());
        let rows = kernel.taps().len() + 2;
        self.weights.resize(rows.next_multiple_of(4) + 2, 0.0);
        self.starts.resize(rows.next_multiple_of(GROUPS * MOST_LANES), 0);
        self.along.resize(rows.next_multiple_of(GROUPS * MOST_LANES), [0.0; 4]);
        self.known.clear();
        self.known.resize(KNOWN.0 * KNOWN.1, None);
        self.rows.clear();
    }

    /// Takes what estimates need of rows of the level below.
    pub(crate) fn take(&mut self, recipe: Recipe<'_>, below: &Ring, rows: Range<usize>) {
        if let Some(estimator) = recipe.estimator {
            estimator.take(recipe.isa, &mut self.samples, below, rows);
        }
    }

    /// Whether an estimate is enough to tell that, at a sample given by its row and column or at a neighbour, the topmost
    /// level less `below` is further from zero than `value` in the same direction. Not where the level itself is there.
    pub(crate) fn surely_exceeds(
        &self,
        recipe: Recipe<'_>,
        at: (usize, usize),
        below: &Around,
        value: f32,
    ) -> bool {
        if self.rows.holds(at.0) {
            return false;
        }
        let samples = (&self.samples, self.size);
        recipe.estimator.is_some_and(|estimator| estimator.exceeds(recipe.isa, samples, at, below, value))
    }

    /// The topmost level at a sample, given by its row and column, and its neighbours. `below` is the level below it; it holds the
    /// rows that these take, and those that all of the rows around `block` take, with margins.
    pub(crate) fn around(
        &mut self,
        recipe: Recipe<'_>,
        below: &Ring,
        block: usize,
        at: (usize, usize),
    ) -> Around {
        if self.rows.holds(at.0) {
            return self.rows.around(at);
        }
        let slot = at.0 % KNOWN.0 * KNOWN.1 + at.1 % KNOWN.1;
        if let Some((known, around)) = self.known[slot]
            && known == at
        {
            return around;
        }
        if (block..block + BLOCK).contains(&at.0) && self.rows.pay(block, recipe.kernel, self.size) {
            self.rows.fill(recipe, below, block, self.size);
            return self.rows.around(at);
        }
        let mut around = Around::default();
        blur(recipe.isa, recipe.kernel.taps(), below, at, self, &mut around);
        self.known[slot] = Some((at, around));
        around
    }
}

for_each_vector! {
    fn blur(taps: &[f32], below: &Ring, at: (usize, usize), topmost: &mut Topmost, around: &mut Around) = blur_body;
}

#[inline(always)]
fn blur_body<V: Vector>(
    taps: &[f32],
    below: &Ring,
    (y, x): (usize, usize),
    topmost: &mut Topmost,
    around: &mut Around,
) {
    let &mut Topmost { ref mut weights, ref mut starts, ref mut along, size: (_, height), .. } = topmost;
    let reach = taps.len() / 2 + 1;
    let (samples, held) = below.memory();
    let count = 2 * reach + 1;
    let (firsts, repeated) = starts.split_at_mut(count);
    match y.checked_sub(reach) {
        // Nearly always, and with less to do for each.
        Some(first) if y + reach < height => {
            firsts.iter_mut().zip(&held[first..]).for_each(|(start, held)| *start = held + x - reach);
        }
        _ => {
            let rows = (y as isize - reach as isize..).map(|y| reflect_101(y, height));
            firsts.iter_mut().zip(rows).for_each(|(start, y)| *start = held[y] + x - reach);
        }
    }
    repeated.fill(firsts[count - 1]);
    let at_once = GROUPS * V::LANES;
    let starts = starts[..count.next_multiple_of(at_once)].chunks_exact(at_once);
    for (starts, along) in starts.zip(along.chunks_exact_mut(at_once)) {
        let sums = match taps.len() {
            ..=FEW => blur_along_pairs::<V>(samples, starts, taps),
            _ => blur_along::<V>(samples, starts, weights),
        };
        for ([before, at, after], along) in sums.into_iter().zip(along.chunks_exact_mut(V::LANES)) {
            let rows = V::transpose_fours([before, at, after, V::splat(0.0)]);
            for (along, row) in along.chunks_exact_mut(V::LANES / 4).zip(rows) {
                row.store(along.as_flattened_mut());
            }
        }
    }
    *around = blur_across(along, taps);
}

/// Samples of as many rows as there are lanes, given by where rows begin, from the `first`th on.
#[inline(always)]
fn spans<'a, V: Vector>(samples: &'a [f32], starts: &[usize], first: usize) -> [&'a Span; MOST_LANES] {
    let mut spans = [&[[0.0; 4]; SPAN / 4]; MOST_LANES];
    for (span, start) in spans.iter_mut().zip(&starts[..V::LANES]) {
        // Checked once for all fours of a row.
        let samples = &samples[start + first..][..SPAN];
        *span = samples.as_chunks().0.first_chunk().unwrap_or(*span);
    }
    spans
}

/// The row of a lane: transposed in fours, rows are one after another.
#[inline(always)]
fn row_of<V: Vector>(lane: usize) -> usize {
    lane % 4 * (V::LANES / 4) + lane / 4
}

/// As [`blur_along`], by at most [`FEW`] taps.
#[inline(always)]
fn blur_along_pairs<V: Vector>(samples: &[f32], starts: &[usize], taps: &[f32]) -> [[V; 3]; GROUPS] {
    let mut sums = [[V::splat(0.0); 3]; GROUPS];
    for (sums, starts) in sums.iter_mut().zip(starts.chunks_exact(V::LANES)) {
        let spans = spans::<V>(samples, starts, 0);
        let mut columns = [V::splat(0.0); 8];
        for (part, columns) in columns.as_chunks_mut().0.iter_mut().enumerate() {
            *columns = transposed::<V>(&spans, part);
        }
        for (sum, columns) in sums.iter_mut().zip(columns.windows(FEW)) {
            *sum = sum_pairs(taps, columns);
        }
    }
    sums
}

/// Three neighbouring samples of [`GROUPS`] times as many rows as there are lanes, blurred along those.
#[inline(always)]
fn blur_along<V: Vector>(samples: &[f32], starts: &[usize], weights: &[f32]) -> [[V; 3]; GROUPS] {
    let mut sums = [[V::splat(0.0); 3]; GROUPS];
    let columns = weights.len() - 2;
    let mut weights = weights.windows(4 + 2).step_by(4);
    for first in (0..columns).step_by(SPAN) {
        let mut groups = [[&[[0.0; 4]; SPAN / 4]; MOST_LANES]; GROUPS];
        for (group, starts) in groups.iter_mut().zip(starts.chunks_exact(V::LANES)) {
            *group = spans::<V>(samples, starts, first);
        }
        for (part, weights) in (0..SPAN / 4).zip(weights.by_ref()) {
            for (sums, group) in sums.iter_mut().zip(&groups) {
                for (k, column) in transposed::<V>(group, part).into_iter().enumerate() {
                    for (place, sum) in sums.iter_mut().enumerate() {
                        *sum = V::splat(weights[k + 2 - place]).mul_add(column, *sum);
                    }
                }
            }
        }
    }
    sums
}

/// Four columns, transposed: lanes are rows, in the order of [`row_of`].
#[inline(always)]
fn transposed<V: Vector>(spans: &[&Span; MOST_LANES], part: usize) -> [V; 4] {
    let mut fours = [V::splat(0.0); 4];
    for (i, fours) in fours.iter_mut().enumerate() {
        *fours = V::fours(|block| &spans[row_of::<V>(4 * block + i)][part]);
    }
    V::transpose_fours(fours)
}

/// Three rows of three samples, blurred across the rows around.
#[inline(always)]
fn blur_across(along: &[[f32; 4]], taps: &[f32]) -> Around {
    let radius = taps.len() / 2;
    let mut sums = Around::default();
    for (sum, row) in sums.iter_mut().zip(&along[radius..]) {
        sum.iter_mut().zip(row).for_each(|(sum, sample)| *sum = taps[radius] * sample);
    }
    let three = |first: usize| -> Option<&Around> { along[first..].first_chunk() };
    for (distance, &tap) in (1..).zip(&taps[radius + 1..]) {
        // Of constant length for the compiler.
        let (Some(above), Some(below)) = (three(radius - distance), three(radius + distance)) else { break };
        for (sum, (above, below)) in sums.iter_mut().zip(above.iter().zip(below)) {
            for (sum, (above, below)) in sum.iter_mut().zip(above.iter().zip(below)) {
                *sum = tap.mul_add(below + above, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests;
