//! Level 0 of an octave, as the octave before leaves it, a few rows at a time.

use std::hint;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;
use crate::decimate::take_every;
use crate::isa::Isa;
use crate::ring::BLOCK;

/// Rows that a block of the octave before leaves.
const ROWS: usize = BLOCK / 2;

/// Bytes of a part, or somewhat more: a block that the system has back when it is freed, where small ones would stay with the
/// allocator for good.
const PART_BYTES: usize = 1 << 20;

/// How long a reader looks again and again for a row before it sleeps: about what a sleeping thread takes to go on in a virtual
/// machine.
const AWAKE: Duration = Duration::from_micros(50);

/// Pauses of the processor from one look to the next.
const PAUSES: usize = 10;

/// An image in columns of strips, each of which is in parts of so many rows. Whoever reads a row waits until it is filled,
/// so that an octave is searched while the one before still is.
#[derive(Debug, Default)]
pub(crate) struct Base {
    strips: Vec<Vec<Part>>,
    /// Width of each strip but the last.
    strip: usize,
    width: usize,
    /// Rows of each part but the last, a multiple of [`ROWS`].
    rows: usize,
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
    /// Of each [`ROWS`] rows.
    states: Vec<State>,
    /// Readers that wait for some of them.
    waiting: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Awaited,
    Filled,
    /// They never will be.
    Abandoned,
}

impl Part {
    fn lock(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies a row from a column on.
    fn copy_row(&self, row: usize, width: usize, column: usize, to: &mut [f32]) -> Result<(), Error> {
        let mut samples = self.lock();
        let mut waiting_since = None;
        while samples.states[row / ROWS] == State::Awaited {
            let waiting_since = *waiting_since.get_or_insert_with(Instant::now);
            if waiting_since.elapsed() < AWAKE {
                drop(samples);
                (0..PAUSES).for_each(|_| hint::spin_loop());
                samples = self.lock();
                continue;
            }
            samples.waiting += 1;
            samples = self.changed.wait(samples).unwrap_or_else(PoisonError::into_inner);
            samples.waiting -= 1;
        }
        if samples.states[row / ROWS] == State::Abandoned {
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
        self.rows = (PART_BYTES / size_of::<f32>()).div_ceil(self.strip).next_multiple_of(ROWS);
        self.strips.resize_with(width.div_ceil(self.strip), Vec::new);
        for (i, parts) in self.strips.iter_mut().enumerate() {
            let width = (width - i * self.strip).min(self.strip);
            parts.resize_with(height.div_ceil(self.rows), Part::default);
            for (j, part) in parts.iter_mut().enumerate() {
                let samples = part.samples.get_mut().unwrap_or_else(PoisonError::into_inner);
                let rows = (height - j * self.rows).min(self.rows);
                samples.values.resize(width * rows, 0.0);
                samples.states.clear();
                samples.states.resize(rows.div_ceil(ROWS), State::Awaited);
            }
        }
    }

    /// Fills the rows that a block of the octave before leaves, each with every second sample of `row(i)`, a row of that octave.
    /// There are none where the octave before ends with an odd row or column. Nothing is done where they are filled already.
    pub(crate) fn fill<'a>(&self, isa: Isa, strip: usize, block: usize, row: impl Fn(usize) -> &'a [f32]) {
        let (part, index) = (block * ROWS / self.rows, block % (self.rows / ROWS));
        let Some(part) = self.strips.get(strip).and_then(|parts| parts.get(part)) else { return };
        let width = (self.width - strip * self.strip).min(self.strip);
        let mut samples = part.lock();
        let Samples { values, states, .. } = &mut *samples;
        let Some(state) = states.get_mut(index).filter(|state| **state != State::Filled) else { return };
        let rows = values.chunks_exact_mut(width.max(1)).skip(index * ROWS).take(ROWS);
        rows.enumerate().for_each(|(i, to)| take_every(isa, 2, row(i), to));
        *state = State::Filled;
        // Nearly never, and waking nobody is a system call, too.
        let waited_for = samples.waiting > 0;
        drop(samples);
        if waited_for {
            part.changed.notify_all();
        }
    }

    /// Has those who wait for what is not filled give up.
    pub(crate) fn abandon(&self) {
        for part in self.strips.iter().flatten() {
            let mut samples = part.lock();
            let awaited = samples.states.iter_mut().filter(|state| **state == State::Awaited);
            awaited.for_each(|state| *state = State::Abandoned);
            drop(samples);
            part.changed.notify_all();
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
            self.strips[index][y / self.rows].copy_row(y % self.rows, width, column, head)?;
            x += head.len();
            to = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a part of a strip of two columns.
    const PART: usize = PART_BYTES / 8;

    /// Five columns in strips of two, and some rows of a second part.
    fn base() -> Base {
        let mut base = Base::default();
        base.reset(5, PART + ROWS + 1, 2);
        base
    }

    fn fill(base: &Base, strip: usize, block: usize) {
        let rows: Vec<Vec<f32>> = (0..ROWS)
            .map(|i| (0..4).map(|x| (10 * (block * ROWS + i) + 2 * strip) as f32 + x as f32 / 2.0).collect())
            .collect();
        base.fill(Isa::detect(), strip, block, |i| &rows[i]);
    }

    #[test]
    fn rows_are_put_together_from_strips() {
        let base = base();
        let last = PART / ROWS + 1;
        for (strip, block) in
            [0, 1, last - 1, last].into_iter().flat_map(|block| [0, 1, 2].map(|strip| (strip, block)))
        {
            fill(&base, strip, block);
        }
        let mut row = [0.0; 4];
        for y in [1, ROWS, PART, PART + ROWS] {
            base.copy_row(y, 1, &mut row).unwrap();
            assert_eq!(row, [1, 2, 3, 4].map(|column| (10 * y + column) as f32));
        }
    }

    /// Returns once a reader sleeps until a part of a strip changes.
    fn until_one_sleeps(base: &Base, strip: usize) {
        let end = Instant::now() + Duration::from_secs(60);
        while base.strips[strip][0].lock().waiting == 0 {
            assert!(Instant::now() < end, "nobody sleeps");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_reader_waits_until_a_part_is_filled() {
        for sleeps in [false, true] {
            let base = base();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let mut row = [0.0; 2];
                    base.copy_row(0, 3, &mut row).map(|()| row)
                });
                fill(&base, 2, 0);
                if sleeps {
                    until_one_sleeps(&base, 1);
                }
                fill(&base, 1, 0);
                assert_eq!(reader.join().unwrap(), Ok([3.0, 4.0]));
            });
        }
    }

    #[test]
    fn a_reader_gives_up_a_part_that_is_abandoned_but_not_one_that_is_filled() {
        for sleeps in [false, true] {
            let base = base();
            fill(&base, 0, 0);
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| base.copy_row(0, 2, &mut [0.0]));
                if sleeps {
                    until_one_sleeps(&base, 1);
                }
                base.abandon();
                assert_eq!(reader.join().unwrap(), Err(Error::Stopped));
            });
            assert_eq!(base.copy_row(0, 0, &mut [0.0; 2]), Ok(()));
        }
    }
}
