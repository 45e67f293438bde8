//! A blur along a row.
//!
//! Each output takes the samples around it from left to right. A vector of samples that straddles two cache lines takes
//! two loads, so of the two vectors of a line of outputs one is loaded at every tap and the other, which would straddle,
//! is put together from registers: loads and shuffles then keep pace with the multiply-adds.

use crate::ring::LINE;
use crate::vector::{Shift, Vector};

/// Blurs a row to `out`, whole lines. `padded` begins `margin` samples before the row, a multiple of [`LINE`] and no
/// less than the radius, and ends a line or more after it.
#[inline(always)]
pub(crate) fn along<V: Vector>(padded: &[f32], margin: usize, taps: &[f32], out: &mut [f32]) {
    // The radii of the default parameters; any other one is as well served by loads alone.
    match taps.len() / 2 {
        5 => along_radius::<V::Eight, 11>(padded, margin, taps, out),
        6 => along_radius::<V::Eight, 13>(padded, margin, taps, out),
        8 => along_radius::<V::Eight, 17>(padded, margin, taps, out),
        10 => along_radius::<V::Eight, 21>(padded, margin, taps, out),
        13 => along_radius::<V::Eight, 27>(padded, margin, taps, out),
        _ => along_any::<V::Eight>(padded, margin, taps, out),
    }
}

#[inline(always)]
fn along_any<V: Vector>(padded: &[f32], margin: usize, taps: &[f32], out: &mut [f32]) {
    let first = &padded[margin - taps.len() / 2..];
    for (x, out) in out.chunks_exact_mut(4 * V::LANES).enumerate() {
        let samples = &first[x * 4 * V::LANES..];
        let mut sums = [V::splat(0.0); 4];
        for (k, &tap) in taps.iter().enumerate() {
            let tap = V::splat(tap);
            let samples = samples[k..].chunks_exact(V::LANES);
            for (sum, samples) in sums.iter_mut().zip(samples) {
                let samples = V::load(samples);
                *sum = if k == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
            }
        }
        for (sum, out) in sums.into_iter().zip(out.chunks_exact_mut(V::LANES)) {
            sum.store(out);
        }
    }
}

/// Blurs with `TAPS` taps, at most 27.
#[inline(always)]
fn along_radius<V: Shift, const TAPS: usize>(padded: &[f32], margin: usize, taps: &[f32], out: &mut [f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    for (line, out) in out.chunks_exact_mut(LINE).enumerate() {
        let Some(samples) = padded.get(line * LINE + margin - LINE..).and_then(|from| from.first_chunk()) else {
            return;
        };
        let mut blur = Blur::<V> {
            samples,
            at: [V::load(&samples[8..]), V::load(&samples[16..]), V::load(&samples[24..]), V::load(&samples[32..])],
            sums: [V::splat(0.0); 2],
        };
        // Unrolled, so that what is a load and what a shuffle is settled for each tap.
        macro_rules! steps {
            ($($k:literal)*) => { $(if $k < TAPS { blur.step::<$k, TAPS>(taps[$k % TAPS]); })* };
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26);
        blur.sums[0].store(out);
        blur.sums[1].store(&mut out[8..]);
    }
}

/// A line of outputs, in two vectors, on its way.
struct Blur<'a, V> {
    /// The line before, the line itself and the one after.
    samples: &'a [f32; 3 * LINE],
    /// Aligned vectors from the one before the line to the one after it.
    at: [V; 4],
    sums: [V; 2],
}

impl<V: Shift> Blur<'_, V> {
    /// Adds tap `K`.
    #[inline(always)]
    fn step<const K: usize, const TAPS: usize>(&mut self, tap: f32) {
        let tap = V::splat(tap);
        let first = LINE + K - TAPS / 2;
        for (sum, offset) in self.sums.iter_mut().zip([first, first + 8]) {
            let samples = match offset % LINE {
                0 | 8 => self.at[(offset / 8).saturating_sub(1) % 4],
                1..8 => V::load(&self.samples[offset..]),
                shift => {
                    let before = (offset / 8).saturating_sub(1) % 4;
                    shifted(self.at[before], self.at[(before + 1) % 4], shift - 8)
                }
            };
            *sum = if K == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
        }
    }
}

#[inline(always)]
fn shifted<V: Shift>(before: V, after: V, by: usize) -> V {
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
