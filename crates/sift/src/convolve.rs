//! The two passes of a separable blur over a block of rows: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmColumnVec_32f` from the centre outwards), so that the levels agree with OpenCV's to the last bit. It is
//! the same for every instruction set and every division into strips.

use crate::along;
use crate::isa::for_each_vector;
use crate::ring::LINE;
use crate::vector::Vector;

/// Columns that are worked on before the next, so that the samples they need stay in the first-level cache.
const CHUNK: usize = 64;

for_each_vector! {
    /// Blurs an even number of rows along themselves. `padded` and `out` are samples and the stride of their rows; rows of `padded`
    /// begin `margin` samples before their first pixel, which is a multiple of [`LINE`] and no less than the radius, and
    /// end a line or more after their last one. Whole lines of `width` are written.
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
    let width = width.next_multiple_of(LINE);
    for (padded, out) in padded.chunks(2 * padded_stride).zip(out.chunks_mut(2 * out_stride)) {
        let (padded, out) = (padded.split_at(padded_stride), out.split_at_mut(out_stride));
        let out = [&mut out.0[..width], &mut out.1[..width]];
        along::along::<V>([padded.0, padded.1], margin, taps, out);
    }
}

#[inline(always)]
fn across_body<V: Vector>(rows: &[&[f32]], taps: &[f32], (out, stride): (&mut [f32], usize), width: usize) {
    let width = width.next_multiple_of(LINE);
    // Each group of rows keeps three registers a row.
    if V::LANES == 16 {
        across_groups::<V, 8>(rows, taps, out, stride, width);
    } else {
        across_groups::<V, 4>(rows, taps, out, stride, width);
    }
}

/// Blurs groups of `N` rows at a time, so that each row is read once for all of them, and single ones in the end.
#[inline(always)]
fn across_groups<V: Vector, const N: usize>(
    rows: &[&[f32]],
    taps: &[f32],
    out: &mut [f32],
    stride: usize,
    width: usize,
) {
    let outputs = rows.len() + 1 - taps.len();
    for chunk in (0..width).step_by(CHUNK) {
        let columns = chunk..(chunk + CHUNK).min(width);
        let mut first = 0;
        while first + N <= outputs {
            for x in columns.clone().step_by(V::LANES) {
                sum_rows::<V, N>(&rows[first..], taps, x, &mut out[first * stride..], stride);
            }
            first += N;
        }
        for row in first..outputs {
            for x in columns.clone().step_by(V::LANES) {
                sum_rows::<V, 1>(&rows[row..], taps, x, &mut out[row * stride..], stride);
            }
        }
    }
}

/// One vector at column `x` of `N` consecutive rows; `N` is at most 8.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize>(
    rows: &[&[f32]],
    taps: &[f32],
    x: usize,
    out: &mut [f32],
    stride: usize,
) {
    let radius = taps.len() / 2;
    let centre = V::splat(taps[radius]);
    let mut above = [centre; N];
    let mut sums = above;
    for (i, (above, sum)) in above.iter_mut().zip(&mut sums).enumerate() {
        *above = V::load(&rows[radius + i][x..]);
        *sum = centre.mul(*above);
    }
    let mut around = Around { below: above, above, sums };
    let taps = &taps[radius + 1..];
    let (above, below) = rows.split_at(radius);
    let below = &below[N..];
    let mut steps = taps.iter().zip(above.iter().rev().zip(below));
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
