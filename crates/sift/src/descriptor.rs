//! The descriptor of a keypoint: 4 x 4 histograms of 8 gradient directions, turned with the keypoint (Lowe 2004,
//! section 6; `calcSIFTDescriptor` of OpenCV's SIFT).

use std::ops::Range;

use crate::DESCRIPTOR_LENGTH;
use crate::isa::for_each_isa;
use crate::patch::{Patch, inner};
use crate::refine::Refined;
use crate::strip::Strip;

/// Cells along a side.
const CELLS: usize = 4;
/// Directions of a cell.
const BINS: usize = 8;
/// Side of a cell, in scales.
const CELL_SCALE: f32 = 3.0;
/// No element is longer than this share of the whole.
const CLAMP: f32 = 0.2;
/// Length that the descriptor is brought to, in steps of a byte.
const LENGTH: f32 = 512.0;

/// Cells and bins with a margin, so that interpolation never has to look where it is.
const GRID: usize = CELLS + 2;
const RING: usize = BINS + 2;

/// Radius of the patch of a keypoint of this scale, px of the octave.
pub(crate) fn radius(scale: f32) -> usize {
    let cell = CELL_SCALE * scale;
    (cell * std::f32::consts::SQRT_2 * (CELLS as f32 + 1.0) * 0.5).round_ties_even() as usize
}

/// The turned frame of a descriptor: maps offsets from the keypoint to cells.
struct Frame {
    /// Cosine and sine of the keypoint's angle, in cells per pixel.
    cos: f32,
    sin: f32,
}

/// Scratch memory of [`describe`].
#[derive(Debug, Default)]
pub(crate) struct Describer {
    patch: Patch,
    rows: Vec<f32>,
    columns: Vec<f32>,
}

impl Describer {
    /// Describes a keypoint of this `angle` (degrees, OpenCV's sense).
    pub(crate) fn describe(
        &mut self,
        strip: &Strip<'_>,
        at: &Refined,
        angle: f32,
    ) -> [u8; DESCRIPTOR_LENGTH] {
        let turned = 360.0 - angle;
        let turned = if (turned - 360.0).abs() < f32::EPSILON { 0.0 } else { turned };
        self.gather(strip, at, turned);
        let (angles, weights) = (self.patch.angles(), self.patch.weights());
        quantize(&histogram(strip.octave.isa, &self.rows, &self.columns, angles, weights, turned))
    }

    /// Gathers the samples that fall into the grid of cells.
    fn gather(&mut self, strip: &Strip<'_>, at: &Refined, turned: f32) {
        let width = CELL_SCALE * at.scale;
        let (sin, cos) = libm::sincos(f64::from(turned * (std::f32::consts::PI / 180.0)));
        let frame = Frame { cos: cos as f32 / width, sin: sin as f32 / width };
        let radius = radius(at.scale);
        // A sample's weight falls with its distance in cells: exp(-distance^2 / (CELLS^2 / 2)).
        self.patch.begin(radius, -1.0 / (CELLS * CELLS) as f32 * 2.0 / (width * width));
        self.rows.clear();
        self.columns.clear();
        gather_rows(strip.octave.isa, self, strip, at, &frame, radius);
        self.patch.finish(strip);
    }
}

for_each_isa! {
    /// Gathers, row by row, the samples that fall into the grid of cells.
    fn gather_rows(
        describer: &mut Describer,
        strip: &Strip<'_>,
        at: &Refined,
        frame: &Frame,
        radius: usize,
    ) = gather_rows_body;
}

#[inline(always)]
fn gather_rows_body(
    describer: &mut Describer,
    strip: &Strip<'_>,
    at: &Refined,
    frame: &Frame,
    radius: usize,
) {
    let Describer { patch, rows, columns } = describer;
    let within = inner(at.x, radius, strip.octave.width);
    for row in inner(at.y, radius, strip.octave.height) {
        let dy = row as f32 - at.y as f32;
        let span = frame.columns_within(dy, at.x, within.clone());
        if span.is_empty() {
            continue;
        }
        let offsets = span.clone().map(|x| x as f32 - at.x as f32);
        rows.extend(offsets.clone().map(|dx| frame.cell(dx, dy).0));
        columns.extend(offsets.map(|dx| frame.cell(dx, dy).1));
        patch.push_row(strip, at.layer, row, row.abs_diff(at.y), span, at.x);
    }
}

for_each_isa! {
    /// Shares every sample out to the eight nearest bins.
    fn histogram(
        rows: &[f32],
        columns: &[f32],
        angles: &[f32],
        weights: &[f32],
        turned: f32,
    ) -> [f32; DESCRIPTOR_LENGTH] = histogram_body;
}

