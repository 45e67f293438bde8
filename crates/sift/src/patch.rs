//! The gradients around a keypoint, gathered into arrays for the loops that work on them.

use std::ops::Range;

use crate::falloff::Falloff;
use crate::polar::{directions, lengths};
use crate::ring::LINE;
use crate::strip::LevelRows;
use crate::vector::Vector;

/// Samples of a patch, one array a quantity, kept from keypoint to keypoint.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    angles: Vec<f32>,
    weights: Vec<f32>,
    len: usize,
}

/// Some samples of a row of the scale space.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) row: usize,
    pub(crate) columns: Range<usize>,
}

impl Patch {
    /// Empties the patch and makes room for samples in `rows` rows of up to `columns` columns.
    pub(crate) fn begin(&mut self, rows: usize, columns: usize) {
        self.len = 0;
        // A vector may reach beyond the last sample of a row, and the patch is filled up to whole lines.
        let room = rows * columns + 8 * LINE;
        for array in [&mut self.angles, &mut self.weights] {
            if array.len() < room {
                array.resize(room, 0.0);
            }
        }
    }

    /// Adds the gradients of a span, which has neighbours on all sides, in polar form, with weights by the distance from `centre`.
    /// Each vector of them at once: while it is divided and roots are taken, the next one is loaded.
    /// Calls `also` with the place of each vector in the span; the last one may reach beyond its end.
    #[inline(always)]
    pub(crate) fn push<V: Vector>(
        &mut self,
        level: &LevelRows<'_>,
        span: &Span,
        (centre_x, centre_y): (usize, usize),
        falloff: &Falloff,
        mut also: impl FnMut(usize),
    ) {
        let Span { row, ref columns } = *span;
        let start = columns.start;
        let padded = columns.len().next_multiple_of(V::LANES);
        let along = &level.row_from(row, start - 1)[..padded + 2];
        let before = along.chunks_exact(V::LANES);
        let after = along[2..].chunks_exact(V::LANES);
        let above = level.row_from(row - 1, start)[..padded].chunks_exact(V::LANES);
        let below = level.row_from(row + 1, start)[..padded].chunks_exact(V::LANES);
        let vertical = V::splat(falloff.from(row as isize - centre_y as isize)[0]);
        let horizontal = falloff.from(start as isize - centre_x as isize)[..padded].chunks_exact(V::LANES);
        let out = self.len..self.len + padded;
        let angles = self.angles[out.clone()].chunks_exact_mut(V::LANES);
        let weights = self.weights[out].chunks_exact_mut(V::LANES);
        let around = after.zip(before).zip(above.zip(below)).zip(horizontal);
        for (i, ((angles, weights), (((after, before), (above, below)), horizontal))) in
            (0..).step_by(V::LANES).zip(angles.zip(weights).zip(around))
        {
            also(i);
            let dx = V::load(after).sub(V::load(before));
            let dy = V::load(above).sub(V::load(below));
            directions(dx, dy).store(angles);
            vertical.mul(V::load(horizontal)).mul(lengths(dx, dy)).store(weights);
        }
        self.len += columns.len();
    }

    /// Fills the patch up to a multiple of `multiple` samples with some that weigh nothing.
    pub(crate) fn finish(&mut self, multiple: usize) {
        let filled = self.len.next_multiple_of(multiple);
        for array in [&mut self.angles, &mut self.weights] {
            array[self.len..filled].fill(0.0);
        }
        self.len = filled;
    }

    /// Number of samples.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Directions of the gradients in degrees, from 0 to 360.
    pub(crate) fn angles(&self) -> &[f32] {
        &self.angles[..self.len]
    }

    /// Lengths of the gradients times their weights.
    pub(crate) fn weights(&self) -> &[f32] {
        &self.weights[..self.len]
    }
}

/// The samples within `radius` of `centre` that have a neighbour on both sides, of a row or column of `len`.
pub(crate) fn inner(centre: usize, radius: usize, len: usize) -> Range<usize> {
    let start = centre.saturating_sub(radius).max(1);
    let end = (centre + radius + 1).min(len - 1);
    start..end.max(start)
}
