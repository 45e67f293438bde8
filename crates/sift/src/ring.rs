//! The rows of an image that a strip holds at a time.

use crate::reflect::reflect_101;

/// A window of consecutive rows that moves down an image; a row overwrites the one `capacity` above it. Each row has
/// margins, into which it is reflected, for a blur along it to read.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    samples: Vec<f32>,
    width: usize,
    margin: usize,
    stride: usize,
    mask: usize,
}

/// Samples in a cache line.
const LINE: usize = 16;

impl Ring {
    /// Makes room for `rows` rows of `width` samples, keeping the memory it has where that is enough.
    pub(crate) fn reset(&mut self, width: usize, margin: usize, rows: usize) {
        let capacity = rows.next_power_of_two();
        self.width = width;
        self.margin = margin.next_multiple_of(LINE);
        // An odd number of cache lines, so that the rows of a column do not all fall into one cache set.
        self.stride = ((width + 2 * self.margin).div_ceil(LINE) | 1) * LINE;
        self.mask = capacity - 1;
        let needed = self.stride * capacity;
        if self.samples.len() < needed {
            self.samples.resize(needed, 0.0);
        }
    }

    fn start(&self, y: usize) -> usize {
        (y & self.mask) * self.stride + self.margin
    }

    #[inline(always)]
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.samples[self.start(y)..][..self.width]
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = self.start(y);
        &mut self.samples[start..][..self.width]
    }

    /// The row with `radius` samples of its margins on each side.
    pub(crate) fn padded(&self, y: usize, radius: usize) -> &[f32] {
        &self.samples[self.start(y) - radius..][..self.width + 2 * radius]
    }

    /// Reflects the row into `radius` samples of its margins, without repeating the edge.
    pub(crate) fn fill_margins(&mut self, y: usize, radius: usize) {
        let start = self.start(y);
        let width = self.width;
        for i in 1..=radius {
            self.samples[start - i] = self.samples[start + reflect_101(-(i as isize), width)];
            self.samples[start + width - 1 + i] =
                self.samples[start + reflect_101((width - 1 + i) as isize, width)];
        }
    }
}
