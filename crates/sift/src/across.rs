//! A blur across rows.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`SymmColumnVec_32f`, from the centre
//! outwards), so that the levels agree with OpenCV's to the last bit but for the last columns, from the last multiple of eight on (none
//! with three taps), where OpenCV's vectors end and its compiler fuses no products, or not all. It is the same for every instruction
//! set and every division into strips.

use crate::isa::{Isa, for_each_vector};
use crate::ring::LINE;
use crate::vector::Vector;

/// Blurs across rows that all have the same number of lines: to row `i` of `out`, samples and stride, go rows `i` to
/// `i + taps.len() - 1` of `rows`, for as many as there are.
pub(crate) fn across(isa: Isa, rows: &[&[[f32; LINE]]], taps: &[f32], out: (&mut [f32], usize)) {
    // A function for each number up to those of a radius of one line, as along rows.
    macro_rules! of_taps {
        ($($taps:literal)*) => {
            match taps.len() {
                $($taps => across_taps::<$taps>(isa, rows, taps, out),)*
                _ => across_many(isa, rows, taps, out),
            }
        };
    }
    of_taps!(3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33);
}

for_each_vector! {
    /// As [`across()`], with `TAPS` taps, at most [`MOST`].
    fn across_taps<const TAPS: usize>(rows: &[&[[f32; LINE]]], taps: &[f32], out: (&mut [f32], usize)) = taps_body;
}

for_each_vector! {
    /// As [`across()`], with any number of taps.
    fn across_many(rows: &[&[[f32; LINE]]], taps: &[f32], out: (&mut [f32], usize)) = many_body;
}

/// The most taps of those that have a function of their own.
const MOST: usize = 33;
/// Rows that are summed at a time at most, as each keeps three registers.
const GROUP: usize = 8;

#[inline(always)]
fn taps_body<V: Vector, const TAPS: usize>(
    rows: &[&[[f32; LINE]]],
    taps: &[f32],
    (out, stride): (&mut [f32], usize),
) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    let outputs = (rows.len() + 1).saturating_sub(TAPS);
    let mut first = 0;
    while first < outputs {
        let (rows, out) = (&rows[first..], &mut out[first * stride..]);
        first += match outputs - first {
            GROUP.. if V::LANES == LINE => sum_rows::<V, GROUP, TAPS>(rows, taps, out, stride),
            4.. if V::LANES < LINE => sum_rows::<V, 4, TAPS>(rows, taps, out, stride),
            _ => sum_rows_of_any::<V, 1>(rows, taps, out, stride),
        };
    }
}

#[inline(always)]
fn many_body<V: Vector>(rows: &[&[[f32; LINE]]], taps: &[f32], (out, stride): (&mut [f32], usize)) {
    let outputs = (rows.len() + 1).saturating_sub(taps.len());
    let mut first = 0;
    while first < outputs {
        let (rows, out) = (&rows[first..], &mut out[first * stride..]);
        first += match outputs - first {
            GROUP.. if V::LANES == LINE => sum_rows_of_any::<V, GROUP>(rows, taps, out, stride),
            4.. if V::LANES < LINE => sum_rows_of_any::<V, 4>(rows, taps, out, stride),
            _ => sum_rows_of_any::<V, 1>(rows, taps, out, stride),
        };
    }
}

/// Blurs `N` consecutive rows, at most [`GROUP`], so that each row is read once for all of them. Returns how many they are.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows_of_any<V: Vector, const N: usize>(
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

/// As [`sum_rows_of_any`], with `TAPS` taps and thus from `N - 1` rows more. As these numbers are constant, a step has little else to do.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize, const TAPS: usize>(
    rows: &[&[[f32; LINE]]],
    taps: &[f32; TAPS],
    out: &mut [f32],
    stride: usize,
) -> usize {
    const { assert!(TAPS <= MOST && N <= GROUP) };
    let (centre, count) = (TAPS / 2, TAPS + N - 1);
    let rows = &rows[..count];
    let lines = rows[0].len();
    // Of one length for the compiler, too.
    let mut around = [&rows[0][..lines]; MOST + GROUP - 1];
    for (around, row) in around.iter_mut().zip(rows) {
        *around = &row[..lines];
    }
    let mut outs = out.chunks_mut(stride);
    let mut outs: [_; N] =
        std::array::from_fn(|_| &mut outs.next().unwrap_or_default().as_chunks_mut::<LINE>().0[..lines]);
    for line in 0..lines {
        for x in (0..LINE).step_by(V::LANES) {
            let mut above = [V::splat(taps[centre]); N];
            let mut sums = above;
            for ((above, sum), row) in above.iter_mut().zip(&mut sums).zip(&around[centre..]) {
                *above = V::load(&row[line][x..]);
                *sum = sum.mul(*above);
            }
            let mut near = Around { below: above, above, sums };
            // Unrolled, so that each turn names its registers.
            macro_rules! turns {
                ($($turn:literal)*) => {
                    $(if $turn < TAPS / 2 {
                        let above = V::load(&around[(centre + count - 1 - $turn) % count][line][x..]);
                        let below = V::load(&around[(centre + N + $turn) % count][line][x..]);
                        near.step::<$turn>(V::splat(taps[(centre + 1 + $turn) % TAPS]), above, below);
                    })*
                };
            }
            turns!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            for (sum, out) in near.sums.into_iter().zip(&mut outs) {
                sum.store(&mut out[line][x..]);
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
    /// at `i + k`, both modulo `N`; `TURN` is `k - 1`, at most 15, or that modulo `N`.
    #[inline(always)]
    fn step<const TURN: usize>(&mut self, tap: V, above: V, below: V) {
        self.above[(16 * N - 1 - TURN) % N] = above;
        self.below[TURN % N] = below;
        for i in 0..N {
            let pair = self.below[(i + TURN + 1) % N].add(self.above[(i + 16 * N - 1 - TURN) % N]);
            self.sums[i] = tap.mul_add(pair, self.sums[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::along::tests::{WIDTH, noise, symmetric};

    #[test]
    fn across_sums_from_the_centre_outwards() {
        for (radius, outputs) in (0..=18).flat_map(|radius| (1..=9).map(move |outputs| (radius, outputs))) {
            let (samples, taps) = (noise((outputs + 2 * radius) * WIDTH), symmetric(radius));
            let rows: Vec<_> = samples.chunks_exact(WIDTH).map(|row| row.as_chunks().0).collect();
            let expected = |y: usize, x: usize| {
                let at = |row: usize| samples[row * WIDTH + x];
                let centre = y + radius;
                (1..=radius).fold(taps[radius] * at(centre), |sum, distance| {
                    taps[radius + distance].mul_add(at(centre + distance) + at(centre - distance), sum)
                })
            };
            for isa in Isa::each() {
                let mut out = vec![0.0; outputs * WIDTH];
                across(isa, &rows, &taps, (&mut out, WIDTH));
                for (i, sum) in out.into_iter().enumerate() {
                    let at = (i / WIDTH, i % WIDTH);
                    assert_eq!(sum, expected(at.0, at.1), "radius {radius}, {outputs} rows, {isa:?}, {at:?}");
                }
            }
        }
    }
}
