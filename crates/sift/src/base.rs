//! Level 0 of an octave, as the octave before left it.

use std::sync::Mutex;

/// An image in columns of strips: each strip's samples, row after row, lie together, so that threads fill them apart.
#[derive(Debug, Default)]
pub(crate) struct Base {
    strips: Vec<Vec<f32>>,
    /// Width of each strip but the last.
    strip: usize,
    width: usize,
    used: usize,
}

impl Base {
    /// Makes room for an image, keeping the memory there is where that is enough.
    pub(crate) fn reset(&mut self, width: usize, height: usize, strip: usize) {
        self.width = width;
        self.strip = strip.max(1);
        self.used = width.div_ceil(self.strip);
        if self.strips.len() < self.used {
            self.strips.resize_with(self.used, Vec::new);
        }
        for (i, samples) in self.strips[..self.used].iter_mut().enumerate() {
            samples.resize((width - i * self.strip).min(self.strip) * height, 0.0);
        }
    }

    /// The samples of each strip, `rows` rows at a time, to be filled by whoever has their block.
    pub(crate) fn blocks(&mut self, rows: usize) -> Vec<Vec<Mutex<&mut [f32]>>> {
        let (width, strip) = (self.width, self.strip);
        let strips = self.strips[..self.used].iter_mut().enumerate();
        let blocks = strips.map(|(i, samples)| {
            let width = (width - i * strip).min(strip);
            samples.chunks_mut((rows * width).max(1)).map(Mutex::new).collect()
        });
        blocks.collect()
    }

    /// Copies the samples of row `y` from column `x` on.
    pub(crate) fn copy_row(&self, y: usize, mut x: usize, mut to: &mut [f32]) {
        while !to.is_empty() {
            let (index, within) = (x / self.strip, x % self.strip);
            let width = (self.width - index * self.strip).min(self.strip);
            let from = &self.strips[index][y * width + within..(y + 1) * width];
            let (head, rest) = to.split_at_mut(from.len().min(to.len()));
            head.copy_from_slice(&from[..head.len()]);
            x += head.len();
            to = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Base;

    #[test]
    fn rows_are_put_together_from_strips() {
        let mut base = Base::default();
        base.reset(5, 2, 2);
        let rows = [[&[0.0, 1.0][..], &[5.0, 6.0]], [&[2.0, 3.0], &[7.0, 8.0]], [&[4.0], &[9.0]]];
        for (blocks, rows) in base.blocks(1).into_iter().zip(rows) {
            for (block, row) in blocks.into_iter().zip(rows) {
                block.into_inner().unwrap().copy_from_slice(row);
            }
        }
        let mut row = [0.0; 4];
        base.copy_row(1, 1, &mut row);
        assert_eq!(row, [6.0, 7.0, 8.0, 9.0]);
    }
}
