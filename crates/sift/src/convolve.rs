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
    for x in blocks(out.len()) {
        let mut sums = [0.0f32; BLOCK];
        for (sum, sample) in sums.iter_mut().zip(&padded[x..]) {
            *sum = taps[0] * sample;
        }
        for (k, &tap) in taps.iter().enumerate().skip(1) {
            for (sum, &sample) in sums.iter_mut().zip(&padded[x + k..x + k + BLOCK]) {
                *sum = tap.mul_add(sample, *sum);
            }
        }
        out[x..x + BLOCK].copy_from_slice(&sums);
    }
    if out.len() < BLOCK {
        for (around, out) in padded.windows(taps.len()).zip(out) {
            let products = around.iter().zip(taps).skip(1);
            *out = products.fold(taps[0] * around[0], |sum, (sample, tap)| tap.mul_add(*sample, sum));
        }
    }
}

#[inline(always)]
fn across_body(rows: &[&[f32]], taps: &[f32], out: &mut [f32]) {
    let radius = taps.len() / 2;
    for x in blocks(out.len()) {
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
        out[x..x + BLOCK].copy_from_slice(&sums);
    }
    if out.len() < BLOCK {
        for (x, out) in out.iter_mut().enumerate() {
            let pairs = (1..=radius).map(|k| (taps[radius + k], rows[radius - k][x] + rows[radius + k][x]));
            *out = pairs.fold(taps[radius] * rows[radius][x], |sum, (tap, pair)| tap.mul_add(pair, sum));
        }
    }
}

/// Where blocks begin that cover `len` outputs, the last one overlapping the one before where it has to; none where
/// there are fewer outputs than a block has.
#[inline(always)]
fn blocks(len: usize) -> impl Iterator<Item = usize> {
    (0..len.div_ceil(BLOCK)).filter(move |_| len >= BLOCK).map(move |block| (block * BLOCK).min(len - BLOCK))
}
