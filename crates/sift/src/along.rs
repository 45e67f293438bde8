//! A blur along a row.
//!
//! Each output takes the samples around it from left to right. A vector of samples that straddles two cache lines takes
//! two loads, so of the two vectors of a line of outputs one is loaded at every tap and the other, which would straddle,
//! is put together from registers: loads and shuffles then keep pace with the multiply-adds.

use crate::ring::LINE;
use crate::vector::{Eight, Vector};

/// Rows that are blurred side by side, so that enough sums are under way to hide the latency of a multiply-add.
pub(crate) const ROWS: usize = 2;

/// Blurs rows to `out`, whole lines. Each of `padded` begins `margin` samples before the row, a multiple of [`LINE`] and
/// no less than the radius, and ends a line or more after it.
#[inline(always)]
pub(crate) fn along<V: Vector>(padded: [&[f32]; ROWS], margin: usize, taps: &[f32], out: [&mut [f32]; ROWS]) {
    // The radii of the default parameters; any other one is as well served by loads alone.
    match taps.len() / 2 {
        5 => along_radius::<V::Eight, 11>(padded, margin, taps, out),
        6 => along_radius::<V::Eight, 13>(padded, margin, taps, out),
        8 => along_radius::<V::Eight, 17>(padded, margin, taps, out),
        10 => along_radius::<V::Eight, 21>(padded, margin, taps, out),
        13 => along_radius::<V::Eight, 27>(padded, margin, taps, out),
        _ => {
            for (padded, out) in padded.into_iter().zip(out) {
                along_any::<V::Eight>(padded, margin, taps, out);
            }
        }
    }
}

#[inline(always)]
fn along_any<V: Vector>(padded: &[f32], margin: usize, taps: &[f32], out: &mut [f32]) {
    let first = &padded[margin - taps.len() / 2..];
    for (line, out) in out.chunks_exact_mut(LINE).enumerate() {
        let samples = &first[line * LINE..];
        let mut sums = [V::splat(0.0); LINE / LANES];
        for (k, &tap) in taps.iter().enumerate() {
            let tap = V::splat(tap);
            for (sum, samples) in sums.iter_mut().zip(samples[k..].chunks_exact(LANES)) {
                let samples = V::load(samples);
                *sum = if k == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
            }
        }
        for (sum, out) in sums.into_iter().zip(out.chunks_exact_mut(LANES)) {
            sum.store(out);
        }
    }
}

/// Blurs with `TAPS` taps, at most 27.
#[inline(always)]
fn along_radius<V: Eight, const TAPS: usize>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    out: [&mut [f32]; ROWS],
) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    let [upper, lower] = out;
    let lines = upper.chunks_exact_mut(LINE).zip(lower.chunks_exact_mut(LINE));
    for (line, (upper, lower)) in lines.enumerate() {
        let from = line * LINE + margin - LINE;
        let (Some(above), Some(below)) = (first_chunk(padded[0], from), first_chunk(padded[1], from)) else {
            return;
        };
        let mut above = Blur::<V>::new(above);
        let mut below = Blur::<V>::new(below);
        // Unrolled, so that what is a load and what a shuffle is settled for each tap.
        macro_rules! steps {
            ($($k:literal)*) => {
                $(if $k < TAPS {
                    let tap = V::splat(taps[$k % TAPS]);
                    above.step::<$k, TAPS>(tap);
                    below.step::<$k, TAPS>(tap);
                })*
            };
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26);
        above.store(upper);
        below.store(lower);
    }
}

#[inline(always)]
fn first_chunk<const N: usize>(samples: &[f32], from: usize) -> Option<&[f32; N]> {
    samples.get(from..)?.first_chunk()
}

/// Floats of a vector here.
const LANES: usize = 8;

/// A line of outputs, in two vectors, on its way.
struct Blur<'a, V> {
    /// The line before, the line itself and the one after.
    samples: &'a [f32; 3 * LINE],
    /// Aligned vectors from the one before the line to the one after it.
    at: [V; 4],
    sums: [V; 2],
}

impl<'a, V: Eight> Blur<'a, V> {
    #[inline(always)]
    fn new(samples: &'a [f32; 3 * LINE]) -> Self {
        let at = |i: usize| V::load(&samples[i * LANES..]);
        Self { samples, at: [at(1), at(2), at(3), at(4)], sums: [V::splat(0.0); 2] }
    }

    /// Adds tap `K`.
    #[inline(always)]
    fn step<const K: usize, const TAPS: usize>(&mut self, tap: V) {
        let first = LINE + K - TAPS / 2;
        for (sum, offset) in self.sums.iter_mut().zip([first, first + LANES]) {
            let before = (offset / LANES).saturating_sub(1) % 4;
            let samples = match offset % LINE {
                0 | LANES => self.at[before],
                1..LANES => V::load(&self.samples[offset..]),
                shift => shifted(self.at[before], self.at[(before + 1) % 4], shift - LANES),
            };
            *sum = if K == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
        }
    }

    #[inline(always)]
    fn store(self, out: &mut [f32]) {
        self.sums[0].store(out);
        self.sums[1].store(&mut out[LANES..]);
    }
}

#[inline(always)]
fn shifted<V: Eight>(before: V, after: V, by: usize) -> V {
    match by {
        1 => before.shift::<1>(after),
        2 => before.shift::<2>(after),
        3 => before.shift::<3>(after),
        4 => before.shift::<4>(after),
        5 => before.shift::<5>(after),
        6 => before.shift::<6>(after),
        _ => before.shift::<7>(after),
    }
}
