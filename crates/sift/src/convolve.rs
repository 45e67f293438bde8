//! The two passes of a separable blur, a row at a time.
//!
//! Each output is `taps[0] * centre`, then a fused multiply-add of `taps[k]` with the sum of the two samples at
//! distance `k`, outwards: one order for every instruction set and every division into strips.

use crate::isa::for_each_isa;

/// Outputs computed together; wide enough to hide the latency of a fused multiply-add at 512 bits.
const BLOCK: usize = 64;

for_each_isa! {
    /// Blurs across rows: `rows` holds the `2 taps.len() - 1` rows from above to below the centre row, all at least as
    /// long as `out`.
    pub(crate) fn vertical(rows: &[&[f32]], taps: &[f32], out: &mut [f32]) = vertical_body;
}

for_each_isa! {
    /// Blurs along a row: `padded` has `taps.len() - 1` more samples than `out` on each side.
    pub(crate) fn horizontal(padded: &[f32], taps: &[f32], out: &mut [f32]) = horizontal_body;
}

#[inline(always)]
fn vertical_body(rows: &[&[f32]], taps: &[f32], out: &mut [f32]) {
    let radius = taps.len() - 1;
    let width = out.len();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    for (index, block) in blocks.iter_mut().enumerate() {
        let x = index * BLOCK;
        convolve_block(taps, block, |k| (&rows[radius - k][x..x + BLOCK], &rows[radius + k][x..x + BLOCK]));
    }
    let start = width - rest.len();
    for (x, out) in (start..width).zip(rest) {
        *out = convolve_one(taps, |k| (rows[radius - k][x], rows[radius + k][x]));
    }
}

#[inline(always)]
fn horizontal_body(padded: &[f32], taps: &[f32], out: &mut [f32]) {
    let radius = taps.len() - 1;
    let width = out.len();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    for (index, block) in blocks.iter_mut().enumerate() {
        let centre = index * BLOCK + radius;
        convolve_block(taps, block, |k| {
            (&padded[centre - k..centre - k + BLOCK], &padded[centre + k..centre + k + BLOCK])
        });
    }
    let start = width - rest.len();
    for (centre, out) in (start + radius..).zip(rest) {
        *out = convolve_one(taps, |k| (padded[centre - k], padded[centre + k]));
    }
}

/// `pair(k)` gives the samples at distance `k` on either side of each output of the block.
#[inline(always)]
fn convolve_block<'a>(taps: &[f32], out: &mut [f32; BLOCK], pair: impl Fn(usize) -> (&'a [f32], &'a [f32])) {
    let mut sums = [0.0f32; BLOCK];
    let (centre, _) = pair(0);
    for (sum, sample) in sums.iter_mut().zip(centre) {
        *sum = taps[0] * sample;
    }
    for (k, &tap) in taps.iter().enumerate().skip(1) {
        let (before, after) = pair(k);
        for ((sum, before), after) in sums.iter_mut().zip(before).zip(after) {
            *sum = tap.mul_add(before + after, *sum);
        }
    }
    *out = sums;
}

#[inline(always)]
fn convolve_one(taps: &[f32], pair: impl Fn(usize) -> (f32, f32)) -> f32 {
    let mut sum = taps[0] * pair(0).0;
    for (k, &tap) in taps.iter().enumerate().skip(1) {
        let (before, after) = pair(k);
        sum = tap.mul_add(before + after, sum);
    }
    sum
}
