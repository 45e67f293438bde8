//! A blur along a row by a constant number of taps.

use super::samples::samples;
use super::{Group, one_by_one};
use crate::prefetch::prefetch;
use crate::ring::LINE;
use crate::vector::Vector;

/// Blurs rows with `TAPS` taps, at most those of a radius of one line. `VECTORS` of each row, whole lines, are under way at a time:
/// several sums hide the latency of a multiply-add. See [`samples`] for `LOADING`.
#[inline(always)]
pub(super) fn taps_in_step<
    V: Vector,
    const ROWS: usize,
    const VECTORS: usize,
    const LOADING: usize,
    const TAPS: usize,
>(
    group: Group<'_, ROWS>,
    taps: &[f32; TAPS],
) {
    const { assert!(TAPS <= 2 * LINE + 1) };
    let (lines, at_once) = (group.lines(), VECTORS * V::LANES / LINE);
    if lines < at_once {
        return one_by_one::<V, ROWS>(group, taps);
    }
    let Group { padded, margin, mut out, coming } = group;
    // Lines before and after those that are summed, of which taps read a part.
    let beside = (TAPS / 2).next_multiple_of(LINE);
    for first in (0..lines).step_by(at_once) {
        // The last ones may be blurred twice.
        let first = first.min(lines - at_once);
        coming.iter().filter_map(|row| row.get(first..first + at_once)).for_each(prefetch);
        let mut around = padded;
        for around in &mut around {
            *around = &around[first * LINE + margin - beside..][..at_once * LINE + 2 * beside];
        }
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        // Unrolled, so that what is a load and what a shuffle is settled for each tap.
        macro_rules! steps {
            ($($k:literal)*) => {
                $(if $k < TAPS {
                    let tap = V::splat(taps[$k % TAPS]);
                    for row in 0..ROWS {
                        for i in 0..VECTORS {
                            let offset = beside + $k - TAPS / 2 + i * V::LANES;
                            let samples = samples::<V, LOADING>(around[row], row, offset);
                            let sum = &mut sums[row][i];
                            *sum = if $k == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
                        }
                    }
                    V::keep_in_step(sums.as_flattened_mut());
                })*
            };
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
        for (sums, out) in sums.iter().zip(&mut out) {
            let out = out[first..first + at_once].as_flattened_mut();
            for (sum, out) in sums.iter().zip(out.chunks_exact_mut(V::LANES)) {
                sum.store(out);
            }
        }
    }
}
