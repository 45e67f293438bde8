//! Whole rows of the topmost level, for where many samples of a block are asked for.
//!
//! In a flat picture that is searched without a contrast threshold every sample is as far from zero as its neighbours, and each
//! by itself takes some hundred times what it does in a row.

use std::ops::Range;

use super::Recipe;
use crate::across;
use crate::aligned::Aligned;
use crate::along;
use crate::around::Around;
use crate::gaussian::Kernel;
use crate::ring::{BLOCK, LINE, Ring};

/// Samples of whole rows that are blurred along in the time that each of the rows around a single sample takes, about (measured
/// with 89 taps and AVX-512).
const SINGLE: usize = 12;

/// Rows of a block, one above and one below.
const ROWS: usize = BLOCK + 2;

/// The rows around one block, if they pay.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// [`ROWS`] rows, from the one above the block on.
    samples: Aligned<f32>,
    stride: usize,
    /// Which rows of the octave are there.
    there: Range<usize>,
    /// The level below, blurred along its rows, and the first row not there yet, at the start of a block.
    along: Ring,
    along_end: usize,
    /// First row of the block that was asked for last, and how often.
    block: usize,
    asked: usize,
}

/// Rows that are blurred along for those of a block, in whole blocks.
fn blurred(kernel: &Kernel) -> usize {
    2 * kernel.radius() + ROWS + BLOCK
}

/// Samples in memory of [`ROWS`] rows.
fn samples(stride: usize) -> usize {
    stride * ROWS + LINE
}

/// Bytes that rows of a level of this size take once they are computed, and what is blurred along for them.
pub(crate) fn bytes((width, height): (usize, usize), kernel: &Kernel) -> usize {
    let along = Ring::bytes((width, height), 0, blurred(kernel));
    // From a row to the next there are at most four lines more than its samples.
    along + samples(width + 4 * LINE) * size_of::<f32>()
}

impl Rows {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.there = 0..0;
        (self.block, self.asked) = (0, 0);
    }

    /// Whether a row and those beside it are there.
    pub(super) fn holds(&self, y: usize) -> bool {
        self.there.start < y && y + 1 < self.there.end
    }

    /// A sample of a row that it holds, and its neighbours.
    pub(super) fn around(&self, (y, x): (usize, usize)) -> Around {
        let first = (y - 1 - self.there.start) * self.stride + x - 1;
        let row =
            |i: usize| self.samples[first + i * self.stride..].first_chunk().copied().unwrap_or_default();
        [0, 1, 2].map(row)
    }

    /// Counts a sample of a block that was asked for by itself. Returns whether such samples have taken as long as all rows of
    /// the block would, so that with these it takes about twice as long as if that had been known.
    pub(super) fn pay(&mut self, block: usize, kernel: &Kernel, (width, height): (usize, usize)) -> bool {
        if self.block != block {
            (self.block, self.asked) = (block, 0);
        }
        self.asked += 1;
        let reach = 2 * kernel.radius() + ROWS;
        let rows = if self.goes_on_at(block) { BLOCK } else { reach.min(height) };
        self.asked * SINGLE * reach > width * rows
    }

    /// Whether the rows of the block before are there.
    fn goes_on_at(&self, block: usize) -> bool {
        self.there.end == block + 1
    }

    /// Computes the rows around a block from those of the level below, which has what they take, with margins.
    pub(super) fn fill(
        &mut self,
        recipe: Recipe<'_>,
        below: &Ring,
        block: usize,
        (width, height): (usize, usize),
    ) {
        let Recipe { isa, kernel, .. } = recipe;
        let radius = kernel.radius();
        let rows = block.saturating_sub(1)..(block + BLOCK + 1).min(height);
        let first = if self.goes_on_at(block) {
            // The last two are the first ones of this block.
            let (kept, stride) = (rows.start - self.there.start, self.stride);
            self.samples.copy_within(kept * stride..(self.there.end - self.there.start) * stride, 0);
            self.there.end
        } else {
            self.along.reset((width, height), 0, blurred(kernel));
            self.along_end = rows.start.saturating_sub(radius) / BLOCK * BLOCK;
            self.stride = self.along.stride();
            self.samples.resize(samples(self.stride));
            rows.start
        };
        while self.along_end < (rows.end + radius).min(height) {
            let out = (self.along.block_mut(self.along_end), self.stride);
            let padded = below.padded_block(self.along_end);
            along::along(isa, padded, kernel.taps(), out, width, (&[], self.stride));
            self.along_end += BLOCK;
        }
        let around = self.along.lines(first as isize - radius as isize..(rows.end + radius) as isize, height);
        let out = &mut self.samples[(first - rows.start) * self.stride..];
        across::across(isa, &around, kernel.taps(), (out, self.stride));
        self.there = rows;
    }
}
