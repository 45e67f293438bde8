//! The descriptor of a keypoint: 4 x 4 histograms of 8 gradient directions, turned with the keypoint (Lowe 2004,
//! section 6; `calcSIFTDescriptor` of OpenCV's SIFT).

use crate::DESCRIPTOR_LENGTH;
use crate::falloff::Falloff;
use crate::float::{INTEGER, greater, lesser};
use crate::isa::{for_each_isa, for_each_vector};
use crate::patch::{Patch, Span, inner, padded};
use crate::refine::{Nearest, Refined};
use crate::ring::LINE;
use crate::strip::Strip;
use crate::trilinear::{self, CELLS, GROUP, Histogram, Samples};
use crate::vector::Vector;

/// Side of a cell, in scales.
const CELL_SCALE: f32 = 3.0;
/// No element is longer than this share of the whole.
const CLAMP: f32 = 0.2;
/// Length that the descriptor is brought to, in steps of a byte.
const LENGTH: f32 = 512.0;

/// Radius of the patch of a keypoint of this scale, px of the octave.
pub(crate) fn radius(scale: f32) -> usize {
    let cell = CELL_SCALE * scale;
    (cell * std::f32::consts::SQRT_2 * (CELLS as f32 + 1.0) * 0.5).round_ties_even() as usize
}

/// The turned frame of a descriptor: maps offsets from the keypoint to cells.
#[derive(Clone, Copy)]
struct Frame {
    /// Cosine and sine of the keypoint's angle, in cells per pixel.
    cos: f32,
    sin: f32,
}

/// Row or column of the cells at the keypoint: half a cell from the middle two.
const CENTRE: f32 = CELLS as f32 / 2.0 - 0.5;

/// Scratch memory of [`Describer::describe`], kept from keypoint to keypoint.
#[derive(Debug, Default)]
pub(crate) struct Describer {
    patch: Patch,
    falloff: Falloff,
    /// Row and column of the cells of each sample.
    rows: Vec<f32>,
    columns: Vec<f32>,
    spans: Spans,
    histogram: Histogram,
}

/// The rows of a patch, relative to the keypoint, in whole lines.
#[derive(Debug, Default)]
struct Spans {
    /// First and last column that fall into the grid of cells, which is convex; one more on either side may be named, as the
    /// samples decide for themselves. No column where the first is after the last.
    first: Vec<i32>,
    last: Vec<i32>,
    /// Row and column of the cells at the keypoint's column, from [`CENTRE`] on.
    row: Vec<f32>,
    column: Vec<f32>,
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
        let n = self.patch.len();
        let samples = Samples {
            rows: &self.rows[..n],
            columns: &self.columns[..n],
            angles: self.patch.angles(),
            weights: self.patch.weights(),
            turned,
        };
        let mut histogram = [0.0; DESCRIPTOR_LENGTH];
        trilinear::sum_up(strip.octave.isa, samples, &mut self.histogram, &mut histogram);
        let mut descriptor = [0; DESCRIPTOR_LENGTH];
        quantize(strip.octave.isa, &histogram, &mut descriptor);
        descriptor
    }

    /// Gathers the samples that fall into the grid of cells.
    fn gather(&mut self, strip: &Strip<'_>, at: &Refined, turned: f32) {
        let isa = strip.octave.isa;
        let width = CELL_SCALE * at.scale;
        let (sin, cos) = libm::sincos(f64::from(turned * (std::f32::consts::PI / 180.0)));
        let frame = Frame { cos: cos as f32 / width, sin: sin as f32 / width };
        let radius = radius(at.scale);
        // A sample's weight falls with its distance in cells: exp(-distance^2 / (CELLS^2 / 2)).
        self.falloff.fill(isa, radius, -1.0 / (CELLS * CELLS) as f32 * 2.0 / (width * width));
        let side = 2 * radius + 1;
        let within = inner(at.nearest.x, radius, strip.octave.width);
        let offset = |x: usize| (x as isize - at.nearest.x as isize) as f32;
        self.spans.resize(side.next_multiple_of(LINE));
        bound(isa, frame, radius as f32, (offset(within.start), offset(within.end) - 1.0), &mut self.spans);
        self.patch.begin(side, side);
        let room = side * side + 8 * LINE;
        if self.rows.len() < room {
            self.rows.resize(room, 0.0);
            self.columns.resize(room, 0.0);
        }
        gather_rows(isa, self, strip, at, frame, radius);
        let len = self.patch.len();
        self.patch.finish(GROUP);
        self.rows[len..self.patch.len()].fill(0.0);
        self.columns[len..self.patch.len()].fill(0.0);
    }
}

