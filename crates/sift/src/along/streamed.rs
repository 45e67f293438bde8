//! A blur along rows that loads each vector of samples once for all outputs that it is a part of.
//!
//! A vector that begins at the `k`th sample of an output is for its `k`th tap, and for tap `k + LANES` of the output before: as many
//! outputs are under way as a kernel is vectors long. Going along a row, each of them takes its samples from left to right.

use super::samples::shifted;
use super::{Group, Rows};
use crate::prefetch::prefetch;
use crate::ring::LINE;
use crate::vector::Vector;

/// Tells which function sums how many taps.
macro_rules! for_taps {
    ($($taps:literal: $blur:ident),*) => {
        /// The numbers of taps of the default parameters, which are summed in this way.
        pub(super) const TAPS: &[usize] = &[$($taps),*];

        /// Blurs rows with as many taps as [`TAPS`] has, in vectors that [stream](Vector::STREAMS).
        #[inline(always)]
        pub(super) fn streamed_body<V: Vector>(rows: Rows<'_>, taps: &[f32]) {
            match taps.len() {
                $($taps => $blur::<V, $taps>(rows, taps),)*
                _ => {}
            }
        }
    };
}
for_taps!(11: fours, 13: fours, 17: threes, 21: threes);

/// Four rows at a time, as there are registers for two sums of each.
#[inline(always)]
fn fours<V: Vector, const TAPS: usize>(mut rows: Rows<'_>, taps: &[f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    while let Some(group) = rows.next::<4>() {
        streamed::<V, 4, 2, TAPS, 2>(group, taps);
    }
}

/// Three, three and two of eight rows, as there are registers for three sums of each.
#[inline(always)]
fn threes<V: Vector, const TAPS: usize>(mut rows: Rows<'_>, taps: &[f32]) {
    let Some(taps) = taps.first_chunk::<TAPS>() else { return };
    loop {
        for _ in 0..2 {
            let Some(group) = rows.next::<3>() else { return };
            streamed::<V, 3, 1, TAPS, 3>(group, taps);
        }
        let Some(group) = rows.next::<2>() else { return };
        streamed::<V, 2, 1, TAPS, 3>(group, taps);
    }
}

/// Blurs rows with `UNDER_WAY` outputs of each row under way at a time, three at most, for vectors that
/// [stream](Vector::STREAMS). The first `SHIFTING` rows put together in registers what isn't aligned, and the others load it.
#[inline(always)]
fn streamed<
    V: Vector,
    const ROWS: usize,
    const SHIFTING: usize,
    const TAPS: usize,
    const UNDER_WAY: usize,
>(
    group: Group<'_, ROWS>,
    taps: &[f32; TAPS],
) {
    const { assert!(!V::STREAMS || TAPS.div_ceil(V::LANES) == UNDER_WAY && UNDER_WAY <= 3) };
    // Of one length for the compiler, too.
    let lines = group.lines();
    let Group { padded, margin, mut out, coming } = group;
    let outputs = lines * LINE / V::LANES;
    let blocks = outputs + UNDER_WAY - 1;
    let (first, length) = (margin - TAPS / 2 - before::<V>(TAPS), (blocks + 2) * V::LANES);
    let mut rows = padded;
    for row in &mut rows {
        *row = &row[first..first + length];
    }
    let mut outs: [&mut [f32]; ROWS] = std::array::from_fn(|_| &mut [][..]);
    for (to, out) in outs.iter_mut().zip(&mut out) {
        *to = &mut out.as_flattened_mut()[..outputs * V::LANES];
    }
    let fetched = coming.iter().map(|row| row.len()).min().unwrap_or(0).min(lines);
    let mut fetching = coming;
    for row in &mut fetching {
        *row = &row[..fetched];
    }
    let mut sums = [[V::splat(0.0); UNDER_WAY]; ROWS];
    for group in (0..blocks).step_by(UNDER_WAY) {
        let (line, count) = (group * V::LANES / LINE, (UNDER_WAY * V::LANES).div_ceil(LINE));
        if line + count <= fetched {
            fetching.iter().for_each(|row| prefetch(&row[line..line + count]));
        }
        // Sums stay in their registers and take turns: the one that is done is the next block's first.
        macro_rules! blocks {
            ($($turn:literal)*) => {
                $(if $turn < UNDER_WAY && group + $turn < blocks {
                    let block = group + $turn;
                    let mut around = rows;
                    for around in &mut around {
                        *around = &around[block * V::LANES..][..3 * V::LANES];
                    }
                    add_block::<V, ROWS, SHIFTING, TAPS, UNDER_WAY, $turn>(around, taps, &mut sums);
                    if let Some(output) = block.checked_sub(UNDER_WAY - 1) {
                        for (sums, out) in sums.iter().zip(&mut outs) {
                            sums[($turn + 1) % UNDER_WAY].store(&mut out[output * V::LANES..]);
                        }
                    }
                })*
            };
        }
        blocks!(0 1 2);
    }
}

/// Samples of an aligned vector that come before the first one of an output.
#[inline(always)]
fn before<V: Vector>(taps: usize) -> usize {
    V::LANES - taps / 2 % V::LANES
}

/// Adds what begins at as many samples as a vector has lanes to the sums under way, of which number `TURN` begins here.
#[inline(always)]
fn add_block<
    V: Vector,
    const ROWS: usize,
    const SHIFTING: usize,
    const TAPS: usize,
    const UNDER_WAY: usize,
    const TURN: usize,
>(
    around: [&[f32]; ROWS],
    taps: &[f32; TAPS],
    sums: &mut [[V; UNDER_WAY]; ROWS],
) {
    // Unrolled, so that what is a load and what a shuffle is settled for each tap.
    macro_rules! steps {
        ($($k:literal)*) => {
            $({
                let mut of_age = [V::splat(0.0); UNDER_WAY];
                for (age, tap) in of_age.iter_mut().enumerate() {
                    if age * V::LANES + $k < TAPS {
                        *tap = V::splat(taps[(age * V::LANES + $k) % TAPS]);
                    }
                }
                for row in 0..ROWS {
                    let samples = samples::<V>(around[row], before::<V>(TAPS) + $k, row < SHIFTING);
                    for age in 0..UNDER_WAY {
                        let sum = &mut sums[row][(TURN + UNDER_WAY - age) % UNDER_WAY];
                        if age * V::LANES + $k == 0 {
                            *sum = of_age[age].mul(samples);
                        } else if age * V::LANES + $k < TAPS {
                            *sum = of_age[age].mul_add_in_turn(samples, *sum);
                        }
                    }
                }
            })*
        };
    }
    steps!(0 1 2 3 4 5 6 7);
}

/// The vector that begins at a sample, put together of aligned ones if `shifts`.
#[inline(always)]
fn samples<V: Vector>(around: &[f32], at: usize, shifts: bool) -> V {
    let (index, shift) = (at / V::LANES, at % V::LANES);
    if shifts && shift > 0 {
        let (before, after) = (&around[index * V::LANES..], &around[(index + 1) * V::LANES..]);
        shifted(V::load(before), V::load(after), shift)
    } else {
        V::load(&around[at..])
    }
}
