//! Samples that begin at a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest registers: a load that straddles two lines takes twice as long.
const LINE_BYTES: usize = 64;

/// A growing buffer of floats whose first is aligned to a cache line.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    samples: Vec<f32>,
    origin: usize,
    len: usize,
}

impl Aligned {
    /// Makes room for `len` samples, keeping the memory there is where that is enough. What they hold is unspecified.
    pub(crate) fn resize(&mut self, len: usize) {
        let needed = len + LINE_BYTES / size_of::<f32>();
        if self.samples.len() < needed {
            self.samples = vec![0.0; needed];
        }
        self.origin = self.samples.as_ptr().align_offset(LINE_BYTES).min(needed - len);
        self.len = len;
    }
}

impl Deref for Aligned {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.samples[self.origin..self.origin + self.len]
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.samples[self.origin..self.origin + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::Aligned;

    #[test]
    fn begins_at_a_line_whatever_its_size() {
        let mut buffer = Aligned::default();
        for len in [0, 1, 100, 7, 5000] {
            buffer.resize(len);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % 64), (len, 0));
        }
    }
}
