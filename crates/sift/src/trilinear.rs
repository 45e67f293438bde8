//! Sharing samples out to the bins of a histogram over rows, columns and directions (Lowe 2004, section 6.1).

use crate::DESCRIPTOR_LENGTH;
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
/// Places between rows or columns of cells, those before the first and after the last included.
const PLACES: usize = CELLS + 1;
/// The middle one.
const MIDDLE: usize = PLACES / 2;

/// Parts of the samples that are gone through side by side: neighbouring samples often go to the same place, and one
/// sum would have to wait for the other.
const PARTS: usize = 4;
/// Samples of a part that are taken at a time.
const TURN: usize = 16;
/// Samples that are taken at a time.
pub(crate) const GROUP: usize = PARTS * TURN;

/// Scratch memory of [`sum_up`], kept from keypoint to keypoint. All arrays begin at cache lines.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Histogram {
    /// Sums for each place between rows, columns and directions, corner by corner, those of the lower direction first: as
    /// many as a byte can name, of which the last are not used.
    sums: [[f32; CORNERS]; 256],
    /// What a group of samples gives to each cell, and the same sample by sample, in the order of [`slot`].
    cells: [[f32; GROUP]; AROUND],
    shares: [[f32; AROUND]; GROUP],
    /// The upper direction's part of each sample.
    upper: [f32; GROUP],
    /// The place of each sample.
    places: [u8; GROUP],
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            sums: [[0.0; CORNERS]; 256],
            cells: [[0.0; GROUP]; AROUND],
            shares: [[0.0; AROUND]; GROUP],
            upper: [0.0; GROUP],
            places: [0; GROUP],
        }
    }
}

/// Where samples lie, and what they weigh: arrays of one length, a multiple of [`GROUP`].
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    /// Row and column of the cells; samples not within -1 and [`CELLS`], both excluded, do not count. (One at -1 itself is
    /// shared out, but to cells before the first, which are lost.)
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
    histogram.sums[..PLACES * PLACES * BINS].fill([0.0; CORNERS]);
    let part = samples.weights.len() / PARTS;
    for turn in (0..part).step_by(TURN) {
        for p in 0..PARTS {
            place(samples, p * part + turn, p * TURN, histogram);
        }
        let Histogram { sums, cells, shares, upper, places } = &mut *histogram;
        for (i, shares) in shares.as_flattened_mut().chunks_exact_mut(AROUND * V::LANES).enumerate() {
            let at = i * V::LANES;
            let [a, b, c, d] = &*cells;
            let cells = [V::load(&a[at..]), V::load(&b[at..]), V::load(&c[at..]), V::load(&d[at..])];
            for (share, out) in V::transpose_fours(cells).iter().zip(shares.chunks_exact_mut(V::LANES)) {
                share.store(out);
            }
        }
        for four in 0..TURN / 4 {
            for i in 0..4 {
                for p in 0..PARTS {
                    let sample = p * TURN + 4 * four + i;
                    let share = V::Eight::twice(&shares[p * TURN + slot::<V>(four, i)]);
                    let directions = V::Eight::halves(upper[sample]);
                    let sums = &mut sums[usize::from(places[sample])];
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

/// Finds the places of [`TURN`] samples from `first` on and what goes to each of their cells.
#[inline(always)]
fn place(samples: Samples<'_>, first: usize, to: usize, histogram: &mut Histogram) {
    let Samples { rows, columns, angles, weights, turned } = samples;
    let Histogram { cells, upper, places, .. } = histogram;
    let (rows, columns) = (&rows[first..][..TURN], &columns[first..][..TURN]);
    let (angles, weights) = (&angles[first..][..TURN], &weights[first..][..TURN]);
    for i in 0..TURN {
        let (row, column) = (rows[i], columns[i]);
        let bin = (angles[i] - turned) * (BINS as f32 / 360.0);
        let (r0, c0, b0) = (row.floor(), column.floor(), bin.floor());
        // Whole numbers, that of the middle place 0.
        let (r, c) = (r0 - (MIDDLE - 1) as f32, c0 - (MIDDLE - 1) as f32);
        let within = (r.abs() <= MIDDLE as f32) & (c.abs() <= MIDDLE as f32);
        let weight = if within { weights[i] } else { 0.0 };
        let cell = r.mul_add(PLACES as f32, c) + (MIDDLE * PLACES + MIDDLE) as f32;
        let place = integer(cell) * BINS as u32 + (integer(b0) & (BINS as u32 - 1));
        places[to + i] = if within { place as u8 } else { 0 };
        upper[to + i] = bin - b0;
        let below = weight * (row - r0);
        for (r, weight) in [weight - below, below].into_iter().enumerate() {
            let after = weight * (column - c0);
            cells[2 * r][to + i] = weight - after;
            cells[2 * r + 1][to + i] = after;
        }
    }
}

/// The low bits of an integer that is small as a float.
#[inline(always)]
fn integer(value: f32) -> u32 {
    // Adding 1.5 * 2^23 leaves it in the lowest bits.
    (value + 12_582_912.0).to_bits() & 0xffff
}

/// Brings what each corner of each place has to the cell and the direction that the corner is.
#[inline(always)]
fn fold<V: Vector>(histogram: &Histogram, out: &mut [f32; DESCRIPTOR_LENGTH]) {
    let mut cells = [[V::Eight::splat(0.0); CELLS]; CELLS];
    for row in 0..PLACES {
        for column in 0..PLACES {
            let place = &histogram.sums.as_chunks::<BINS>().0[row * PLACES + column];
            let sums = |bin: usize| place[bin % BINS].as_chunks::<AROUND>().0;
            let mut bins = [V::Eight::splat(0.0); AROUND];
            for (bin, corners) in bins.iter_mut().enumerate() {
                // A direction has a part of what lies between it and the next, and of what lies between the one before and it.
                let after = V::Eight::fours(|half| &sums(bin + AROUND * half)[0]);
                let before = V::Eight::fours(|half| &sums(bin + AROUND * half + BINS - 1)[1]);
                *corners = after.add(before);
            }
            let corners = V::Eight::transpose_fours(bins);
            for (i, corner) in corners.into_iter().enumerate() {
                let (row, column) = (row + i / 2, column + i % 2);
                if (1..=CELLS).contains(&row) && (1..=CELLS).contains(&column) {
                    let cell = &mut cells[row - 1][column - 1];
                    *cell = cell.add(corner);
                }
            }
        }
    }
    for (cell, out) in cells.as_flattened().iter().zip(out.as_chunks_mut::<BINS>().0) {
        cell.store(out);
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

    #[test]
    fn what_goes_beyond_the_cells_is_lost() {
        assert_eq!(histogram(-0.5, 3.5, 90.0).iter().sum::<f32>(), 2.0);
        assert_eq!(histogram(-1.0, 1.0, 90.0), [0.0; DESCRIPTOR_LENGTH]);
        assert_eq!(histogram(1.0, 4.0, 90.0), [0.0; DESCRIPTOR_LENGTH]);
    }
}
