//! Dominant gradient directions around a keypoint (Lowe 2004, section 5; `calcOrientationHist` of OpenCV's SIFT).

use std::iter::repeat;

use crate::falloff::Falloff;
use crate::float::{INTEGER, greater};
use crate::isa::{for_each_isa, for_each_vector};
use crate::patch::{Patch, Span, inner};
use crate::refine::Refined;
use crate::strip::Strip;
use crate::vector::Vector;

const BINS: usize = 36;
/// Histograms that samples go to in turn, so that no sum waits for the one before.
const PARTS: usize = 8;
/// Samples whose bins are found at a time.
const TURN: usize = 64;
/// Room for the bins and the one beyond the last, which is the first again.
const ROOM: usize = 64;
/// Sigma of the weights, in scales.
const SIGMA: f32 = 1.5;
/// Radius of the patch, in scales.
const RADIUS: f32 = 3.0 * SIGMA;
/// A peak counts from this share of the highest one on.
const PEAK: f32 = 0.8;

/// Radius of the patch of a keypoint of this scale, px of the octave.
pub(crate) fn radius(scale: f32) -> usize {
    (RADIUS * scale).round_ties_even() as usize
}

/// Scratch memory of [`Orienter::orientations`], kept from keypoint to keypoint.
#[derive(Debug, Default)]
pub(crate) struct Orienter {
    patch: Patch,
    falloff: Falloff,
}

impl Orienter {
    /// Calls `found` with the angle, in OpenCV's sense, of each peak of the histogram of directions.
    pub(crate) fn orientations(&mut self, strip: &Strip<'_>, at: &Refined, mut found: impl FnMut(f32)) {
        let isa = strip.octave.isa;
        let (sigma, radius) = (SIGMA * at.scale, radius(at.scale));
        self.falloff.fill(isa, radius, -0.5 / (sigma * sigma));
        gather(isa, self, strip, at, radius);
        self.patch.finish(PARTS);
        let histogram = smooth(&histogram(isa, self.patch.angles(), self.patch.weights()));
        let highest = highest(&histogram);
        let around = extended::<1, { BINS + 2 }>(&histogram);
        for (bin, window) in around.windows(3).enumerate() {
            let (before, here, after) = (window[0], window[1], window[2]);
            if here > before && here > after && here >= highest * PEAK {
                found(angle(bin as f32 + 0.5 * (before - after) / (before - 2.0 * here + after)));
            }
        }
    }
}

for_each_vector! {
    /// Gathers the samples within `radius` rows and columns of a keypoint.
    fn gather(orienter: &mut Orienter, strip: &Strip<'_>, at: &Refined, radius: usize) = gather_body;
}

#[inline(always)]
fn gather_body<V: Vector>(orienter: &mut Orienter, strip: &Strip<'_>, at: &Refined, radius: usize) {
    let Orienter { patch, falloff } = orienter;
    let columns = inner(at.x, radius, strip.octave.width);
    let rows = inner(at.y, radius, strip.octave.height);
    patch.begin(rows.len(), columns.len());
    let level = strip.level(at.layer);
    let horizontal = falloff.from(columns.start as isize - at.x as isize);
    let verticals = falloff.from(rows.start as isize - at.y as isize);
    for (around, &vertical) in level.around(rows).zip(verticals) {
        let around = around(columns.start - 1);
        patch.push::<V, _>(&Span { around, len: columns.len(), vertical, horizontal }, repeat(()), |()| ());
    }
}

for_each_isa! {
    /// Sums of the weights by direction; the arrays are a multiple of [`PARTS`] long.
    fn histogram(angles: &[f32], weights: &[f32]) -> [f32; BINS] = histogram_body;
}

#[inline(always)]
fn histogram_body(angles: &[f32], weights: &[f32]) -> [f32; BINS] {
    let mut parts = [[0.0; ROOM]; PARTS];
    for (angles, weights) in angles.chunks(TURN).zip(weights.chunks(TURN)) {
        let mut bins = [0; TURN];
        for (bin, angle) in bins.iter_mut().zip(angles) {
            *bin = (angle * (BINS as f32 / 360.0) + INTEGER).to_bits() as u8;
        }
        let groups = bins.as_chunks::<PARTS>().0.iter().zip(weights.as_chunks::<PARTS>().0);
        for (bins, weights) in groups {
            for ((part, bin), weight) in parts.iter_mut().zip(bins).zip(weights) {
                part[usize::from(*bin) % ROOM] += weight;
            }
        }
    }
    let mut sums = [0.0; BINS + 1];
    for part in &parts {
        for (sum, bin) in sums.iter_mut().zip(part) {
            *sum += bin;
        }
    }
    let [mut bins @ .., beyond] = sums;
    bins[0] += beyond;
    bins
}

/// Circular convolution with 1-4-6-4-1.
fn smooth(bins: &[f32; BINS]) -> [f32; BINS] {
    let mut smoothed = [0.0; BINS];
    for (sum, at) in smoothed.iter_mut().zip(extended::<2, { BINS + 4 }>(bins).windows(5)) {
        *sum = (at[0] + at[4]) * (1.0 / 16.0) + (at[1] + at[3]) * (4.0 / 16.0) + at[2] * (6.0 / 16.0);
    }
    smoothed
}

/// The greatest bin, in four parts, so that no comparison waits for the one before.
fn highest(bins: &[f32; BINS]) -> f32 {
    let mut parts = [0.0; 4];
    for bins in bins.as_chunks::<4>().0 {
        for (part, bin) in parts.iter_mut().zip(bins) {
            *part = greater(*bin, *part);
        }
    }
    parts.into_iter().fold(0.0, greater)
}

/// A histogram that goes on for `N` bins on either side, `LEN` in all.
fn extended<const N: usize, const LEN: usize>(bins: &[f32; BINS]) -> [f32; LEN] {
    let mut extended = [0.0; LEN];
    extended[..N].copy_from_slice(&bins[BINS - N..]);
    extended[N..N + BINS].copy_from_slice(bins);
    extended[N + BINS..].copy_from_slice(&bins[..N]);
    extended
}

/// The angle of a position between bins: clockwise as seen, degrees, from 0 to below 360.
fn angle(bin: f32) -> f32 {
    let bins = BINS as f32;
    let bin = if bin < 0.0 {
        bin + bins
    } else if bin >= bins {
        bin - bins
    } else {
        bin
    };
    let angle = 360.0 - (360.0 / bins) * bin;
    if (angle - 360.0).abs() < f32::EPSILON { 0.0 } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_run_backwards_from_360() {
        assert_eq!(angle(0.0), 0.0);
        assert_eq!(angle(9.0), 270.0);
        assert_eq!(angle(-0.5), 5.0);
        assert_eq!(angle(36.0), 0.0);
    }

    #[test]
    fn smoothing_keeps_the_sum() {
        let mut bins = [0.0; BINS];
        bins[35] = 16.0;
        let smoothed = smooth(&bins);
        assert_eq!(
            (smoothed[33], smoothed[34], smoothed[35], smoothed[0], smoothed[1]),
            (1.0, 4.0, 6.0, 4.0, 1.0)
        );
    }
}
