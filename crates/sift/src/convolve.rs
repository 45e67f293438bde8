//! The two passes of a separable blur over a block of rows: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmColumnVec_32f` from the centre outwards), so that the levels agree with OpenCV's to the last bit. It is
//! the same for every instruction set and every division into strips.

use crate::isa::for_each_vector;
use crate::ring::{BLOCK, LINE};
use crate::transpose::SIDE;
use crate::vector::Vector;

/// Columns that are blurred at a time, so that the samples they need stay in the first-level cache.
const CHUNK: usize = 64;

/// Vectors of sums that the pass along the rows keeps in registers: enough to hide the latency of a fused
/// multiply-add.
const SUMS: usize = 8;

/// Rows that are blurred across at a time, so that each row is read once for all of them.
const GROUP: usize = 4;

/// A block of rows in columns: [`BLOCK`] samples of a column side by side.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    samples: Vec<f32>,
    blurred: Vec<f32>,
}

for_each_vector! {
    /// Blurs the [`BLOCK`] rows of a block along themselves, turned into columns, so that one register holds the same
    /// column of many rows and nothing has to be shifted. `padded` and `out` are samples and the stride of
    /// their rows; rows of `padded` begin `margin` samples before their first pixel, which is a multiple of [`LINE`] and
    /// no less than the radius. Whole lines of `width` are written.
    pub(crate) fn along(
        padded: (&[f32], usize),
        margin: usize,
        taps: &[f32],
        columns: &mut Columns,
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
    columns: &mut Columns,
    (out, out_stride): (&mut [f32], usize),
    width: usize,
) {
    let Columns { samples, blurred } = columns;
    samples.resize((CHUNK + 2 * margin) * BLOCK, 0.0);
    blurred.resize(CHUNK * BLOCK, 0.0);
    let width = width.next_multiple_of(LINE);
    let (mut done, mut held) = (0, 0);
    while done < width {
        let chunk = CHUNK.min(width - done);
        let needed = chunk + 2 * margin;
        for column in (held..needed).step_by(SIDE) {
            for row in (0..BLOCK).step_by(SIDE) {
                let from = &padded[row * padded_stride + done + column..];
                V::transpose(from, padded_stride, &mut samples[column * BLOCK + row..], BLOCK);
            }
        }
        let first = (margin - taps.len() / 2) * BLOCK;
        sum_columns::<V>(&samples[first..], taps, &mut blurred[..chunk * BLOCK]);
        for column in (0..chunk).step_by(SIDE) {
            for row in (0..BLOCK).step_by(SIDE) {
                let to = &mut out[row * out_stride + done + column..];
                V::transpose(&blurred[column * BLOCK + row..], BLOCK, to, out_stride);
            }
        }
        samples.copy_within(chunk * BLOCK..needed * BLOCK, 0);
        held = 2 * margin;
        done += chunk;
    }
}

/// Blurs columns of [`BLOCK`] samples; those of `out` and `taps.len() - 1` more are in `samples`.
#[inline(always)]
fn sum_columns<V: Vector>(samples: &[f32], taps: &[f32], out: &mut [f32]) {
    let span = SUMS * V::LANES;
    for (i, out) in out.chunks_exact_mut(span).enumerate() {
        let samples = &samples[i * span..];
        let mut sums = [V::splat(0.0); SUMS];
        for (k, &tap) in taps.iter().enumerate() {
            let tap = V::splat(tap);
            let samples = &samples[k * BLOCK..][..span];
            for (sum, sample) in sums.iter_mut().zip(samples.chunks_exact(V::LANES)) {
                let sample = V::load(sample);
                *sum = if k == 0 { tap.mul(sample) } else { tap.mul_add(sample, *sum) };
            }
        }
        for (sum, out) in sums.iter().zip(out.chunks_exact_mut(V::LANES)) {
            sum.store(out);
        }
    }
}

#[inline(always)]
fn across_body<V: Vector>(
    rows: &[&[f32]],
    taps: &[f32],
    (out, stride): (&mut [f32], usize),
    width: usize,
) {
    let width = width.next_multiple_of(LINE);
    let outputs = rows.len() + 1 - taps.len();
    for chunk in (0..width).step_by(CHUNK) {
        let columns = chunk..(chunk + CHUNK).min(width);
        let mut first = 0;
        while first + GROUP <= outputs {
            for x in columns.clone().step_by(V::LANES) {
                sum_rows::<V, GROUP>(&rows[first..], taps, x, &mut out[first * stride..], stride);
            }
            first += GROUP;
        }
        for row in first..outputs {
            for x in columns.clone().step_by(V::LANES) {
                sum_rows::<V, 1>(&rows[row..], taps, x, &mut out[row * stride..], stride);
            }
        }
    }
}

/// One vector at column `x` of `N` consecutive rows.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize>(rows: &[&[f32]], taps: &[f32], x: usize, out: &mut [f32], stride: usize) {
    let radius = taps.len() / 2;
    let at = |row: usize| V::load(&rows[row][x..]);
    let mut above: [V; N] = std::array::from_fn(|i| at(radius + i));
    let mut below = above;
    let centre = V::splat(taps[radius]);
    let mut sums = above.map(|row| centre.mul(row));
    let mut k = 1;
    while k <= radius {
        for turn in 0..N {
            if k > radius {
                break;
            }
            let tap = V::splat(taps[radius + k]);
            // Output `i` has its upper row at slot `i - k` and its lower one at slot `i + k`, both modulo `N`.
            above[(2 * N - 1 - turn) % N] = at(radius - k);
            below[turn] = at(radius + N - 1 + k);
            for (i, sum) in sums.iter_mut().enumerate() {
                let (above, below) = (above[(i + 2 * N - 1 - turn) % N], below[(i + turn + 1) % N]);
                *sum = tap.mul_add(below.add(above), *sum);
            }
            k += 1;
        }
    }
    for (i, sum) in sums.into_iter().enumerate() {
        sum.store(&mut out[i * stride + x..]);
    }
}
