//! The gradients around a keypoint, gathered into arrays for the loops that work on them.

use std::ops::Range;

use crate::polar::{directions, lengths};
use crate::ring::LINE;
use crate::vector::Vector;

/// Samples of a patch, one array a quantity, kept from keypoint to keypoint.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    angles: Vec<f32>,
    weights: Vec<f32>,
    len: usize,
}

/// Some samples of a row of the scale space.
pub(crate) struct Span<'a> {
    /// The rows above, at and below, from the column before the first sample on, and as much of what follows as whole vectors and
    /// the column after them take.
    pub(crate) around: [&'a [f32]; 3],
    pub(crate) len: usize,
    /// Weight of the row, and of each column of whole vectors.
    pub(crate) vertical: f32,
    pub(crate) horizontal: &'a [f32],
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

    /// Adds the gradients of a span, in polar form. Each vector of them at once: while it is divided and roots are taken, the next
    /// one is loaded. Calls `also` for each vector with the next one of `beside`; the last one may reach beyond the span's end.
    #[inline(always)]
    pub(crate) fn push<V: Vector, T>(
        &mut self,
        span: &Span<'_>,
        beside: impl Iterator<Item = T>,
        mut also: impl FnMut(T),
    ) {
        let &Span { around: [above, along, below], len, vertical, horizontal } = span;
        let padded = padded::<V>(len);
        let along = &along[..padded + 2];
        let before = along.chunks_exact(V::LANES);
        let after = along[2..].chunks_exact(V::LANES);
        let above = above[1..padded + 1].chunks_exact(V::LANES);
        let below = below[1..padded + 1].chunks_exact(V::LANES);
        let vertical = V::splat(vertical);
        let horizontal = horizontal[..padded].chunks_exact(V::LANES);
        let out = self.len..self.len + padded;
        let angles = self.angles[out.clone()].chunks_exact_mut(V::LANES);
        let weights = self.weights[out].chunks_exact_mut(V::LANES);
        let around = after.zip(before).zip(above.zip(below)).zip(horizontal);
        for (((angles, weights), (((after, before), (above, below)), horizontal)), beside) in
            angles.zip(weights).zip(around).zip(beside)
        {
            also(beside);
            let dx = V::load(after).sub(V::load(before));
            let dy = V::load(above).sub(V::load(below));
            directions(dx, dy).store(angles);
            vertical.mul(V::load(horizontal)).mul(lengths(dx, dy)).store(weights);
        }
        self.len += len;
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

/// Samples in as many whole vectors as `len` samples take.
#[inline(always)]
pub(crate) fn padded<V: Vector>(len: usize) -> usize {
    (len + (V::LANES - 1)) & !(V::LANES - 1)
}

/// The samples within `radius` of `centre` that have a neighbour on both sides, of a row or column of `len`.
pub(crate) fn inner(centre: usize, radius: usize, len: usize) -> Range<usize> {
    let start = centre.saturating_sub(radius).max(1);
    let end = (centre + radius + 1).min(len - 1);
    start..end.max(start)
}
