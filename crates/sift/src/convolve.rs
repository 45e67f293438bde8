//! The two passes of a separable blur, a row at a time: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmColumnVec_32f` from the centre outwards), so that the levels agree with OpenCV's to the last bit. It is
//! the same for every instruction set and every division into strips.

use crate::isa::for_each_isa;

/// Outputs computed together; enough to hide the latency of a fused multiply-add at 512 bits.
const BLOCK: usize = 64;

for_each_isa! {
    /// Blurs along a row: `padded` has `taps.len() / 2` more samples than `out` on each side.
    pub(crate) fn along(padded: &[f32], taps: &[f32], out: &mut [f32]) = along_body;
}

for_each_isa! {
    /// Blurs across rows: `rows` holds one row for each tap, from above to below the centre row, as long as `out`.
    pub(crate) fn across(rows: &[&[f32]], taps: &[f32], out: &mut [f32]) = across_body;
}

#[inline(always)]
fn along_body(padded: &[f32], taps: &[f32], out: &mut [f32]) {
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let mut x = 0;
    for block in blocks {
        let mut sums = [0.0f32; BLOCK];
        for (sum, sample) in sums.iter_mut().zip(&padded[x..]) {
            *sum = taps[0] * sample;
        }
        for (k, &tap) in taps.iter().enumerate().skip(1) {
            for (sum, &sample) in sums.iter_mut().zip(&padded[x + k..x + k + BLOCK]) {
                *sum = tap.mul_add(sample, *sum);
            }
        }
        *block = sums;
        x += BLOCK;
    }
    for (around, out) in padded[x..].windows(taps.len()).zip(rest) {
        let products = around.iter().zip(taps).skip(1);
        *out = products.fold(taps[0] * around[0], |sum, (sample, tap)| tap.mul_add(*sample, sum));
    }
}

#[inline(always)]
fn across_body(rows: &[&[f32]], taps: &[f32], out: &mut [f32]) {
    let radius = taps.len() / 2;
    let width = out.len();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let mut x = 0;
    for block in blocks {
        let mut sums = [0.0f32; BLOCK];
        for (sum, sample) in sums.iter_mut().zip(&rows[radius][x..x + BLOCK]) {
            *sum = taps[radius] * sample;
        }
        for k in 1..=radius {
            let tap = taps[radius + k];
            let (above, below) = (&rows[radius - k][x..x + BLOCK], &rows[radius + k][x..x + BLOCK]);
            for ((sum, above), below) in sums.iter_mut().zip(above).zip(below) {
                *sum = tap.mul_add(below + above, *sum);
            }
        }
        *block = sums;
        x += BLOCK;
    }
    for (x, out) in (width - rest.len()..width).zip(rest) {
        let pairs = (1..=radius).map(|k| (taps[radius + k], rows[radius - k][x] + rows[radius + k][x]));
        *out = pairs.fold(taps[radius] * rows[radius][x], |sum, (tap, pair)| tap.mul_add(pair, sum));
    }
}
