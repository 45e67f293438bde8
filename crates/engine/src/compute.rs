//! The compute threads and the queue before them.

mod spares;
mod worker;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cache::{Key, Tiers};
use capacity::admission::{Load, Policy, Refused, Work};
use extract::Params;
use tokio::sync::watch;

use self::spares::Spares;
pub use self::worker::LARGEST_KEPT_SCRATCH;
use crate::cost;
use crate::flight::{Flight, Flights};
use crate::metrics::Metrics;
use crate::{Config, ConfigError, Error, Image};

/// How much longer than the deadline an image may keep a thread before the thread counts as stuck: kernels stop within
/// milliseconds of the deadline, the slowest decoder within seconds.
const GRACE: Duration = Duration::from_secs(30);

/// How long the engine's end waits for threads to end, and how often it looks.
const JOIN_TIMEOUT: Duration = Duration::from_secs(5);
const JOIN_INTERVAL: Duration = Duration::from_millis(1);

/// An image to compute.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) key: Key,
    pub(crate) image: Image,
    pub(crate) params: Params,
    /// Those that it counts for, by the image's header.
    pub(crate) pixels: u64,
    pub(crate) flight: Arc<Flight>,
}

/// Threads that compute, with the queue before them. Their priority is lower than that of the threads that answer hits.
#[derive(Debug)]
pub(crate) struct Compute {
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) tiers: Arc<Tiers>,
    pub(crate) flights: Arc<Flights>,
    pub(crate) metrics: Metrics,
    state: Mutex<State>,
    /// Something to do: a job, or the end.
    wake: Condvar,
    /// Images that wait or are being computed.
    unfinished: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Queued>,
    load: Load,
    /// Since when each thread has had its image.
    busy_since: Vec<Option<Instant>>,
    spares: Spares,
    /// What was done since the start.
    done: Done,
    lifecycle: Lifecycle,
}

/// How many images there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) queued: usize,
    pub(crate) running: usize,
    /// Pixels of both.
    pub(crate) pixels: u64,
}

/// What the threads did since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Images that were computed.
    pub images: u64,
    /// Time that threads had an image, those that joined in included.
    pub busy: Duration,
    /// Processor time of the images that were computed, of all threads.
    pub computing: Duration,
}

#[derive(Debug)]
struct Queued {
    job: Job,
    work: Work,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifecycle {
    Open,
    /// Finishes what it has.
    Closing,
    /// Threads end.
    Stopped,
}

/// The running threads; they end when it is dropped.
#[derive(Debug)]
pub(crate) struct Threads {
    compute: Arc<Compute>,
    handles: Vec<JoinHandle<()>>,
}

impl Compute {
    pub(crate) fn new(config: Config, tiers: Arc<Tiers>, flights: Arc<Flights>, metrics: Metrics) -> Self {
        let state = State {
            queue: VecDeque::new(),
            load: Load::NONE,
            busy_since: vec![None; config.threads.get()],
            spares: Spares::default(),
            done: Done::default(),
            lifecycle: Lifecycle::Open,
        };
        Self {
            policy: config.admission(),
            config,
            tiers,
            flights,
            metrics,
            state: Mutex::new(state),
            wake: Condvar::new(),
            unfinished: watch::Sender::new(0),
        }
    }

    /// Puts a job into the queue, or says why not.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Error> {
        let mut state = self.lock();
        if state.lifecycle != Lifecycle::Open {
            return Err(Error::Closing);
        }
        let work = cost::work(job.pixels, &job.params);
        let mut admitted = self.policy.admit(&state.load, job.pixels, work);
        if admitted.is_err() && state.forget_cancelled() > 0 {
            admitted = self.policy.admit(&state.load, job.pixels, work);
        }
        match admitted {
            Ok(()) => {}
            Err(Refused::Now { reason, retry_after }) => {
                return Err(Error::Overloaded { reason, retry_after });
            }
            Err(Refused::Ever) => return Err(Error::TooLong { deadline: self.config.deadline }),
        }
        state.push(Queued { job, work, since: Instant::now() });
        self.tell(&state);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Takes what nobody waits for any more out of the queue.
    pub(crate) fn forget_cancelled(&self) {
        let mut state = self.lock();
        state.forget_cancelled();
        self.tell(&state);
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        let &Load { queued, running, pixels, .. } = &state.load;
        Counts { queued, running, pixels }
    }

    pub(crate) fn done(&self) -> Done {
        self.lock().done
    }

    pub(crate) fn threads(&self) -> usize {
        self.config.threads.get()
    }

    /// Threads that have had their image for longer than any image can take.
    pub(crate) fn stuck(&self) -> usize {
        let patience = self.config.deadline + GRACE;
        let state = self.lock();
        state.busy_since.iter().flatten().filter(|since| since.elapsed() > patience).count()
    }

    /// Refuses what comes from now on, and waits until what is there is done.
    pub(crate) async fn drain(&self) {
        self.lock().lifecycle = Lifecycle::Closing;
        // The sender lives in self: the channel cannot be closed.
        let _ = self.unfinished.subscribe().wait_for(|&unfinished| unfinished == 0).await;
    }

    fn tell(&self, state: &State) {
        self.unfinished.send_replace(state.load.queued + state.load.running);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, queued: Queued) {
        self.load.queued += 1;
        self.load.pixels += queued.job.pixels;
        self.load.works.add(queued.work);
        self.queue.push_back(queued);
    }

    /// Takes what nobody waits for any more out of the queue; how many that was.
    fn forget_cancelled(&mut self) -> usize {
        let before = self.queue.len();
        let Self { queue, load, .. } = self;
        queue.retain(|queued| {
            let wanted = !queued.job.flight.is_cancelled();
            if !wanted {
                load.queued -= 1;
                load.pixels -= queued.job.pixels;
                load.works.remove(queued.work);
            }
            wanted
        });
        before - self.queue.len()
    }
}

impl Threads {
    pub(crate) fn start(compute: Arc<Compute>) -> Result<Self, ConfigError> {
        let mut threads = Self { compute, handles: Vec::new() };
        for index in 0..threads.compute.threads() {
            let compute = Arc::clone(&threads.compute);
            let spawned = thread::Builder::new()
                .name(format!("compute-{index}"))
                .spawn(move || worker::run(&compute, index));
            threads.handles.push(spawned.map_err(|error| ConfigError::Thread(error.to_string()))?);
        }
        Ok(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut state = self.compute.lock();
        state.lifecycle = Lifecycle::Stopped;
        state.queue.clear();
        drop(state);
        self.compute.flights.cancel_all();
        self.compute.wake.notify_all();
        // They end within some rows. One that is stuck ends with the process.
        let end = Instant::now() + JOIN_TIMEOUT;
        while Instant::now() < end && !self.handles.iter().all(JoinHandle::is_finished) {
            thread::sleep(JOIN_INTERVAL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn a_thread_that_has_had_its_image_for_longer_than_any_can_take_is_stuck() {
        let config = Config { threads: NonZeroUsize::new(2).unwrap(), ..Config::default() };
        let patience = config.deadline + GRACE;
        let metrics = Metrics::register(&mut Registry::default());
        let compute = Compute::new(config, Arc::new(Tiers::none()), Arc::new(Flights::default()), metrics);
        assert_eq!(compute.stuck(), 0);
        let began = |ago: Duration| Instant::now().checked_sub(ago);
        compute.lock().busy_since = vec![began(patience + Duration::from_secs(1)), began(patience / 2)];
        assert_eq!(compute.stuck(), 1);
    }
}