#[inline(always)]
fn histogram_body(
    rows: &[f32],
    columns: &[f32],
    angles: &[f32],
    weights: &[f32],
    turned: f32,
) -> [f32; DESCRIPTOR_LENGTH] {
    let mut grid = [0.0f32; GRID * GRID * RING];
    let samples = angles.iter().zip(weights);
    for ((&row, &column), (&angle, &weight)) in rows.iter().zip(columns).zip(samples) {
        let bin = (angle - turned) * (BINS as f32 / 360.0);
        let (r0, c0, b0) = (row.floor(), column.floor(), bin.floor());
        let (row, column, bin) = (row - r0, column - c0, bin - b0);
        let cell = ((r0 + 1.0) as usize * GRID + (c0 + 1.0) as usize) * RING;
        let start = cell + (b0 as i32).rem_euclid(BINS as i32) as usize;
        let below = weight * row;
        for (offset, weight) in [(0, weight - below), (GRID * RING, below)] {
            let after = weight * column;
            for (offset, weight) in [(offset, weight - after), (offset + RING, after)] {
                let next = weight * bin;
                grid[start + offset] += weight - next;
                grid[start + offset + 1] += next;
            }
        }
    }
    std::array::from_fn(|i| {
        let (cell, bin) = (i / BINS, i % BINS);
        let start = ((cell / CELLS + 1) * GRID + cell % CELLS + 1) * RING;
        let wrapped = if bin < 2 { grid[start + BINS + bin] } else { 0.0 };
        grid[start + bin] + wrapped
    })
}

impl Frame {
    /// Row and column of the cell grid, from -0.5 in the middle of the first cell's upper or left neighbour.
    #[inline(always)]
    fn cell(&self, dx: f32, dy: f32) -> (f32, f32) {
        let centre = CELLS as f32 / 2.0 - 0.5;
        let row = dx.mul_add(self.sin, dy * self.cos) + centre;
        let column = dx.mul_add(self.cos, -(dy * self.sin)) + centre;
        (row, column)
    }

    /// The columns of a row that fall into the grid: an interval, as the grid is convex.
    #[inline(always)]
    fn columns_within(&self, dy: f32, centre: usize, within: Range<usize>) -> Range<usize> {
        let inside = |x: &usize| {
            let (row, column) = self.cell(*x as f32 - centre as f32, dy);
            let open = |at: f32| at > -1.0 && at < CELLS as f32;
            open(row) && open(column)
        };
        // Where the bounds are crossed, to within rounding; the samples there decide for themselves.
        let (row, column) = self.cell(0.0, dy);
        let (first, last) = crossings(row, self.sin);
        let (second, third) = crossings(column, self.cos);
        let (from, to) = (first.max(second) + centre as f32, last.min(third) + centre as f32);
        let from = (from as usize).saturating_sub(1).clamp(within.start, within.end);
        let to = (to.max(0.0) as usize).saturating_add(3).clamp(from, within.end);
        let start = (from..to).find(inside).unwrap_or(to);
        let end = (start..to).rev().find(inside).map_or(start, |last| last + 1);
        start..end
    }
}

/// The offsets between which `at + slope * offset` lies within the grid.
#[inline(always)]
fn crossings(at: f32, slope: f32) -> (f32, f32) {
    let (a, b) = ((-1.0 - at) / slope, (CELLS as f32 - at) / slope);
    // Parallel to the bounds, a row is inside or outside as a whole, which its samples tell.
    if slope == 0.0 { (f32::NEG_INFINITY, f32::INFINITY) } else { (a.min(b), a.max(b)) }
}

/// Normalises, clamps, normalises again and rounds to bytes.
fn quantize(histogram: &[f32; DESCRIPTOR_LENGTH]) -> [u8; DESCRIPTOR_LENGTH] {
    let limit = length(histogram) * CLAMP;
    let clamped = histogram.map(|element| if element < limit { element } else { limit });
    let scale = LENGTH / length(&clamped).max(f32::EPSILON);
    clamped.map(|element| (element * scale).round_ties_even().min(255.0) as u8)
}

/// Euclidean length, summed in 16 interleaved parts.
fn length(elements: &[f32; DESCRIPTOR_LENGTH]) -> f32 {
    let mut sums = [0.0f32; 16];
    for part in elements.as_chunks::<16>().0 {
        for (sum, element) in sums.iter_mut().zip(part) {
            *sum = element.mul_add(*element, *sum);
        }
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
    }
    sums[0].sqrt()
}

/// RootSIFT of OpenCV's descriptor: the square root of each element's share of the sum; zeros stay zeros.
pub(crate) fn root(descriptor: &[u8; DESCRIPTOR_LENGTH]) -> [f32; DESCRIPTOR_LENGTH] {
    let sum: u32 = descriptor.iter().map(|&element| u32::from(element)).sum();
    let sum = sum.max(1) as f32;
    descriptor.map(|element| (f32::from(element) / sum).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_have_length_512_unless_clamped_at_a_byte() {
        let ramp: [f32; DESCRIPTOR_LENGTH] = std::array::from_fn(|i| i as f32);
        let bytes = quantize(&ramp);
        let length: f32 = bytes.iter().map(|&b| f32::from(b) * f32::from(b)).sum::<f32>().sqrt();
        assert!((length - LENGTH).abs() < 4.0, "{length}");
        assert_eq!(quantize(&[0.0; DESCRIPTOR_LENGTH]), [0; DESCRIPTOR_LENGTH]);
    }

    #[test]
    fn root_has_unit_length() {
        let bytes: [u8; DESCRIPTOR_LENGTH] = std::array::from_fn(|i| i as u8);
        let length: f32 = root(&bytes).iter().map(|element| element * element).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(root(&[0; DESCRIPTOR_LENGTH]), [0.0; DESCRIPTOR_LENGTH]);
    }
}
