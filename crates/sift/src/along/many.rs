//! A blur along a row by any number of taps, a line of samples after another.

use super::samples::samples;
use super::{Group, one_by_one};
use crate::prefetch::prefetch;
use crate::ring::LINE;
use crate::vector::Vector;

/// Blurs rows, `VECTORS` of each, whole lines, at a time: several sums hide the latency of a multiply-add. See [`samples`] for `LOADING`.
#[inline(always)]
pub(super) fn many<V: Vector, const ROWS: usize, const VECTORS: usize, const LOADING: usize>(
    group: Group<'_, ROWS>,
    taps: &[f32],
) {
    let (lines, at_once) = (group.lines(), VECTORS * V::LANES / LINE);
    if lines < at_once {
        return one_by_one::<V, ROWS>(group, taps);
    }
    let Group { padded, margin, mut out, coming } = group;
    // The first tap takes a sample of the first line that is read, and each further line has samples for as many taps.
    let radius = taps.len() / 2;
    let first_line = margin - radius.next_multiple_of(LINE);
    let before = margin - radius - first_line;
    let read = (before + taps.len()).div_ceil(LINE);
    for first in (0..lines).step_by(at_once) {
        // The last ones may be blurred twice.
        let first = first.min(lines - at_once);
        coming.iter().filter_map(|row| row.get(first..first + at_once)).for_each(prefetch);
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        for line in 0..read {
            let mut around = padded;
            for around in &mut around {
                *around = &around[first_line + (first + line) * LINE..][..(at_once + 1) * LINE];
            }
            let first_tap = (line * LINE).wrapping_sub(before);
            let of_line = taps.get(first_tap..).and_then(|taps| taps.first_chunk::<LINE>());
            // Unrolled, so that what is a load and what a shuffle is settled for each sample of a line.
            macro_rules! steps {
                ($tap:ident, $($at:literal)*) => {
                    $(if let Some(tap) = $tap($at) {
                        let tap = V::splat(tap);
                        for row in 0..ROWS {
                            for i in 0..VECTORS {
                                let samples = samples::<V, LOADING>(around[row], row, $at + i * V::LANES);
                                let sum = &mut sums[row][i];
                                *sum = tap.mul_add(samples, *sum);
                            }
                        }
                        V::keep_in_step(sums.as_flattened_mut());
                    })*
                };
            }
            // All of a line, nearly always, or some.
            if let Some(taps) = of_line {
                let tap = |at: usize| Some(taps[at]);
                steps!(tap, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            } else {
                let tap = |at: usize| taps.get(first_tap.wrapping_add(at)).copied();
                steps!(tap, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
        }
        for (sums, out) in sums.iter().zip(&mut out) {
            let out = out[first..first + at_once].as_flattened_mut();
            for (sum, out) in sums.iter().zip(out.chunks_exact_mut(V::LANES)) {
                sum.store(out);
            }
        }
    }
}
