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
    doubled: Ring,
    levels: Vec<Ring>,
    /// First row that each level does not hold yet.
    ends: Vec<usize>,
    doubled_end: usize,
    /// First row that can't be scanned yet.
    ready: usize,
    /// A row between the two passes of a blur, with margins.
    padded: Vec<f32>,
}

/// A strip of an octave: all levels around one row, which moves down.
pub(crate) struct Strip<'a> {
    pub(crate) octave: Octave<'a>,
    memory: &'a mut StripMemory,
}

impl<'a> Strip<'a> {
    pub(crate) fn new(octave: Octave<'a>, memory: &'a mut StripMemory) -> Self {
        let Octave { width, reach, kernels, .. } = octave;
        let levels = reach.levels.len();
        memory.levels.resize_with(levels, Ring::default);
        for (ring, &rows) in memory.levels.iter_mut().zip(&reach.levels) {
            ring.reset(width, Reach::capacity(rows));
        }
        if let Source::Image { .. } = octave.source {
            memory.doubled.reset(width, Reach::capacity(reach.doubled));
        }
        let margin = kernels.levels.iter().chain([&kernels.base]).map(Kernel::radius).max().unwrap_or(0);
        memory.padded.resize(width + 2 * margin, 0.0);
        Self { octave, memory }
    }

    /// Forgets all rows and prepares to move down from `row`.
    pub(crate) fn seek(&mut self, row: usize) {
        let above = |reach: usize| row.saturating_sub(reach);
        self.memory.ready = row;
        self.memory.doubled_end = above(self.octave.reach.doubled);
        self.memory.ends.clear();
        self.memory.ends.extend(self.octave.reach.levels.iter().map(|&reach| above(reach)));
    }

    /// Moves down until all levels hold what scanning `row` needs.
    pub(crate) fn advance(&mut self, row: usize) {
        if row < self.memory.ready {
            return;
        }
        self.memory.ready = row + STEP;
        let height = self.octave.height;
        let below = |reach: usize| (row + STEP + reach).min(height);
        if let Source::Image { grey, width, precise } = self.octave.source {
            for y in self.memory.doubled_end..below(self.octave.reach.doubled) {
                doubled_row(grey, width, y, precise, self.memory.doubled.row_mut(y));
            }
            self.memory.doubled_end = self.memory.doubled_end.max(below(self.octave.reach.doubled));
        }
        for level in 0..self.memory.levels.len() {
            let end = below(self.octave.reach.levels[level]);
            for y in self.memory.ends[level]..end {
                self.compute_row(level, y);
            }
            self.memory.ends[level] = self.memory.ends[level].max(end);
        }
    }

    fn compute_row(&mut self, level: usize, y: usize) {
        let Octave { width, height, kernels, source, isa, .. } = self.octave;
        let StripMemory { doubled, levels, padded, .. } = &mut *self.memory;
        let (above, below) = levels.split_at_mut(level);
        let out = below[0].row_mut(y);
        match (above.last(), source) {
            (Some(previous), _) => {
                blur_row(isa, previous, height, y, &kernels.levels[level - 1], padded, out)
            }
            (None, Source::Image { .. }) => blur_row(isa, doubled, height, y, &kernels.base, padded, out),
            (None, Source::Octave { base }) => out.copy_from_slice(&base[y * width..][..width]),
        }
    }

    /// A row that the strip holds.
    #[inline(always)]
    pub(crate) fn row(&self, level: usize, y: usize) -> &[f32] {
        self.memory.levels[level].row(y)
    }

    /// A sample of the difference of Gaussians between `layer` and the level after it.
    #[inline(always)]
    pub(crate) fn difference(&self, layer: usize, y: usize, x: usize) -> f32 {
        self.row(layer + 1, y)[x] - self.row(layer, y)[x]
    }
}

/// Blurs row `y` of an image of `height` rows, of which `from` holds those around it.
fn blur_row(
    isa: Isa,
    from: &Ring,
    height: usize,
    y: usize,
    kernel: &Kernel,
    padded: &mut [f32],
    out: &mut [f32],
) {
    let radius = kernel.radius();
    let width = out.len();
    let around: Vec<&[f32]> =
        (0..=2 * radius).map(|i| from.row(reflect_101((y + i) as isize - radius as isize, height))).collect();
    let padded = &mut padded[..width + 2 * radius];
    convolve::vertical(isa, &around, kernel.taps(), &mut padded[radius..radius + width]);
    for i in 1..=radius {
        padded[radius - i] = padded[radius + reflect_101(-(i as isize), width)];
        padded[radius + width - 1 + i] = padded[radius + reflect_101((width - 1 + i) as isize, width)];
    }
    convolve::horizontal(isa, padded, kernel.taps(), out);
}
