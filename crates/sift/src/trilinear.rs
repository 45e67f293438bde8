//! Sharing samples out to the bins of a histogram over rows, columns and directions (Lowe 2004, section 6.1).

use crate::DESCRIPTOR_LENGTH;
use crate::float::INTEGER;
use crate::isa::for_each_vector;
use crate::vector::{Eight, Vector};

/// Cells along a side.
pub(crate) const CELLS: usize = 4;
/// Directions of a cell.
pub(crate) const BINS: usize = 8;

/// A sample falls between two rows and columns: cells that it is shared out to.
const AROUND: usize = 4;
/// It falls between two directions, too: corners that it is shared out to.
const CORNERS: usize = 2 * AROUND;
/// Places that samples have their corners around, each with a cell before and after it in rows and in columns: that between
/// rows `r` and `r + 1`, columns `c` and `c + 1`, is number `CELLS * r + c` modulo all. So the place after the last column is
/// that before the first one of the next row, too, and likewise with rows; but of the corners there, each has only some
/// in cells, and no two have the same.
const PLACES: usize = CELLS * CELLS;

/// Parts of the samples that are gone through side by side: neighbouring samples often go to the same place, and one
/// sum would have to wait for the other.
const PARTS: usize = 4;
/// Samples of a part that are taken at a time.
const TURN: usize = 16;
/// Samples that are taken at a time.
pub(crate) const GROUP: usize = PARTS * TURN;

/// Floats of two pages of memory.
const PAGES: usize = 2048;
/// Floats of a stretch of sums, and of what lies between it and the next one.
const STRETCH: usize = 4 * CORNERS;
/// Where between stretches of sums the upper direction's part of each sample begins, after its shares in the order of [`slot`].
const UPPER: usize = GROUP * AROUND;

/// Scratch memory of [`sum_up`], kept from keypoint to keypoint.
///
/// Stretches of sums alternate with stretches of all else. A load that follows a store to the same place of another page is held
/// up until addresses are told apart, which takes far longer for one pair of pages in 16 or so, by their physical addresses
/// (Xeon). With sums at all places of pages, one process in six took 1.1 to 2.8 times as long here for as long as it lived.
#[derive(Debug, Clone)]
#[repr(C, align(4096))]
pub(crate) struct Histogram {
    /// The sums of each place and direction, corner by corner, those of the lower direction first: see [`number`].
    memory: [f32; PAGES],
    /// Numbers are at places of a page that have no sums: they come a stretch further.
    _gap: [f32; STRETCH],
    /// Number of the sums of each sample.
    numbers: [u8; GROUP],
}

impl Default for Histogram {
    fn default() -> Self {
        Self { memory: [0.0; PAGES], _gap: [0.0; STRETCH], numbers: [0; GROUP] }
    }
}

/// Number of the sums of a place and a direction, as [`placed`] and [`directed`] have them. Its bits are three of the direction, two
/// of the row, one that is zero, as every second stretch has no sums, and two of the column; the column before the first one is
/// thus the last one of the row before.
#[inline(always)]
fn number(placed: u32, directed: u32) -> u8 {
    const DIRECTION: u32 = 0b1110_0100;
    (directed & DIRECTION | placed & !DIRECTION) as u8
}

/// What a row and a direction count for in a number.
const ROW: u32 = 8;
const BIN: u32 = 32;

/// The row and the column for [`number`], in the low bits.
#[inline(always)]
fn placed<V: Vector>(row: V, column: V) -> V {
    row.mul_add(V::splat(ROW as f32), column.add(V::splat(INTEGER)))
}

/// The direction for [`number`], likewise.
#[inline(always)]
fn directed<V: Vector>(bin: V) -> V {
    bin.mul_add(V::splat(BIN as f32), V::splat(INTEGER))
}

/// The `i`th float between the stretches of sums.
#[inline(always)]
fn between(i: usize) -> usize {
    i / STRETCH * 2 * STRETCH + STRETCH + i % STRETCH
}

/// Where samples lie, and what they weigh: arrays of one length, a multiple of [`GROUP`].
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    /// Row and column of the cells; samples not within -1 and [`CELLS`], both excluded, do not count.
    pub(crate) rows: &'a [f32],
    pub(crate) columns: &'a [f32],
    /// Directions in degrees, from 0 to 360.
    pub(crate) angles: &'a [f32],
    pub(crate) weights: &'a [f32],
    /// The direction of the first bin, degrees from 0 to 360.
    pub(crate) turned: f32,
}

