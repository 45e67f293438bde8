//! Samples that begin at a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest registers: a load that straddles two lines takes twice as long.
const LINE_BYTES: usize = 64;

/// A growing buffer whose first sample is aligned to a cache line.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    samples: Vec<T>,
    origin: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// Makes room for `len` samples, keeping the memory there is where that is enough. What they hold is unspecified.
    pub(crate) fn resize(&mut self, len: usize) {
        let needed = len + LINE_BYTES / size_of::<T>();
        if self.samples.len() < needed {
            self.samples = vec![T::default(); needed];
        }
        self.origin = self.samples.as_ptr().align_offset(LINE_BYTES).min(needed - len);
        self.len = len;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.samples[self.origin..self.origin + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.samples[self.origin..self.origin + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::Aligned;

    #[test]
    fn begins_at_a_line_whatever_its_size() {
        let mut buffer = Aligned::<f32>::default();
        for len in [0, 1, 100, 7, 5000] {
            buffer.resize(len);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % 64), (len, 0));
        }
    }
}
