//! Images that are denoised beside each other: threads share the bands of all of them.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use threads::spawn_elsewhere;

use crate::general::GeneralMemory;
use crate::method::Path;
use crate::sliding::SlidingMemory;
use crate::task::Task;
use crate::tiled::running::RunningMemory;
use crate::tiled::saturating::SaturatingMemory;
use crate::tiled::{running, saturating};
use crate::{Control, Error, general, sliding, tiled};

/// Memory of a thread.
#[derive(Debug, Default)]
pub(crate) struct WorkerMemory {
    saturating: SaturatingMemory,
    running: RunningMemory,
    sliding: SlidingMemory,
    general: GeneralMemory,
}

/// An image of at least a pixel to be denoised, in bands of rows.
pub(crate) struct Job<'a> {
    task: Task<'a>,
    path: Path<'a>,
    /// Rows of each band but the last.
    rows: usize,
}

/// Some rows of an image.
struct Band<'a> {
    job: &'a Job<'a>,
    first_row: usize,
    /// Interleaved.
    out: &'a mut [u8],
}

impl<'a> Job<'a> {
    /// In bands for so many threads.
    pub(crate) fn new(task: Task<'a>, path: Path<'a>, threads: NonZeroUsize) -> Self {
        let rows = match path {
            Path::Saturating(_) | Path::Running(_) => {
                tiled::band_rows(task.height, task.params.search_radius(), threads.get())
            }
            Path::Sliding(_) => sliding::band_rows(task.height, threads.get()),
            Path::General => general::band_rows(&task, threads.get()),
        };
        Self { task, path, rows }
    }

    fn bands<'b>(&'b self, out: &'b mut [u8]) -> impl Iterator<Item = Band<'b>> {
        let bands = out.chunks_mut(self.rows * self.task.width * self.task.channels).enumerate();
        bands.map(|(index, out)| Band { job: self, first_row: index * self.rows, out })
    }
}

impl Band<'_> {
    fn denoise(self, memory: &mut WorkerMemory, control: &Control<'_>) -> Result<(), Error> {
        let Self { job: Job { task, path, .. }, first_row, out } = self;
        if control.should_stop() {
            return Err(Error::Stopped);
        }
        match path {
            Path::Saturating(kernel) => {
                saturating::run(kernel, task, first_row, &mut memory.saturating, control, out)
            }
            Path::Running(kernel) => running::run(kernel, task, first_row, &mut memory.running, control, out),
            Path::Sliding(kernel) => sliding::run(kernel, task, first_row, &mut memory.sliding, control, out),
            Path::General => general::run(task, first_row, &mut memory.general, control, out),
        }
    }
}

/// Bands that nobody has taken yet, the last one first.
struct Queue<'a>(Mutex<Vec<Band<'a>>>);

impl<'a> Queue<'a> {
    fn lock(&self) -> MutexGuard<'_, Vec<Band<'a>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Band<'a>> {
        self.lock().pop()
    }
}

/// Leaves nothing for others to do once a thread gives up, by a panic, too.
struct Abandon<'a, 'b>(&'a Queue<'b>);

impl Drop for Abandon<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().clear();
    }
}

/// Denoises images, each into its own pixels, in their order: a thread takes the next band when it is done with one.
pub(crate) fn run(
    mut jobs: Vec<(Job<'_>, &mut [u8])>,
    control: &Control<'_>,
    workers: &mut Vec<WorkerMemory>,
) -> Result<(), Error> {
    let mut bands: Vec<Band<'_>> = jobs.iter_mut().flat_map(|(job, out)| job.bands(out)).collect();
    let threads = control.threads.get().min(bands.len());
    if workers.len() < threads {
        workers.resize_with(threads, WorkerMemory::default);
    }
    bands.reverse();
    let bands = Queue(Mutex::new(bands));
    let work = |memory: &mut WorkerMemory| {
        let _all_or_none = Abandon(&bands);
        while let Some(band) = bands.next() {
            band.denoise(memory, control)?;
        }
        Ok(())
    };
    let Some((own, others)) = workers[..threads].split_first_mut() else { return Ok(()) };
    thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do the work.
        let others = others.iter_mut().map_while(|memory| spawn_elsewhere(scope, || work(memory)).ok());
        let others: Vec<_> = others.collect();
        let mut result = work(own);
        for other in others {
            result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    })
}