for_each_vector! {
    /// Sums up the samples in a histogram of [`CELLS`] rows of as many cells of [`BINS`] directions.
    pub(crate) fn sum_up(samples: Samples<'_>, histogram: &mut Histogram, out: &mut [f32; DESCRIPTOR_LENGTH]) = sum_up_body;
}

#[inline(always)]
fn sum_up_body<V: Vector>(
    samples: Samples<'_>,
    histogram: &mut Histogram,
    out: &mut [f32; DESCRIPTOR_LENGTH],
) {
    let Histogram { memory, numbers, .. } = &mut *histogram;
    for stretches in memory.chunks_exact_mut(2 * STRETCH) {
        stretches[..STRETCH].fill(0.0);
    }
    let part = samples.weights.len() / PARTS;
    for turn in (0..part).step_by(TURN) {
        for p in 0..PARTS {
            let shared = share_out::<V>(samples, p * part + turn);
            let first = p * TURN;
            numbers[first..][..TURN].copy_from_slice(&shared.numbers);
            memory[between(UPPER + first)..][..TURN].copy_from_slice(&shared.upper);
            let [a, b, c, d] = &shared.cells;
            for at in (0..TURN).step_by(V::LANES) {
                let cells = [V::load(&a[at..]), V::load(&b[at..]), V::load(&c[at..]), V::load(&d[at..])];
                let slots = (AROUND * (first + at)..).step_by(V::LANES);
                for (share, slot) in V::transpose_fours(cells).iter().zip(slots) {
                    share.store(&mut memory[between(slot)..]);
                }
            }
        }
        for four in 0..TURN / 4 {
            for i in 0..4 {
                for first in (0..GROUP).step_by(TURN) {
                    let sample = first + 4 * four + i;
                    let share = V::Eight::twice(&memory[between(AROUND * (first + slot::<V>(four, i)))..]);
                    let directions = V::Eight::halves(memory[between(UPPER + sample)]);
                    let sums = &mut memory[CORNERS * usize::from(numbers[sample])..][..CORNERS];
                    share.mul_add(directions, V::Eight::load(sums)).store(sums);
                }
            }
        }
    }
    fold::<V>(histogram, out);
}

/// Where the share of the `i`th sample of the `four`th four of a turn is once vectors were transposed in fours.
#[inline(always)]
fn slot<V: Vector>(four: usize, i: usize) -> usize {
    let fours = V::LANES / 4;
    four / fours * V::LANES + i * fours + four % fours
}

/// What [`TURN`] samples give to each of their cells, the upper direction's part of it, and the numbers of their sums.
struct Shares {
    cells: [[f32; TURN]; AROUND],
    upper: [f32; TURN],
    numbers: [u8; TURN],
}

/// Shares out the samples from `first` on.
#[inline(always)]
fn share_out<V: Vector>(samples: Samples<'_>, first: usize) -> Shares {
    let Samples { rows, columns, angles, weights, turned } = samples;
    let mut cells = [[0.0; TURN]; AROUND];
    let (mut upper, mut places, mut bins) = ([0.0; TURN], [0.0; TURN], [0.0; TURN]);
    for i in (0..TURN).step_by(V::LANES) {
        let at = first + i;
        let (row, column) = (V::load(&rows[at..]), V::load(&columns[at..]));
        let bin = V::load(&angles[at..]).sub(V::splat(turned)).mul(V::splat(BINS as f32 / 360.0));
        let (r0, c0, b0) = (row.floor(), column.floor(), bin.floor());
        placed(r0, c0).store(&mut places[i..]);
        directed(b0).store(&mut bins[i..]);
        bin.sub(b0).store(&mut upper[i..]);
        let weight = V::load(&weights[at..]);
        let below = weight.mul(row.sub(r0));
        let (r1, c1) = (r0.add(V::splat(1.0)), c0.add(V::splat(1.0)));
        let (above, below) = (if_cell(r0, weight.sub(below)), if_cell(r1, below));
        let (after_above, after_below) = (above.mul(column.sub(c0)), below.mul(column.sub(c0)));
        let [a, b, c, d] = &mut cells;
        if_cell(c0, above.sub(after_above)).store(&mut a[i..]);
        if_cell(c1, after_above).store(&mut b[i..]);
        if_cell(c0, below.sub(after_below)).store(&mut c[i..]);
        if_cell(c1, after_below).store(&mut d[i..]);
    }
    let mut numbers = [0; TURN];
    for ((sums, place), bin) in numbers.iter_mut().zip(places).zip(bins) {
        *sums = number(place.to_bits(), bin.to_bits());
    }
    Shares { cells, upper, numbers }
}

/// A share where there is a row or column of cells of this index, elsewhere zero.
#[inline(always)]
fn if_cell<V: Vector>(index: V, share: V) -> V {
    share.if_inside(index, V::splat(CELLS as f32))
}

/// Brings what each corner of each place has to the cell and the direction that the corner is.
#[inline(always)]
fn fold<V: Vector>(histogram: &Histogram, out: &mut [f32; DESCRIPTOR_LENGTH]) {
    let mut corners = [[V::Eight::splat(0.0); AROUND]; PLACES];
    for (place, corners) in (0..).zip(&mut corners) {
        // Of the four corners in the lower direction, or the upper one.
        let sums = |bin: usize, upper: usize| {
            let (row, column) = (place / CELLS as u32, place % CELLS as u32);
            let number = usize::from(number(ROW * row + column, BIN * bin as u32));
            &histogram.memory[CORNERS * number..].as_chunks::<AROUND>().0[upper]
        };
        for (bin, corners) in corners.iter_mut().enumerate() {
            // A direction has a part of what lies between it and the next, and of what lies between the one before and it.
            let after = V::Eight::fours(|half| sums(bin + AROUND * half, 0));
            let before = V::Eight::fours(|half| sums(bin + AROUND * half + BINS - 1, 1));
            *corners = after.add(before);
        }
        *corners = V::Eight::transpose_fours(*corners);
    }
    for (cell, out) in out.as_chunks_mut::<BINS>().0.iter_mut().enumerate() {
        // From the place before it in both directions to that after it.
        let mut sum = V::Eight::splat(0.0);
        for (distance, corner) in [CELLS + 1, CELLS, 1, 0].into_iter().zip((0..AROUND).rev()) {
            sum = sum.add(corners[(cell + PLACES - distance) % PLACES][corner]);
        }
        sum.store(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    /// One sample, and others that weigh nothing.
    fn histogram(row: f32, column: f32, angle: f32) -> [f32; DESCRIPTOR_LENGTH] {
        let array = |first: f32| {
            let mut array = [0.0; GROUP];
            array[0] = first;
            array
        };
        let samples = Samples {
            rows: &array(row),
            columns: &array(column),
            angles: &array(angle),
            weights: &array(8.0),
            turned: 90.0,
        };
        let mut out = [1.0; DESCRIPTOR_LENGTH];
        sum_up(Isa::detect(), samples, &mut Histogram::default(), &mut out);
        out
    }

    #[test]
    fn a_sample_goes_to_the_eight_nearest_bins() {
        // Halfway between all of them, and between the last direction and the first.
        let out = histogram(1.5, 2.5, 90.0 + 337.5 - 360.0);
        let mut expected = [0.0; DESCRIPTOR_LENGTH];
        for cell in [CELLS + 2, CELLS + 3, 2 * CELLS + 2, 2 * CELLS + 3] {
            expected[cell * BINS + 7] = 1.0;
            expected[cell * BINS] = 1.0;
        }
        assert_eq!(out, expected);
    }

    /// Places before the first cells have their sums where those after the last have theirs.
    #[test]
    fn many_samples_within_and_around_the_cells_are_shared_out_by_definition() {
        let mut state = 1_u64;
        let mut array = |scale: f32, first: f32| -> Vec<f32> {
            let mut sample = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                first + scale * (state >> 40) as f32 / 16_777_216.0
            };
            (0..64 * GROUP).map(|_| sample()).collect()
        };
        let (rows, columns) = (array(7.0, -2.0), array(7.0, -2.0));
        let (angles, weights) = (array(360.0, 0.0), array(1.0, 0.0));
        let turned = 100.0;
        let mut expected = [0.0_f64; DESCRIPTOR_LENGTH];
        for (((row, column), angle), weight) in rows.iter().zip(&columns).zip(&angles).zip(&weights) {
            let bin = (f64::from(*angle) - f64::from(turned)).rem_euclid(360.0) * BINS as f64 / 360.0;
            for (i, expected) in expected.iter_mut().enumerate() {
                let (cell, direction) = (i / BINS, (i % BINS) as f64);
                let part = |at: f64, of: usize| (1.0 - (at - of as f64).abs()).max(0.0);
                let around = (bin - direction).abs();
                let turned_to = (1.0 - around.min(BINS as f64 - around)).max(0.0);
                *expected += f64::from(*weight)
                    * part(f64::from(*row), cell / CELLS)
                    * part(f64::from(*column), cell % CELLS)
                    * turned_to;
            }
        }
        let samples = Samples { rows: &rows, columns: &columns, angles: &angles, weights: &weights, turned };
        let sums: Vec<_> = Isa::each()
            .map(|isa| {
                let mut out = [0.0; DESCRIPTOR_LENGTH];
                sum_up(isa, samples, &mut Histogram::default(), &mut out);
                out
            })
            .collect();
        assert!(sums.iter().all(|of_isa| *of_isa == sums[0]));
        for (i, (sum, expected)) in sums[0].iter().zip(expected).enumerate() {
            assert!(
                (f64::from(*sum) - expected).abs() < 1e-4 * expected,
                "element {i}: {sum}, not {expected}"
            );
        }
    }

    #[test]
    fn what_goes_beyond_the_cells_is_lost() {
        assert_eq!(histogram(-0.5, 3.5, 90.0).iter().sum::<f32>(), 2.0);
        assert_eq!(histogram(-1.0, 1.0, 90.0), [0.0; DESCRIPTOR_LENGTH]);
        assert_eq!(histogram(1.0, 4.0, 90.0), [0.0; DESCRIPTOR_LENGTH]);
    }
}
