//! The two passes of a separable blur over a block of rows: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmColumnVec_32f` from the centre outwards), so that the levels agree with OpenCV's to the last bit. It is
//! the same for every instruction set and every division into strips.

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
    /// Blurs across rows that all have the same number of lines: to row `i` of `out`, samples and stride, go rows `i` to
    /// `i + taps.len() - 1` of `rows`, for as many as there are.
    pub(crate) fn across(rows: &[&[[f32; LINE]]], taps: &[f32], out: (&mut [f32], usize)) = across_body;
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
    // As many sums at a time as there are registers for, with what they are shifted from.
    if V::LANES == LINE {
        along_rows::<V, 4, 2>(padded, margin, taps, out, width);
    } else {
        along_rows::<V, 2, 2>(padded, margin, taps, out, width);
    }
}

#[inline(always)]
fn along_rows<V: Vector, const ROWS: usize, const VECTORS: usize>(
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
        along::along::<V, ROWS, VECTORS>(rows, margin, taps, outs);
    }
}

#[inline(always)]
fn across_body<V: Vector>(rows: &[&[[f32; LINE]]], taps: &[f32], (out, stride): (&mut [f32], usize)) {
    let outputs = (rows.len() + 1).saturating_sub(taps.len());
    // Each of the rows that are summed at a time keeps three registers.
    let mut first = 0;
    while first < outputs {
        let out = &mut out[first * stride..];
        let left = outputs - first;
        first += if V::LANES == LINE && left >= 8 {
            sum_rows::<V, 8>(&rows[first..], taps, out, stride)
        } else if V::LANES < LINE && left >= 4 {
            sum_rows::<V, 4>(&rows[first..], taps, out, stride)
        } else {
            sum_rows::<V, 1>(&rows[first..], taps, out, stride)
        };
    }
}

/// Blurs `N` consecutive rows, at most 8, so that each row is read once for all of them, and returns `N`.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize>(
    rows: &[&[[f32; LINE]]],
    taps: &[f32],
    out: &mut [f32],
    stride: usize,
) -> usize {
    let radius = taps.len() / 2;
    let centre = V::splat(taps[radius]);
    let (upper, lower) = rows.split_at(radius);
    let (middle, lower) = lower.split_at(N);
    let pairs: Vec<_> = taps[radius + 1..]
        .iter()
        .zip(upper.iter().rev().zip(lower))
        .map(|(&tap, (&above, &below))| (tap, above, below))
        .collect();
    for line in 0..middle.first().map_or(0, |row| row.len()) {
        for x in (0..LINE).step_by(V::LANES) {
            let mut above = [centre; N];
            let mut sums = above;
            for ((above, sum), row) in above.iter_mut().zip(&mut sums).zip(middle) {
                *above = V::load(&row[line][x..]);
                *sum = centre.mul(*above);
            }
            let mut around = Around { below: above, above, sums };
            let mut steps = pairs.iter();
            // Unrolled, so that each turn names its registers.
            macro_rules! turns {
                ($($turn:literal)*) => {
                    loop {
                        $(if $turn < N {
                            let Some((tap, above, below)) = steps.next() else { break };
                            let (above, below) = (V::load(&above[line][x..]), V::load(&below[line][x..]));
                            around.step::<$turn>(V::splat(*tap), above, below);
                        })*
                    }
                };
            }
            turns!(0 1 2 3 4 5 6 7);
            for (i, sum) in around.sums.into_iter().enumerate() {
                sum.store(&mut out[i * stride + line * LINE + x..]);
            }
        }
    }
    N
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
