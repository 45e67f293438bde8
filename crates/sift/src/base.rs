//! Level 0 of an octave, as the octave before leaves it, a few rows at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::ring::BLOCK;

/// Rows that a block of the octave before leaves.
const ROWS: usize = BLOCK / 2;

/// An image in columns of strips, each of which is in parts of [`ROWS`] rows. Whoever reads a part waits until it is
/// filled, so that an octave is searched while the one before still is.
#[derive(Debug, Default)]
pub(crate) struct Base {
    strips: Vec<Vec<Part>>,
    /// Width of each strip but the last.
    strip: usize,
    width: usize,
}

#[derive(Debug, Default)]
struct Part {
    samples: Mutex<Samples>,
    changed: Condvar,
}

/// The samples of a part, row after row.
#[derive(Debug, Default)]
struct Samples {
    values: Vec<f32>,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Awaited,
    Filled,
    /// It never will be.
    Abandoned,
}

impl Part {
    fn lock(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, mut samples: MutexGuard<'_, Samples>, state: State) {
        samples.state = state;
        drop(samples);
        self.changed.notify_all();
    }

    /// Copies a row from a column on.
    fn copy_row(&self, row: usize, width: usize, column: usize, to: &mut [f32]) -> Result<(), Error> {
        let awaited = |samples: &mut Samples| samples.state == State::Awaited;
        let samples = self.changed.wait_while(self.lock(), awaited).unwrap_or_else(PoisonError::into_inner);
        if samples.state == State::Abandoned {
            return Err(Error::Stopped);
        }
        to.copy_from_slice(&samples.values[row * width + column..][..to.len()]);
        Ok(())
    }
}

impl Base {
    /// Makes room for an image, keeping the memory there is where that is enough.
    pub(crate) fn reset(&mut self, width: usize, height: usize, strip: usize) {
        self.width = width;
        self.strip = strip.max(1);
        self.strips.resize_with(width.div_ceil(self.strip), Vec::new);
        for (i, parts) in self.strips.iter_mut().enumerate() {
            let width = (width - i * self.strip).min(self.strip);
            parts.resize_with(height.div_ceil(ROWS), Part::default);
            for (j, part) in parts.iter_mut().enumerate() {
                let samples = part.samples.get_mut().unwrap_or_else(PoisonError::into_inner);
                samples.values.resize(width * (height - j * ROWS).min(ROWS), 0.0);
                samples.state = State::Awaited;
            }
        }
    }

    /// Has a part filled, row by row: `fill(i, row)`. There is none where the octave before ends with an odd row or column.
    pub(crate) fn fill(&self, strip: usize, part: usize, mut fill: impl FnMut(usize, &mut [f32])) {
        let Some(part) = self.strips.get(strip).and_then(|parts| parts.get(part)) else { return };
        let width = (self.width - strip * self.strip).min(self.strip);
        let mut samples = part.lock();
        for (i, row) in samples.values.chunks_exact_mut(width.max(1)).enumerate() {
            fill(i, row);
        }
        part.set(samples, State::Filled);
    }

    /// Has those who wait for a part give up.
    pub(crate) fn abandon(&self) {
        for part in self.strips.iter().flatten() {
            let samples = part.lock();
            if samples.state == State::Awaited {
                part.set(samples, State::Abandoned);
            }
        }
    }

    /// Copies the samples of row `y` from column `x` on, once they are there.
    ///
    /// # Errors
    /// [`Error::Stopped`] where they never will be.
    pub(crate) fn copy_row(&self, y: usize, mut x: usize, mut to: &mut [f32]) -> Result<(), Error> {
        while !to.is_empty() {
            let (index, column) = (x / self.strip, x % self.strip);
            let width = (self.width - index * self.strip).min(self.strip);
            let (head, rest) = to.split_at_mut((width - column).min(to.len()));
            self.strips[index][y / ROWS].copy_row(y % ROWS, width, column, head)?;
            x += head.len();
            to = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five columns in strips of two, and one row more than a part has.
    fn base() -> Base {
        let mut base = Base::default();
        base.reset(5, ROWS + 1, 2);
        base
    }

    fn fill(base: &Base, strip: usize, part: usize) {
        base.fill(strip, part, |i, row| {
            for (column, value) in row.iter_mut().enumerate() {
                *value = (10 * (part * ROWS + i) + 2 * strip + column) as f32;
            }
        });
    }

    #[test]
    fn rows_are_put_together_from_strips() {
        let base = base();
        for (strip, part) in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)] {
            fill(&base, strip, part);
        }
        let mut row = [0.0; 4];
        base.copy_row(1, 1, &mut row).unwrap();
        assert_eq!(row, [11.0, 12.0, 13.0, 14.0]);
        base.copy_row(ROWS, 0, &mut row).unwrap();
        let first = (10 * ROWS) as f32;
        assert_eq!(row, [first, first + 1.0, first + 2.0, first + 3.0]);
    }

    #[test]
    fn a_reader_waits_until_a_part_is_filled() {
        let base = base();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut row = [0.0; 2];
                base.copy_row(0, 3, &mut row).map(|()| row)
            });
            fill(&base, 2, 0);
            fill(&base, 1, 0);
            assert_eq!(reader.join().unwrap(), Ok([3.0, 4.0]));
        });
    }

    #[test]
    fn a_reader_gives_up_a_part_that_is_abandoned_but_not_one_that_is_filled() {
        let base = base();
        fill(&base, 0, 0);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| base.copy_row(0, 2, &mut [0.0]));
            base.abandon();
            assert_eq!(reader.join().unwrap(), Err(Error::Stopped));
        });
        assert_eq!(base.copy_row(0, 0, &mut [0.0; 2]), Ok(()));
    }
}
