//! The gradients around a keypoint, gathered into arrays for the loops that work on them.

use std::ops::Range;

use crate::isa::for_each_isa;
use crate::polar::polar;
use crate::strip::Strip;

/// Samples of a patch, one array a quantity; kept from keypoint to keypoint.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    dx: Vec<f32>,
    dy: Vec<f32>,
    weight: Vec<f32>,
    angle: Vec<f32>,
    /// Weight of a sample at a distance of so many pixels along one axis.
    falloff: Vec<f32>,
}

impl Patch {
    /// Gathers the samples within `radius` columns and rows of `(x, y)` that have neighbours on all sides, weighted by
    /// `exp(exponent * distance^2)`.
    pub(crate) fn gather_square(
        &mut self,
        strip: &Strip<'_>,
        layer: usize,
        (x, y): (usize, usize),
        radius: usize,
        exponent: f32,
    ) {
        self.begin(radius, exponent);
        gather_rows(strip.octave.isa, self, strip, layer, (x, y), radius);
        self.finish(strip);
    }

    /// Empties the patch and tabulates the weights.
    pub(crate) fn begin(&mut self, radius: usize, exponent: f32) {
        self.dx.clear();
        self.dy.clear();
        self.weight.clear();
        let exponent = f64::from(exponent);
        self.falloff.clear();
        self.falloff.extend((0..=radius).map(|i| libm::exp(exponent * (i * i) as f64) as f32));
    }

    /// Adds the samples of some columns of a row, `dy` rows from the centre.
    #[inline(always)]
    pub(crate) fn push_row(
        &mut self,
        strip: &Strip<'_>,
        layer: usize,
        row: usize,
        dy: usize,
        columns: Range<usize>,
        centre: usize,
    ) {
        let around = strip.columns(layer, row, columns.start - 1..columns.end + 1);
        let above = strip.columns(layer, row - 1, columns.clone());
        let below = strip.columns(layer, row + 1, columns.clone());
        self.dx.extend(around.windows(3).map(|at| at[2] - at[0]));
        self.dy.extend(above.iter().zip(below).map(|(above, below)| above - below));
        let vertical = self.falloff[dy];
        let falloff = &self.falloff;
        self.weight.extend(columns.map(|x| vertical * falloff[x.abs_diff(centre)]));
    }

    /// Turns the gathered gradients into directions and weighted lengths.
    pub(crate) fn finish(&mut self, strip: &Strip<'_>) {
        self.angle.resize(self.dx.len(), 0.0);
        polar(strip.octave.isa, &self.dx, &self.dy, &mut self.weight, &mut self.angle);
    }

    /// Directions of the gradients in degrees, from 0 to 360.
    pub(crate) fn angles(&self) -> &[f32] {
        &self.angle
    }

    /// Lengths of the gradients times their weights.
    pub(crate) fn weights(&self) -> &[f32] {
        &self.weight
    }
}

for_each_isa! {
    fn gather_rows(
        patch: &mut Patch,
        strip: &Strip<'_>,
        layer: usize,
        centre: (usize, usize),
        radius: usize,
    ) = gather_rows_body;
}

#[inline(always)]
fn gather_rows_body(
    patch: &mut Patch,
    strip: &Strip<'_>,
    layer: usize,
    (x, y): (usize, usize),
    radius: usize,
) {
    let columns = inner(x, radius, strip.octave.width);
    for row in inner(y, radius, strip.octave.height) {
        patch.push_row(strip, layer, row, row.abs_diff(y), columns.clone(), x);
    }
}

/// The samples within `radius` of `centre` that have a neighbour on both sides, of a row or column of `len`.
pub(crate) fn inner(centre: usize, radius: usize, len: usize) -> Range<usize> {
    let start = centre.saturating_sub(radius).max(1);
    let end = (centre + radius + 1).min(len - 1);
    start..end.max(start)
}
