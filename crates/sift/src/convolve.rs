//! The two passes of a separable blur over a block of rows: first along the rows, then across them.
//!
//! The order of the sums is that of OpenCV's own loops on machines with fused multiply-add (`RowVec_32f` from left to
//! right, `SymmRowSmallVec_32f` in pairs for up to five taps, `SymmColumnVec_32f` from the centre outwards), so that the
//! levels agree with OpenCV's to the last bit but for the last columns, where OpenCV's vectors end and its compiler fuses no
//! products, or not all: across rows the columns from the last multiple of eight on (none with three taps), along rows those from
//! the last multiple of four on (of two with up to five taps). It is the same for every instruction set and every division into
//! strips.

use std::slice::{Chunks, ChunksMut};

use crate::along;
use crate::design::Design;
use crate::isa::{Isa, for_each_vector};
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
    along_on(isa, isa.design(), padded, taps, out, width, coming);
}

for_each_vector! {
    /// As [`along()`], in the way that is quickest on a design.
    fn along_on(
        design: Design,
        padded: Padded<'_>,
        taps: &[f32],
        out: (&mut [f32], usize),
        width: usize,
        coming: (&[f32], usize),
    ) = along_body;
}

for_each_vector! {
    /// Blurs across rows that all have the same number of lines: to row `i` of `out`, samples and stride, go rows `i` to
    /// `i + taps.len() - 1` of `rows`, for as many as there are.
    pub(crate) fn across(rows: &[&[[f32; LINE]]], taps: &[f32], out: (&mut [f32], usize)) = across_body;
}

#[inline(always)]
fn along_body<V: Vector>(
    design: Design,
    padded: Padded<'_>,
    taps: &[f32],
    out: (&mut [f32], usize),
    width: usize,
    coming: (&[f32], usize),
) {
    let width = width.next_multiple_of(LINE);
    let rows = Rows::new(padded, out, width, coming);
    // As many sums at a time as there are registers for, with what they are shifted from.
    if V::LANES == LINE {
        return along_rows::<V, 4, 2, 2>(rows, taps);
    }
    if V::STREAMS && matches!(design, Design::Amd) {
        return along_streams::<V>(rows, taps);
    }
    along_rows::<V, 2, 2, 0>(rows, taps);
}

/// Rows to be blurred along, those that the sums are for, and those to be fetched meanwhile.
struct Rows<'a> {
    padded: Chunks<'a, f32>,
    margin: usize,
    out: ChunksMut<'a, f32>,
    width: usize,
    coming: Chunks<'a, f32>,
}

