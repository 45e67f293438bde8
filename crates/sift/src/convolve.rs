//! The two passes of a separable blur over a block of rows: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmColumnVec_32f` from the centre outwards), so that the levels agree with OpenCV's to the last bit. It is
//! the same for every instruction set and every division into strips.

use std::ops::Range;

use crate::along;
use crate::isa::for_each_vector;
use crate::ring::LINE;
use crate::vector::Vector;

for_each_vector! {
    /// Blurs a multiple of eight rows along themselves. `padded` and `out` are samples and the stride of their rows; rows
    /// of `padded` begin `margin` samples before their first pixel, which is a multiple of [`LINE`] and no less than the
    /// radius, and end a line or more after their last one. Whole lines of `width` are written.
    pub(crate) fn along(
        padded: (&[f32], usize),
        margin: usize,
        taps: &[f32],
        out: (&mut [f32], usize),
        width: usize,
    ) = along_body;
}

for_each_vector! {
    /// Blurs across rows: to row `i` of `out`, samples and stride, go rows `i` to `i + taps.len() - 1` of `rows`, for as
    /// many as there are. Whole lines of `width` are written.
    pub(crate) fn across(rows: &[&[f32]], taps: &[f32], out: (&mut [f32], usize), width: usize) = across_body;
}

#[inline(always)]
fn along_body<V: Vector>(
    (padded, padded_stride): (&[f32], usize),
    margin: usize,
    taps: &[f32],
    (out, out_stride): (&mut [f32], usize),
    width: usize,
) {
    let (padded, out) = ((padded, padded_stride), (out, out_stride));
    let width = width.next_multiple_of(LINE);
    // As many sums at a time as there are registers for.
    if V::LANES == LINE {
        along_rows::<V, 8, 8>(padded, margin, taps, out, width);
    } else {
        along_rows::<V, 2, 4>(padded, margin, taps, out, width);
    }
}

#[inline(always)]
fn along_rows<V: Vector, const ROWS: usize, const SUMS: usize>(
    (padded, padded_stride): (&[f32], usize),
    margin: usize,
    taps: &[f32],
    (out, out_stride): (&mut [f32], usize),
    width: usize,
) {
    for (padded, out) in padded.chunks(ROWS * padded_stride).zip(out.chunks_mut(ROWS * out_stride)) {
        let mut rows = [&padded[..0]; ROWS];
        for (row, padded) in rows.iter_mut().zip(padded.chunks(padded_stride)) {
            *row = padded;
        }
        let mut outs = out.chunks_mut(out_stride);
        let outs = std::array::from_fn(|_| outs.next().unwrap_or_default()[..width].as_chunks_mut().0);
        along::along::<V, ROWS, SUMS>(rows, margin, taps, outs);
    }
}

#[inline(always)]
fn across_body<V: Vector>(rows: &[&[f32]], taps: &[f32], (out, stride): (&mut [f32], usize), width: usize) {
    let width = width.next_multiple_of(LINE);
    let x = across_chunks::<V, 512>(rows, taps, 0..width, out, stride);
    let x = across_chunks::<V, 64>(rows, taps, x..width, out, stride);
    across_chunks::<V, LINE>(rows, taps, x..width, out, stride);
}

/// Blurs across as many columns as are a multiple of `WIDTH`, and returns the first that is left.
#[inline(always)]
fn across_chunks<V: Vector, const WIDTH: usize>(
    rows: &[&[f32]],
    taps: &[f32],
    columns: Range<usize>,
    out: &mut [f32],
    stride: usize,
) -> usize {
    let whole = columns.len() / WIDTH * WIDTH;
    let mut chunks = Vec::with_capacity(rows.len());
    for x in (columns.start..).step_by(WIDTH).take(whole / WIDTH) {
        across_chunk::<V, WIDTH>(rows, &mut chunks, taps, x, out, stride);
    }
    columns.start + whole
}

/// Blurs across `WIDTH` columns from `x` on.
#[inline(always)]
fn across_chunk<'a, V: Vector, const WIDTH: usize>(
    rows: &[&'a [f32]],
    chunks: &mut Vec<&'a [f32; WIDTH]>,
    taps: &[f32],
    x: usize,
    out: &mut [f32],
    stride: usize,
) {
    chunks.clear();
    chunks.extend(rows.iter().filter_map(|row| row.get(x..)?.first_chunk()));
    let rows = &chunks[..];
    let outputs = (rows.len() + 1).saturating_sub(taps.len());
    // Each group of rows keeps three registers a row.
    let group = if V::LANES == 16 { 8 } else { 4 };
    let mut first = 0;
    while first < outputs {
        let out = &mut out[first * stride + x..];
        if first + group > outputs {
            sum_rows::<V, 1, WIDTH>(&rows[first..], taps, out, stride);
            first += 1;
        } else if V::LANES == 16 {
            sum_rows::<V, 8, WIDTH>(&rows[first..], taps, out, stride);
            first += group;
        } else {
            sum_rows::<V, 4, WIDTH>(&rows[first..], taps, out, stride);
            first += group;
        }
    }
}

/// Blurs `N` consecutive rows, at most 8, so that each row is read once for all of them.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize, const WIDTH: usize>(
    rows: &[&[f32; WIDTH]],
    taps: &[f32],
    out: &mut [f32],
    stride: usize,
) {
    let radius = taps.len() / 2;
    let centre = V::splat(taps[radius]);
    let taps = &taps[radius + 1..];
    let (upper, lower) = rows.split_at(radius);
    let (middle, lower) = lower.split_at(N);
    for x in (0..WIDTH).step_by(V::LANES) {
        let mut above = [centre; N];
        let mut sums = above;
        for ((above, sum), row) in above.iter_mut().zip(&mut sums).zip(middle) {
            *above = V::load(&row[x..]);
            *sum = centre.mul(*above);
        }
        let mut around = Around { below: above, above, sums };
        let mut steps = taps.iter().zip(upper.iter().rev().zip(lower));
        // Unrolled, so that each turn names its registers.
        macro_rules! turns {
            ($($turn:literal)*) => {
                loop {
                    $(if $turn < N {
                        let Some((&tap, (above, below))) = steps.next() else { break };
                        around.step::<$turn>(V::splat(tap), V::load(&above[x..]), V::load(&below[x..]));
                    })*
                }
            };
        }
        turns!(0 1 2 3 4 5 6 7);
        for (i, sum) in around.sums.into_iter().enumerate() {
            sum.store(&mut out[i * stride + x..]);
        }
    }
}

/// Sums for `N` consecutive rows, and the rows at one distance above and below each of them.
struct Around<V, const N: usize> {
    above: [V; N],
    below: [V; N],
    sums: [V; N],
}

impl<V: Vector, const N: usize> Around<V, N> {
    /// Goes one row further from the centres. At distance `k`, output `i` has its upper row at `i - k` and its lower one
    /// at `i + k`, both modulo `N`; `TURN` is `k - 1` modulo `N`.
    #[inline(always)]
    fn step<const TURN: usize>(&mut self, tap: V, above: V, below: V) {
        self.above[(2 * N - 1 - TURN) % N] = above;
        self.below[TURN % N] = below;
        for i in 0..N {
            let pair = self.below[(i + TURN + 1) % N].add(self.above[(i + 2 * N - 1 - TURN) % N]);
            self.sums[i] = tap.mul_add(pair, self.sums[i]);
        }
    }
}
