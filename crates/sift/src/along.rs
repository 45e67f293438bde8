//! A blur along a row.
//!
//! Each output takes the samples around it from left to right, but in pairs of equal weight where there are few. A vector of
//! samples that straddles two cache lines takes two loads, so some of those are put together from aligned ones in registers:
//! as many as let loads and shuffles keep pace with the multiply-adds.

mod streamed;

pub(crate) use self::streamed::streamed;
use crate::prefetch::prefetch;
use crate::ring::LINE;
use crate::vector::Vector;

/// The most taps that are summed in pairs: those of many layers an octave, or of a small sigma.
pub(crate) const FEW: usize = 5;

/// Blurs rows to `out`, as many lines in each. Each of `padded` begins `margin` samples before its row, a multiple of
/// [`LINE`] and no less than the radius, and ends a line or more after the row's last line. `VECTORS` of each row, whole lines,
/// are under way at a time: several sums hide the latency of a multiply-add. Of every `LOADING` rows one loads samples that
/// straddle lines, of 0 none does. Meanwhile the same lines of `coming` are fetched, where it has them and the number of taps is one of
/// the default parameters'.
#[inline(always)]
pub(crate) fn along<V: Vector, const ROWS: usize, const VECTORS: usize, const LOADING: usize>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    out: [&mut [[f32; LINE]]; ROWS],
    coming: [&[[f32; LINE]]; ROWS],
) {
    if taps.len() <= FEW {
        let sum = |taps: &[f32], samples: &[f32]| sum_pairs::<V>(taps, |k| V::load(&samples[k..]));
        return along_each(padded, margin, taps, out, sum);
    }
    // The radii of the default parameters; any other one is as well served by loads alone.
    match taps.len() / 2 {
        5 => along_radius::<V, ROWS, VECTORS, LOADING, 11>(padded, margin, taps, out, coming),
        6 => along_radius::<V, ROWS, VECTORS, LOADING, 13>(padded, margin, taps, out, coming),
        8 => along_radius::<V, ROWS, VECTORS, LOADING, 17>(padded, margin, taps, out, coming),
        10 => along_radius::<V, ROWS, VECTORS, LOADING, 21>(padded, margin, taps, out, coming),
        _ => along_each(padded, margin, taps, out, sum_in_order::<V>),
    }
}

/// As [`along()`], each vector by itself: `sum` takes the taps and what is in memory from the first one's sample on.
#[inline(always)]
fn along_each<V: Vector, const ROWS: usize>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    out: [&mut [[f32; LINE]]; ROWS],
    sum: impl Fn(&[f32], &[f32]) -> V,
) {
    for (padded, out) in padded.into_iter().zip(out) {
        let first = &padded[margin - taps.len() / 2..];
        for (i, out) in out.as_flattened_mut().chunks_exact_mut(V::LANES).enumerate() {
            sum(taps, &first[i * V::LANES..]).store(out);
        }
    }
}

/// The sum of taps from left to right.
#[inline(always)]
fn sum_in_order<V: Vector>(taps: &[f32], samples: &[f32]) -> V {
    let mut sum = V::splat(0.0);
    for (k, &tap) in taps.iter().enumerate() {
        let (tap, samples) = (V::splat(tap), V::load(&samples[k..]));
        sum = if k == 0 { tap.mul(samples) } else { tap.mul_add(samples, sum) };
    }
    sum
}

/// The sum of at most [`FEW`] symmetric taps: the samples beside the centre, the centre itself, and then those further outside.
/// `samples` gives what a tap takes by its number.
#[inline(always)]
pub(crate) fn sum_pairs<V: Vector>(taps: &[f32], samples: impl Fn(usize) -> V) -> V {
    let middle = taps.len() / 2;
    let pair = |distance: usize| samples(middle - distance).add(samples(middle + distance));
    let (tap, centre) = (V::splat(taps[middle]), samples(middle));
    let Some((&beside, further)) = taps[middle + 1..].split_first() else { return tap.mul(centre) };
    let mut sum = tap.mul_add(centre, V::splat(beside).mul(pair(1)));
    for (&tap, distance) in further.iter().zip(2..) {
        sum = V::splat(tap).mul_add(pair(distance), sum);
    }
    sum
}

/// Blurs with `TAPS` taps, at most 21.
#[inline(always)]
fn along_radius<
    V: Vector,
    const ROWS: usize,
    const VECTORS: usize,
    const LOADING: usize,
    const TAPS: usize,
>(
    padded: [&[f32]; ROWS],
    margin: usize,
    taps: &[f32],
    mut out: [&mut [[f32; LINE]]; ROWS],
    coming: [&[[f32; LINE]]; ROWS],
) {
    let lines = out.iter().map(|out| out.len()).min().unwrap_or(0);
    let group = VECTORS * V::LANES / LINE;
    let Some(taps) = taps.first_chunk::<TAPS>().filter(|_| lines >= group) else {
        return along_each(padded, margin, taps, out, sum_in_order::<V>);
    };
    for first in (0..lines).step_by(group) {
        // The last ones may be blurred twice.
        let first = first.min(lines - group);
        coming.iter().filter_map(|row| row.get(first..first + group)).for_each(prefetch);
        // The line before them, and the one after.
        let (from, length) = (first * LINE + margin - LINE, (group + 2) * LINE);
        let mut around = padded;
        for around in &mut around {
            *around = &around[from..from + length];
        }
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        // Unrolled, so that what is a load and what a shuffle is settled for each tap.
        macro_rules! steps {
            ($($k:literal)*) => {
                $(if $k < TAPS {
                    let tap = V::splat(taps[$k % TAPS]);
                    for row in 0..ROWS {
                        for i in 0..VECTORS {
                            let samples = samples::<V, $k, TAPS, LOADING>(around[row], row, i);
                            let sum = &mut sums[row][i];
                            *sum = if $k == 0 { tap.mul(samples) } else { tap.mul_add(samples, *sum) };
                        }
                    }
                    V::keep_in_step(sums.as_flattened_mut());
                })*
            };
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
        for (sums, out) in sums.iter().zip(&mut out) {
            let out = out[first..first + group].as_flattened_mut();
            for (sum, out) in sums.iter().zip(out.chunks_exact_mut(V::LANES)) {
                sum.store(out);
            }
        }
    }
}

/// What tap `K` takes for the `index`th vector of a row, given by its number and what is around it.
#[inline(always)]
fn samples<V: Vector, const K: usize, const TAPS: usize, const LOADING: usize>(
    around: &[f32],
    row: usize,
    index: usize,
) -> V {
    let aligned = |i: usize| V::load(&around[i * V::LANES..]);
    let offset = LINE + K - TAPS / 2 + index * V::LANES;
    let (before, shift) = (offset / V::LANES, offset % V::LANES);
    let straddles = offset % LINE + V::LANES > LINE;
    if straddles && (LOADING == 0 || !row.is_multiple_of(LOADING)) {
        shifted(aligned(before), aligned(before + 1), shift)
    } else {
        V::load(&around[offset..])
    }
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