/// Some of [`Rows`]: samples with margins, and lines of the others.
type Group<'a, const ROWS: usize> =
    ([&'a [f32]; ROWS], [&'a mut [[f32; LINE]]; ROWS], [&'a [[f32; LINE]]; ROWS]);

impl<'a> Rows<'a> {
    #[inline(always)]
    fn new(
        Padded { samples, stride, margin }: Padded<'a>,
        (out, out_stride): (&'a mut [f32], usize),
        width: usize,
        (coming, coming_stride): (&'a [f32], usize),
    ) -> Self {
        Self {
            padded: samples.chunks(stride),
            margin,
            out: out.chunks_mut(out_stride),
            width,
            coming: coming.chunks(coming_stride),
        }
    }

    /// The next ones, as long as there are as many.
    #[inline(always)]
    fn next<const ROWS: usize>(&mut self) -> Option<Group<'a, ROWS>> {
        let mut rows = [&[][..]; ROWS];
        for row in &mut rows {
            *row = self.padded.next()?;
        }
        let outs =
            std::array::from_fn(|_| self.out.next().unwrap_or_default()[..self.width].as_chunks_mut().0);
        let coming = std::array::from_fn(|_| self.coming.next().unwrap_or_default().as_chunks().0);
        Some((rows, outs, coming))
    }
}

#[inline(always)]
fn along_rows<V: Vector, const ROWS: usize, const VECTORS: usize, const LOADING: usize>(
    mut rows: Rows<'_>,
    taps: &[f32],
) {
    while let Some((padded, out, coming)) = rows.next::<ROWS>() {
        along::along::<V, ROWS, VECTORS, LOADING>(padded, rows.margin, taps, out, coming);
    }
}

/// As [`along_rows()`], in vectors of eight, each of which is loaded once for all sums that it is a part of.
#[inline(always)]
fn along_streams<V: Vector>(rows: Rows<'_>, taps: &[f32]) {
    match taps.len() {
        11 => along_fours::<V, 11>(rows, taps),
        13 => along_fours::<V, 13>(rows, taps),
        17 => along_threes::<V, 17>(rows, taps),
        21 => along_threes::<V, 21>(rows, taps),
        _ => along_rows::<V, 2, 2, 0>(rows, taps),
    }
}

/// Four rows at a time, as there are registers for two sums of each.
#[inline(always)]
fn along_fours<V: Vector, const TAPS: usize>(mut rows: Rows<'_>, taps: &[f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    while let Some((padded, out, coming)) = rows.next::<4>() {
        along::streamed::<V, 4, 2, TAPS, 2>(padded, rows.margin, taps, out, coming);
    }
}

/// Three, three and two of eight rows, as there are registers for three sums of each.
#[inline(always)]
fn along_threes<V: Vector, const TAPS: usize>(mut rows: Rows<'_>, taps: &[f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    loop {
        for _ in 0..2 {
            let Some((padded, out, coming)) = rows.next::<3>() else { return };
            along::streamed::<V, 3, 1, TAPS, 3>(padded, rows.margin, taps, out, coming);
        }
        let Some((padded, out, coming)) = rows.next::<2>() else { return };
        along::streamed::<V, 2, 1, TAPS, 3>(padded, rows.margin, taps, out, coming);
    }
}

#[inline(always)]
fn across_body<V: Vector>(rows: &[&[[f32; LINE]]], taps: &[f32], (out, stride): (&mut [f32], usize)) {
    let outputs = (rows.len() + 1).saturating_sub(taps.len());
    let mut first = 0;
    while first < outputs {
        let (rows, out) = (&rows[first..], &mut out[first * stride..]);
        // Each of the rows that are summed at a time keeps three registers.
        let group = match outputs - first {
            8.. if V::LANES == LINE => 8,
            4.. if V::LANES < LINE => 4,
            _ => 1,
        };
        macro_rules! sum_up {
            ($($taps:literal)*) => {
                match (group, taps.len()) {
                    $((8, $taps) => sum_rows::<V, 8, $taps, { $taps + 7 }>(rows, taps, out, stride),
                    (4, $taps) => sum_rows::<V, 4, $taps, { $taps + 3 }>(rows, taps, out, stride),)*
                    (8, _) => sum_rows_of_any::<V, 8>(rows, taps, out, stride),
                    (4, _) => sum_rows_of_any::<V, 4>(rows, taps, out, stride),
                    _ => sum_rows_of_any::<V, 1>(rows, taps, out, stride),
                }
            };
        }
        // The numbers of taps of the default parameters.
        sum_up!(11 13 17 21);
        first += group;
    }
}

/// Blurs `N` consecutive rows, at most 8, so that each row is read once for all of them.
///
/// The rows above and below at a distance move away from the centre by one row a step, so that all but one of each are
/// in registers from the step before: they stay where they are and change their roles.
#[inline(always)]
fn sum_rows_of_any<V: Vector, const N: usize>(
    rows: &[&[[f32; LINE]]],
    taps: &[f32],
    out: &mut [f32],
    stride: usize,
) {
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
}

/// As [`sum_rows_of_any`], with `TAPS` taps and thus from `ROWS` rows, `N - 1` more. As these numbers are constant, a step has
/// little else to do.
#[inline(always)]
fn sum_rows<V: Vector, const N: usize, const TAPS: usize, const ROWS: usize>(
    rows: &[&[[f32; LINE]]],
    taps: &[f32],
    out: &mut [f32],
    stride: usize,
) {
    let (Some(rows), Some(taps)) = (rows.first_chunk::<ROWS>(), taps.first_chunk::<TAPS>()) else { return };
    let (centre, lines) = (TAPS / 2, rows[0].len());
    // Of one length for the compiler, too.
    let mut around = [&rows[0][..0]; ROWS];
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
                        let above = V::load(&around[(centre + ROWS - 1 - $turn) % ROWS][line][x..]);
                        let below = V::load(&around[(centre + N + $turn) % ROWS][line][x..]);
                        near.step::<$turn>(V::splat(taps[(centre + 1 + $turn) % TAPS]), above, below);
                    })*
                };
            }
            turns!(0 1 2 3 4 5 6 7 8 9);
            for (sum, out) in near.sums.into_iter().zip(&mut outs) {
                sum.store(&mut out[line][x..]);
            }
        }
    }
}

/// Sums for `N` consecutive rows, and the rows at one distance above and below each of them.
struct Around<V, const N: usize> {
    above: [V; N],
    below: [V; N],
    sums: [V; N],
}

impl<V: Vector, const N: usize> Around<V, N> {
    /// Goes one row further from the centres. At distance `k`, output `i` has its upper row at `i - k` and its lower one
    /// at `i + k`, both modulo `N`; `TURN` is `k - 1`, at most 9, or that modulo `N`.
    #[inline(always)]
    fn step<const TURN: usize>(&mut self, tap: V, above: V, below: V) {
        self.above[(10 * N - 1 - TURN) % N] = above;
        self.below[TURN % N] = below;
        for i in 0..N {
            let pair = self.below[(i + TURN + 1) % N].add(self.above[(i + 10 * N - 1 - TURN) % N]);
            self.sums[i] = tap.mul_add(pair, self.sums[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: usize = 3;
    const WIDTH: usize = LINES * LINE;

    fn noise(count: usize) -> Vec<f32> {
        let mut state = 1_u64;
        let mut sample = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 65_793.0
        };
        (0..count).map(|_| sample()).collect()
    }

    fn symmetric(radius: usize) -> Vec<f32> {
        let half = noise(radius + 1);
        half.iter().rev().chain(&half[1..]).copied().collect()
    }

    #[test]
    fn along_sums_from_left_to_right_and_few_taps_in_pairs() {
        for radius in 0..=16 {
            let (margin, stride) = (LINE * 2, WIDTH + 4 * LINE);
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

    #[test]
    fn across_sums_from_the_centre_outwards() {
        for (radius, outputs) in (0..=16).flat_map(|radius| (1..=9).map(move |outputs| (radius, outputs))) {
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
