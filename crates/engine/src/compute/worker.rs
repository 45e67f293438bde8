use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use capacity::admission::Work;
use extract::{Control, ExtractError, Extraction, Extractor, Stage, Yielding};
use threads::ProcessorClock;

use super::spares::Spare;
use super::{Compute, Job, Lifecycle, Queued, State};
use crate::Error;
use crate::flight::{Computed, Outcome};

/// Pixels of the largest image whose scratch memory, some 10 bytes a pixel, a compute thread keeps.
pub const LARGEST_KEPT_SCRATCH: u64 = 1_000_000;

/// A job that this thread has taken.
struct Taken {
    job: Job,
    work: Work,
    waited: Duration,
    threads: NonZeroUsize,
    /// One that an image had before, if there is one left.
    spare: Option<Spare>,
    /// When this thread took it, and what it has taken of processors since.
    started: Instant,
    clock: ProcessorClock,
}

/// Computes one job after another until the end.
pub(super) fn run(compute: &Arc<Compute>, index: usize) {
    // Where it cannot be lowered, hits are slower beside misses, and all else is as before.
    let _ = rustix::process::setpriority_process(None, compute.config.niceness.into());
    while let Some(mut taken) = compute.take(index) {
        let outcome = compute.compute(&mut taken);
        compute.finish(index, taken, outcome);
    }
}

impl Compute {
    /// Waits for a job; none at the end.
    fn take(&self, index: usize) -> Option<Taken> {
        let mut state = self.lock();
        loop {
            if state.lifecycle == Lifecycle::Stopped {
                return None;
            }
            if let Some(queued) = state.queue.pop_front() {
                return Some(self.begin(&mut state, index, queued));
            }
            let given_up = state.spares.take_idle(Instant::now());
            if !given_up.is_empty() {
                drop(state);
                drop(given_up);
                state = self.lock();
                continue;
            }
            state = match state.spares.until_idle(Instant::now()) {
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(idle) => self.wake.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    fn begin(&self, state: &mut State, index: usize, queued: Queued) -> Taken {
        state.load.queued -= 1;
        let share = self.policy.threads_for_next(&state.load);
        state.load.running += 1;
        let started = Instant::now();
        if let Some(since) = state.busy_since.get_mut(index) {
            *since = Some(started);
        }
        let Queued { job, work, since } = queued;
        let spare = state.spares.take(share);
        let (waited, clock) = (started - since, ProcessorClock::start());
        Taken { job, work, waited, threads: share, spare, started, clock }
    }

    fn compute(&self, taken: &mut Taken) -> Outcome {
        let Taken { job, waited, threads, spare, started, .. } = taken;
        self.metrics.waited(*waited);
        let deadline = self.config.deadline;
        let control = Control {
            threads: *threads,
            cancelled: Some(job.flight.cancelled()),
            // From its admission: those who join later have no longer.
            deadline: Some(*started - *waited + deadline),
            yielding: Yielding::Regularly,
        };
        let extract = AssertUnwindSafe(|| {
            let new = || Spare { extractor: self.new_extractor(), threads: *threads };
            let Spare { extractor, .. } = spare.get_or_insert_with(new);
            let Job { image, params, .. } = job;
            extractor.extract_hashed(image.bytes(), image.sha256(), params, &self.config.limits, &control)
        });
        let extracted = panic::catch_unwind(extract);
        if extracted.is_err() || job.pixels > LARGEST_KEPT_SCRATCH {
            // After a panic, its scratch memory may be in any state.
            *spare = None;
        }
        let Extraction { features, mut stages } =
            extracted.map_err(|_| Error::Fault)?.map_err(|error| match error {
                ExtractError::DeadlineExceeded => Error::DeadlineExceeded { deadline },
                error => error.into(),
            })?;
        let started = Instant::now();
        let stored = Bytes::from(features.to_siftd().map_err(|_| Error::Fault)?);
        let kept = self.tiers.insert(job.key, stored.clone());
        stages.add(Stage::CacheSet, started.elapsed());
        let pixels = u64::from(features.width) * u64::from(features.height);
        self.metrics.computed(pixels, features.keypoints.len(), &stages);
        stages.add(Stage::Queue, *waited);
        self.metrics.stage(Stage::Queue, *waited);
        Ok(Computed { stored, kept, stages })
    }

    fn finish(&self, index: usize, taken: Taken, outcome: Outcome) {
        let Taken { job, work, threads, spare, started, clock, .. } = taken;
        let Job { key, pixels, flight, image, .. } = job;
        // Its memory goes back before anyone is let in for it.
        drop(image);
        let took = started.elapsed();
        let used = clock.elapsed().unwrap_or(took);
        self.metrics.processors_used(used, outcome.is_ok());
        let mut state = self.lock();
        state.done.busy += took * threads.get() as u32;
        if outcome.is_ok() {
            // As one thread would take: no less than it took several, and no less than they worked.
            state.load.pace.measured(work, took.max(used));
            state.done.images += 1;
            state.done.computing += used;
        }
        if let Some(spare) = spare {
            state.spares.put(spare, Instant::now());
        }
        state.load.running -= 1;
        state.load.pixels -= pixels;
        state.load.works.remove(work);
        if let Some(since) = state.busy_since.get_mut(index) {
            *since = None;
        }
        self.tell(&state);
        drop(state);
        self.flights.land(&key, &flight, outcome);
    }

    fn new_extractor(&self) -> Extractor {
        self.config.instruction_set.map_or_else(Extractor::new, Extractor::with_instruction_set)
    }
}
