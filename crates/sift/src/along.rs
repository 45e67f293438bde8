//! A blur along rows.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f`, from left to right, and
//! `SymmRowSmallVec_32f`, in pairs, for up to five taps), so that the levels agree with OpenCV's to the last bit but for the last
//! columns, from the last multiple of four on (of two with up to five taps), where OpenCV's vectors end and its compiler fuses no
//! products, or not all. It is the same for every instruction set and every division into strips.

mod many;
mod pairs;
mod rows;
mod samples;
mod streamed;
mod taps;

use self::many::many;
use self::pairs::pairs;
pub(crate) use self::pairs::{FEW, sum_pairs};
use self::rows::{Group, Rows};
use self::streamed::streamed_body;
use self::taps::taps_in_step;
use crate::design::Design;
use crate::isa::{Isa, Level, for_each_vector};
use crate::ring::{LINE, Padded};
use crate::vector::Vector;

/// Blurs a multiple of eight rows along themselves. Whole lines of `width` are written to `out`, samples and the stride of rows.
/// `coming`, in the same form, are the rows that a blur across these writes next, or none: they are fetched meanwhile, as that blur
/// would wait for them, and this one hardly waits for memory.
pub(crate) fn along(
    isa: Isa,
    padded: Padded<'_>,
    taps: &[f32],
    out: (&mut [f32], usize),
    width: usize,
    coming: (&[f32], usize),
) {
    let rows = Rows::new(padded, out, width.next_multiple_of(LINE), coming);
    if (isa.design(), isa.level()) == (Design::Amd, Level::Avx2) && streamed::TAPS.contains(&taps.len()) {
        return along_streamed(isa, rows, taps);
    }
    // A function for each number up to those of a radius of one line.
    macro_rules! of_taps {
        ($($taps:literal)*) => {
            match taps.len() {
                $($taps => along_taps::<$taps>(isa, rows, taps),)*
                _ => along_many(isa, rows, taps),
            }
        };
    }
    of_taps!(1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33);
}

for_each_vector! {
    /// As [`along()`], with `TAPS` taps.
    fn along_taps<const TAPS: usize>(rows: Rows<'_>, taps: &[f32]) = along_taps_body;
}

for_each_vector! {
    /// As [`along()`], with more than [`FEW`] taps.
    fn along_many(rows: Rows<'_>, taps: &[f32]) = along_many_body;
}

for_each_vector! {
    /// As [`along()`], with as many taps as [`streamed::TAPS`] has.
    fn along_streamed(rows: Rows<'_>, taps: &[f32]) = streamed_body;
}

#[inline(always)]
fn along_taps_body<V: Vector, const TAPS: usize>(mut rows: Rows<'_>, taps: &[f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    if TAPS <= FEW {
        while let Some(group) = rows.next::<1>() {
            pairs::<V, TAPS>(group, taps);
        }
    } else if V::LANES == LINE {
        // As many sums at a time as there are registers for, with what they are shifted from.
        while let Some(group) = rows.next::<4>() {
            taps_in_step::<V, 4, 2, 2, TAPS>(group, taps);
        }
    } else {
        while let Some(group) = rows.next::<2>() {
            taps_in_step::<V, 2, 2, 0, TAPS>(group, taps);
        }
    }
}

#[inline(always)]
fn along_many_body<V: Vector>(mut rows: Rows<'_>, taps: &[f32]) {
    if V::LANES == LINE {
        while let Some(group) = rows.next::<4>() {
            many::<V, 4, 2, 2>(group, taps);
        }
    } else {
        while let Some(group) = rows.next::<2>() {
            many::<V, 2, 2, 0>(group, taps);
        }
    }
}

/// As [`along()`], each vector by itself.
#[inline(always)]
fn one_by_one<V: Vector, const ROWS: usize>(group: Group<'_, ROWS>, taps: &[f32]) {
    for (padded, out) in group.padded.into_iter().zip(group.out) {
        let first = &padded[group.margin - taps.len() / 2..];
        for (i, out) in out.as_flattened_mut().chunks_exact_mut(V::LANES).enumerate() {
            let mut sum = V::splat(0.0);
            for (k, &tap) in taps.iter().enumerate() {
                sum = V::splat(tap).mul_add(V::load(&first[i * V::LANES + k..]), sum);
            }
            sum.store(out);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ring::margin_for;

    const LINES: usize = 3;
    pub(crate) const WIDTH: usize = LINES * LINE;

    pub(crate) fn noise(count: usize) -> Vec<f32> {
        let mut state = 1_u64;
        let mut sample = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 65_793.0
        };
        (0..count).map(|_| sample()).collect()
    }

    pub(crate) fn symmetric(radius: usize) -> Vec<f32> {
        let half = noise(radius + 1);
        half.iter().rev().chain(&half[1..]).copied().collect()
    }

    #[test]
    fn along_sums_from_left_to_right_and_few_taps_in_pairs() {
        for radius in 0..=35 {
            let margin = margin_for(radius);
            let stride = WIDTH + 2 * margin;
            let (padded, taps) = (noise(8 * stride), symmetric(radius));
            let expected = |y: usize, x: usize| {
                let samples = &padded[y * stride + margin + x - radius..];
                let pair = |distance: usize| samples[radius - distance] + samples[radius + distance];
                match (radius, taps[radius] * samples[radius]) {
                    (0, centre) => centre,
                    (1 | 2, _) => {
                        let beside = taps[radius + 1] * pair(1);
                        let sum = taps[radius].mul_add(samples[radius], beside);
                        if radius == 1 { sum } else { taps[radius + 2].mul_add(pair(2), sum) }
                    }
                    _ => taps.iter().zip(samples).fold(0.0, |sum, (tap, sample)| tap.mul_add(*sample, sum)),
                }
            };
            for (isa, design) in Isa::each().flat_map(|isa| Design::ALL.map(|design| (isa, design))) {
                for width in (LINE..=WIDTH).step_by(LINE) {
                    let mut out = vec![0.0; 8 * WIDTH];
                    let padded = Padded { samples: &padded, stride, margin };
                    let coming = (padded.samples, stride);
                    along(isa.as_on(design), padded, &taps, (&mut out, WIDTH), width, coming);
                    for (i, sum) in out.into_iter().enumerate() {
                        let (y, x) = (i / WIDTH, i % WIDTH);
                        let expected = if x < width { expected(y, x) } else { 0.0 };
                        assert_eq!(
                            sum, expected,
                            "radius {radius}, {isa:?}, {design:?}, {width}, sample {i}"
                        );
                    }
                }
            }
        }
    }
}
