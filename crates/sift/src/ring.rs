//! The rows of an image that a strip holds at a time.

/// A window of consecutive rows that moves down an image; a row overwrites the one `capacity` above it.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    samples: Vec<f32>,
    width: usize,
    stride: usize,
    mask: usize,
}

/// Samples in a cache line.
const LINE: usize = 16;

impl Ring {
    /// Makes room for `rows` rows of `width` samples, keeping the memory it has where that is enough.
    pub(crate) fn reset(&mut self, width: usize, rows: usize) {
        let capacity = rows.next_power_of_two();
        // An odd number of cache lines, so that the rows of a column do not all fall into one cache set.
        self.stride = (width.div_ceil(LINE) | 1) * LINE;
        self.width = width;
        self.mask = capacity - 1;
        let needed = self.stride * capacity;
        if self.samples.len() < needed {
            self.samples.resize(needed, 0.0);
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        let start = (y & self.mask) * self.stride;
        &self.samples[start..start + self.width]
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = (y & self.mask) * self.stride;
        &mut self.samples[start..start + self.width]
    }
}