impl Spans {
    fn resize(&mut self, rows: usize) {
        self.first.resize(rows, 0);
        self.last.resize(rows, 0);
        self.row.resize(rows, 0.0);
        self.column.resize(rows, 0.0);
    }
}

for_each_isa! {
    /// Finds the spans of a patch, none of which goes beyond the columns `within`.
    fn bound(frame: Frame, radius: f32, within: (f32, f32), spans: &mut Spans) = bound_body;
}

#[inline(always)]
fn bound_body(frame: Frame, radius: f32, (least, greatest): (f32, f32), spans: &mut Spans) {
    /// Columns by which a crossing may be off for rounding.
    const SLACK: f32 = 1e-3;
    // Parallel to the bounds, a row is inside or outside as a whole: it crosses them far away.
    let inverse = |slope: f32| if slope.abs() < 1e-12 { 1e12 } else { 1.0 / slope };
    let (by_sin, by_cos) = (inverse(frame.sin), inverse(frame.cos));
    let Spans { first, last, row, column } = spans;
    let columns = first.as_chunks_mut::<LINE>().0.iter_mut().zip(last.as_chunks_mut::<LINE>().0);
    let cells = row.as_chunks_mut::<LINE>().0.iter_mut().zip(column.as_chunks_mut::<LINE>().0);
    for (((first, last), (along, across)), start) in columns.zip(cells).zip((0u16..).step_by(LINE)) {
        let top = f32::from(start) - radius;
        for i in 0..LINE {
            let dy = top + i as f32;
            let (row, column) = (dy.mul_add(frame.cos, CENTRE), dy.mul_add(-frame.sin, CENTRE));
            let (a, b) = ((-1.0 - row) * by_sin, (CELLS as f32 - row) * by_sin);
            let (c, d) = ((-1.0 - column) * by_cos, (CELLS as f32 - column) * by_cos);
            let from = greater(lesser(a, b), lesser(c, d)) - SLACK;
            let to = lesser(greater(a, b), greater(c, d)) + SLACK;
            first[i] = integer(greater(from.ceil(), least));
            last[i] = integer(lesser(to.floor(), greatest));
            along[i] = dy * frame.cos;
            across[i] = -(dy * frame.sin);
        }
    }
}

/// An integer that is small as a float, or one beyond all radii where it is not. A cast, with its rules for what does not
/// fit, would not be vectorised.
#[inline(always)]
fn integer(value: f32) -> i32 {
    const LIMIT: f32 = 4_194_304.0;
    let value = greater(lesser(value, LIMIT - 1.0), -LIMIT) + INTEGER;
    value.to_bits() as i32 - INTEGER.to_bits() as i32
}

for_each_vector! {
    /// Gathers the samples of a patch, row by row.
    fn gather_rows(
        describer: &mut Describer,
        strip: &Strip<'_>,
        at: &Refined,
        frame: Frame,
        radius: usize,
    ) = gather_rows_body;
}

#[inline(always)]
fn gather_rows_body<V: Vector>(
    describer: &mut Describer,
    strip: &Strip<'_>,
    at: &Refined,
    frame: Frame,
    radius: usize,
) {
    let Describer { patch, falloff, rows, columns, spans, .. } = describer;
    let (centre, sin, cos) = (V::splat(CENTRE), V::splat(frame.sin), V::splat(frame.cos));
    let (step, ramp) = (V::splat(V::LANES as f32), V::ramp(0.0));
    let Nearest { x, y } = at.nearest;
    let within = inner(y, radius, strip.octave.height);
    let skipped = within.start + radius - y;
    let bounds = spans.first[skipped..].iter().zip(&spans.last[skipped..]);
    let cells = spans.row[skipped..].iter().zip(&spans.column[skipped..]);
    let weights = falloff.from(-(radius as isize));
    let around = strip.level(at.layer).around(within).zip(&weights[skipped..]);
    for ((around, &vertical), ((&first, &last), (&along, &across))) in around.zip(bounds.zip(cells)) {
        if first > last {
            continue;
        }
        let len = (last + 1 - first) as usize;
        let out = patch.len()..patch.len() + padded::<V>(len);
        let mut dx = V::splat(first as f32).add(ramp);
        let (along, across) = (V::splat(along), V::splat(across));
        let rows = rows[out.clone()].chunks_exact_mut(V::LANES);
        let cells = rows.zip(columns[out].chunks_exact_mut(V::LANES));
        let around = around((x as isize + first as isize - 1) as usize);
        let horizontal = &weights[(radius as isize + first as isize) as usize..];
        patch.push::<V, _>(&Span { around, len, vertical, horizontal }, cells, |(rows, columns)| {
            dx.mul_add(sin, along).add(centre).store(rows);
            dx.mul_add(cos, across).add(centre).store(columns);
            dx = dx.add(step);
        });
    }
}

