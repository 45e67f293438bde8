//! The scale space of one octave, a few rows of all levels at a time.

use crate::convolve;
use crate::gaussian::{Kernel, Kernels};
use crate::isa::Isa;
use crate::octave::{Reach, STEP};
use crate::reflect::reflect_101;
use crate::ring::Ring;
use crate::upscale::doubled_row;

/// Where level 0 of an octave comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// The grey image, to be doubled and blurred.
    Image { grey: &'a [u8], width: usize, precise: bool },
    /// Every second pixel of a level of the octave before, row after row.
    Octave { base: &'a [f32] },
}

/// What strips of one octave have in common.
#[derive(Clone, Copy)]
pub(crate) struct Octave<'a> {
    pub(crate) index: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) source: Source<'a>,
    pub(crate) kernels: &'a Kernels,
    pub(crate) reach: &'a Reach,
    pub(crate) isa: Isa,
}

/// Memory of a strip, kept from octave to octave and from image to image.
#[derive(Debug, Default)]
pub(crate) struct StripMemory {
    /// A row of the doubled image.
    doubled: Ring,
    levels: Vec<Stage>,
    /// First row that can't be scanned yet.
    ready: usize,
}

/// The rows of one level, and those of the level before it blurred along the rows only.
#[derive(Debug, Default)]
struct Stage {
    rows: Ring,
    /// First row not there yet.
    end: usize,
    along: Ring,
    along_end: usize,
}

/// A strip of an octave: all levels around one row, which moves down.
pub(crate) struct Strip<'a> {
    pub(crate) octave: Octave<'a>,
    memory: &'a mut StripMemory,
}

impl<'a> Strip<'a> {
    pub(crate) fn new(octave: Octave<'a>, memory: &'a mut StripMemory) -> Self {
        let Octave { width, height, reach, kernels, .. } = octave;
        memory.levels.resize_with(reach.levels.len(), Stage::default);
        let margins = kernels.levels.iter().map(Kernel::radius).chain([0]);
        for ((stage, &reach), margin) in memory.levels.iter_mut().zip(&reach.levels).zip(margins) {
            stage.rows.reset(width, margin, Reach::capacity(reach).min(height));
        }
        for (stage, kernel) in memory.levels.iter_mut().skip(1).zip(&kernels.levels) {
            stage.along.reset(width, 0, (2 * kernel.radius() + 1).min(height));
        }
        if let Source::Image { .. } = octave.source {
            let radius = kernels.base.radius();
            memory.doubled.reset(width, radius, 1);
            if let Some(first) = memory.levels.first_mut() {
                first.along.reset(width, 0, (2 * radius + 1).min(height));
            }
        }
        Self { octave, memory }
    }

    /// Forgets all rows and prepares to move down from `row`.
    pub(crate) fn seek(&mut self, row: usize) {
        let Octave { reach, kernels, .. } = self.octave;
        self.memory.ready = row;
        let radii = [kernels.base.radius()].into_iter().chain(kernels.levels.iter().map(Kernel::radius));
        for ((stage, &reach), radius) in self.memory.levels.iter_mut().zip(&reach.levels).zip(radii) {
            stage.end = row.saturating_sub(reach);
            stage.along_end = stage.end.saturating_sub(radius);
        }
    }

    /// Moves down until all levels hold what scanning `row` needs.
    pub(crate) fn advance(&mut self, row: usize) {
        if row < self.memory.ready {
            return;
        }
        self.memory.ready = row + STEP;
        let Octave { width, height, source, kernels, reach, isa, .. } = self.octave;
        let below = |reach: usize| (row + STEP + reach).min(height);
        let StripMemory { doubled, levels, .. } = &mut *self.memory;
        let Some((first, rest)) = levels.split_first_mut() else { return };
        match source {
            Source::Image { grey, width, precise } => {
                let kernel = &kernels.base;
                first.blur(isa, kernel, height, below(reach.levels[0]), |y, out| {
                    doubled_row(isa, grey, width, y, precise, doubled.row_mut(y));
                    doubled.fill_margins(y, kernel.radius());
                    convolve::along(isa, doubled.padded(y, kernel.radius()), kernel.taps(), out);
                });
            }
            Source::Octave { base } => {
                for y in first.end..below(reach.levels[0]) {
                    first.rows.row_mut(y).copy_from_slice(&base[y * width..][..width]);
                    first.end = y + 1;
                }
            }
        }
        let mut previous = first;
        for ((stage, kernel), &reach) in rest.iter_mut().zip(&kernels.levels).zip(&reach.levels[1..]) {
            let rows = &mut previous.rows;
            stage.blur(isa, kernel, height, below(reach), |y, out| {
                rows.fill_margins(y, kernel.radius());
                convolve::along(isa, rows.padded(y, kernel.radius()), kernel.taps(), out);
            });
            previous = stage;
        }
    }

    /// Moves to a row further down: by way of all rows between where they are few, else straight there.
    pub(crate) fn skip_to(&mut self, row: usize) {
        let reach = self.octave.reach.levels.iter().max().copied().unwrap_or(0);
        if row > self.memory.ready + 2 * reach {
            self.seek(row);
        }
        self.advance(row);
    }

    /// A row that the strip holds.
    #[inline(always)]
    pub(crate) fn row(&self, level: usize, y: usize) -> &[f32] {
        self.memory.levels[level].rows.row(y)
    }

    /// A sample of the difference of Gaussians between `layer` and the level after it.
    #[inline(always)]
    pub(crate) fn difference(&self, layer: usize, y: usize, x: usize) -> f32 {
        self.row(layer + 1, y)[x] - self.row(layer, y)[x]
    }
}

impl Stage {
    /// Computes rows up to `end`; `along` gives those of the level before, blurred along themselves.
    fn blur(
        &mut self,
        isa: Isa,
        kernel: &Kernel,
        height: usize,
        end: usize,
        mut along: impl FnMut(usize, &mut [f32]),
    ) {
        let radius = kernel.radius();
        for y in self.end..end {
            for y in self.along_end..(y + radius + 1).min(height) {
                along(y, self.along.row_mut(y));
                self.along_end = y + 1;
            }
            let around: Vec<&[f32]> = (0..=2 * radius)
                .map(|i| self.along.row(reflect_101((y + i) as isize - radius as isize, height)))
                .collect();
            convolve::across(isa, &around, kernel.taps(), self.rows.row_mut(y));
        }
        self.end = self.end.max(end);
    }
}
