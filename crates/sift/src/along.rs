//! A blur along a row.
//!
//! Each output takes the samples around it from left to right. A vector of samples that straddles two cache lines takes
//! two loads, so most of those are put together from aligned ones in registers: loads and shuffles then keep pace with
//! the multiply-adds.

use crate::ring::LINE;
use crate::vector::Vector;

/// A line, the one before it and the one after.
type Around = [f32; 3 * LINE];

/// Blurs rows to `out`, as many lines in each. Each of `padded` begins `margin` samples before its row, a multiple of
/// [`LINE`] and no less than the radius, and ends a line or more after it. `SUMS` vectors, a line of each row, are under
/// way at a time, which hides the latency of a multiply-add.
#[inline(always)]
pub(crate) fn along<V: Vector, const ROWS: usize, const SUMS: usize>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    out: [&mut [[f32; LINE]]; ROWS],
) {
    // The radii of the default parameters; any other one is as well served by loads alone.
    match taps.len() / 2 {
        5 => along_radius::<V, ROWS, SUMS, 11>(padded, margin, taps, out),
        6 => along_radius::<V, ROWS, SUMS, 13>(padded, margin, taps, out),
        8 => along_radius::<V, ROWS, SUMS, 17>(padded, margin, taps, out),
        10 => along_radius::<V, ROWS, SUMS, 21>(padded, margin, taps, out),
        _ => {
            for (padded, out) in padded.into_iter().zip(out) {
                along_any::<V>(padded, margin, taps, out.as_flattened_mut());
            }
        }
    }
}

#[inline(always)]
fn along_any<V: Vector>(padded: &[f32], margin: usize, taps: &[f32], out: &mut [f32]) {
    let first = &padded[margin - taps.len() / 2..];
    for (i, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        let samples = &first[i * V::LANES..];
        let mut sum = V::splat(0.0);
        for (k, &tap) in taps.iter().enumerate() {
            let (tap, samples) = (V::splat(tap), V::load(&samples[k..]));
            sum = if k == 0 { tap.mul(samples) } else { tap.mul_add(samples, sum) };
        }
        sum.store(out);
    }
}

/// Blurs with `TAPS` taps, at most 21.
#[inline(always)]
fn along_radius<V: Vector, const ROWS: usize, const SUMS: usize, const TAPS: usize>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    mut out: [&mut [[f32; LINE]]; ROWS],
) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    let lines = out.iter().map(|out| out.len()).min().unwrap_or(0);
    for line in 0..lines {
        let from = line * LINE + margin - LINE;
        let mut around: [&Around; ROWS] = [&[0.0; 3 * LINE]; ROWS];
        for (around, padded) in around.iter_mut().zip(&padded) {
            *around = padded.get(from..).and_then(<[f32]>::first_chunk).unwrap_or(&[0.0; 3 * LINE]);
        }
        let mut sums = [V::splat(0.0); SUMS];
        // Unrolled, so that what is a load and what a shuffle is settled for each tap.
        macro_rules! steps {
            ($($k:literal)*) => {
                $(if $k < TAPS {
                    let tap = V::splat(taps[$k % TAPS]);
                    for i in 0..SUMS {
                        step::<V, $k, TAPS>(&mut sums[i], around[i * ROWS / SUMS], tap, i);
                    }
                    V::keep_in_step(&mut sums);
                })*
            };
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
        for (sums, out) in sums.chunks_exact(SUMS / ROWS).zip(&mut out) {
            for (sum, out) in sums.iter().zip(out[line].chunks_exact_mut(V::LANES)) {
                sum.store(out);
            }
        }
    }
}

/// Adds tap `K` to a sum: the `index`th of those under way, which are whole lines of rows one after another.
#[inline(always)]
fn step<V: Vector, const K: usize, const TAPS: usize>(sum: &mut V, around: &Around, tap: V, index: usize) {
    let aligned = |i: usize| V::load(&around[i * V::LANES..]);
    let offset = LINE + K - TAPS / 2 + index % (LINE / V::LANES) * V::LANES;
    let (before, shift) = (offset / V::LANES, offset % V::LANES);
    let straddles = offset % LINE + V::LANES > LINE;
    let samples = if straddles && (V::LANES < LINE || !index.is_multiple_of(4)) {
        shifted(aligned(before), aligned(before + 1), shift)
    } else {
        V::load(&around[offset..])
    };
    *sum = if K == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
}

#[inline(always)]
fn shifted<V: Vector>(before: V, after: V, by: usize) -> V {
    macro_rules! by {
        ($($by:literal)*) => {
            match by {
                $($by => before.shift::<$by>(after),)*
                _ => before,
            }
        };
    }
    by!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}