for_each_vector! {
    /// Normalises, clamps, normalises again and rounds to bytes.
    fn quantize(histogram: &[f32; DESCRIPTOR_LENGTH], descriptor: &mut [u8; DESCRIPTOR_LENGTH]) = quantize_body;
}

#[inline(always)]
fn quantize_body<V: Vector>(histogram: &[f32; DESCRIPTOR_LENGTH], descriptor: &mut [u8; DESCRIPTOR_LENGTH]) {
    let limit = V::splat(length::<V>(histogram) * CLAMP);
    let mut clamped = [0.0; DESCRIPTOR_LENGTH];
    for (clamped, elements) in clamped.chunks_exact_mut(V::LANES).zip(histogram.chunks_exact(V::LANES)) {
        V::load(elements).min(limit).store(clamped);
    }
    let scale = LENGTH / length::<V>(&clamped).max(f32::EPSILON);
    for (byte, element) in descriptor.iter_mut().zip(&clamped) {
        *byte = ((element * scale).min(255.0) + INTEGER).to_bits() as u8;
    }
}

/// Euclidean length, summed in 16 interleaved parts.
#[inline(always)]
fn length<V: Vector>(elements: &[f32; DESCRIPTOR_LENGTH]) -> f32 {
    let mut parts = [0.0; LINE];
    for (first, parts) in (0..LINE).step_by(V::LANES).zip(parts.chunks_exact_mut(V::LANES)) {
        let mut sum = V::splat(0.0);
        for elements in elements.as_chunks::<LINE>().0 {
            let elements = V::load(&elements[first..]);
            sum = elements.mul_add(elements, sum);
        }
        sum.store(parts);
    }
    let mut halves = [0.0; LINE / 2];
    V::Eight::load(&parts).add(V::Eight::load(&parts[LINE / 2..])).store(&mut halves);
    let [a, b, c, d, e, f, g, h] = halves;
    (((a + e) + (c + g)) + ((b + f) + (d + h))).sqrt()
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
    use crate::Isa;

    #[test]
    fn descriptors_have_length_512_unless_clamped_at_a_byte() {
        let ramp: [f32; DESCRIPTOR_LENGTH] = std::array::from_fn(|i| i as f32);
        let quantized = |histogram| {
            let all: Vec<_> = Isa::each()
                .map(|isa| {
                    let mut descriptor = [0; DESCRIPTOR_LENGTH];
                    quantize(isa, histogram, &mut descriptor);
                    descriptor
                })
                .collect();
            assert!(all.iter().all(|of_isa| *of_isa == all[0]));
            all[0]
        };
        let bytes = quantized(&ramp);
        let length: f32 = bytes.iter().map(|&b| f32::from(b) * f32::from(b)).sum::<f32>().sqrt();
        assert!((length - LENGTH).abs() < 4.0, "{length}");
        assert_eq!(quantized(&[0.0; DESCRIPTOR_LENGTH]), [0; DESCRIPTOR_LENGTH]);
    }

    #[test]
    fn root_has_unit_length() {
        let bytes: [u8; DESCRIPTOR_LENGTH] = std::array::from_fn(|i| i as u8);
        let length: f32 = root(&bytes).iter().map(|element| element * element).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(root(&[0; DESCRIPTOR_LENGTH]), [0.0; DESCRIPTOR_LENGTH]);
    }
}
