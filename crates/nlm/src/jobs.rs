//! Images that are denoised beside each other: threads share the bands of all of them.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use threads::spawn_elsewhere;

use crate::band::{BandMemory, Task};
use crate::lanes::Kernel;
use crate::sliding::SlidingMemory;
use crate::tiled::TiledMemory;
use crate::{Control, Error, sliding, tiled};

/// Memory of a thread.
#[derive(Debug, Default)]
pub(crate) struct WorkerMemory {
    band: BandMemory,
    tiled: TiledMemory,
    sliding: SlidingMemory,
}

/// An image of at least a pixel to be denoised, in bands of rows.
pub(crate) struct Job<'a> {
    task: Task<'a>,
    path: Path,
    /// Rows of each band but the last.
    rows: usize,
}

/// How an image is denoised: the fastest way that is exact for its parameters.
enum Path {
    /// Template windows of 7 x 7, as tiles.
    Tiled(Kernel),
    /// Any template window, by sums that slide.
    Sliding(Kernel),
    /// Whatever fits neither.
    General,
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
    pub(crate) fn new(task: Task<'a>, threads: NonZeroUsize) -> Self {
        let path = Path::new(&task);
        let rows = path.band_rows(&task, threads.get());
        Self { task, path, rows }
    }

    fn bands<'b>(&'b self, out: &'b mut [u8]) -> impl Iterator<Item = Band<'b>> {
        let bands = out.chunks_mut(self.rows * self.task.width * self.task.channels).enumerate();
        bands.map(|(index, out)| Band { job: self, first_row: index * self.rows, out })
    }
}

impl Path {
    fn new(task: &Task<'_>) -> Self {
        let Task { isa, params, channels, weights, .. } = *task;
        tiled::kernel(isa, params, channels, weights)
            .map(Self::Tiled)
            .or_else(|| sliding::kernel(isa, params, channels, weights).map(Self::Sliding))
            .unwrap_or(Self::General)
    }

    fn band_rows(&self, task: &Task<'_>, threads: usize) -> usize {
        match self {
            Self::Tiled(_) => tiled::band_rows(task.height, threads),
            Self::Sliding(_) => sliding::band_rows(task.height, threads),
            Self::General => task.band_rows(threads),
        }
    }
}

impl Band<'_> {
    fn denoise(self, memory: &mut WorkerMemory, control: &Control<'_>) -> Result<(), Error> {
        let Self { job: Job { task, path, rows }, first_row, out } = self;
        match path {
            Path::Tiled(kernel) => tiled::run(kernel, task, first_row, &mut memory.tiled, control, out),
            Path::Sliding(kernel) => sliding::run(kernel, task, first_row, &mut memory.sliding, control, out),
            Path::General => {
                let rows = first_row..(first_row + rows).min(task.height);
                task.run(rows, &mut memory.band, control, out)
            }
        }
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
    let bands = Mutex::new(bands);
    let work = |memory: &mut WorkerMemory| {
        loop {
            let band = bands.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(band) = band else { return Ok(()) };
            band.denoise(memory, control)?;
        }
    };
    let Some((own, others)) = workers[..threads].split_first_mut() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> =
            others.iter_mut().map(|memory| spawn_elsewhere(scope, || work(memory))).collect();
        let mut result = work(own);
        for other in others {
            result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    })
}
