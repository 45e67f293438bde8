//! One thread's requests: its connections, and what is counted of them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::clock::Clock;
use crate::config::Config;
use crate::connection::Connection;
use crate::mix::Draw;
use crate::outcome::Outcome;
use crate::request::Requests;
use crate::tally::Tally;
use crate::target::Target;

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) config: Config,
    pub(crate) requests: Requests,
    pub(crate) clock: Clock,
}

/// What a thread tells while it runs.
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) tally: Mutex<Tally>,
    /// CPU time of the thread so far, ns.
    cpu: AtomicU64,
}

impl Gauges {
    pub(crate) fn new(span: Duration) -> Self {
        Self { tally: Mutex::new(Tally::new(span)), cpu: AtomicU64::new(0) }
    }

    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed))
    }

    /// By the thread itself.
    pub(crate) fn read_cpu(&self) {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let nanos = time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec);
        self.cpu.store(u64::try_from(nanos).unwrap_or(0), Ordering::Relaxed);
    }
}

/// A request that is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) intended: Instant,
}

/// One thread's load.
#[derive(Debug)]
pub(crate) struct Generator {
    pub(crate) job: Arc<Job>,
    pub(crate) number: usize,
    gauges: Arc<Gauges>,
    draw: RefCell<Draw>,
    pub(crate) idle: RefCell<Vec<Connection>>,
    pub(crate) waiting: RefCell<VecDeque<Arrival>>,
    /// Requests under way.
    pub(crate) busy: Cell<usize>,
}

impl Generator {
    pub(crate) fn new(job: Arc<Job>, gauges: Arc<Gauges>, number: usize) -> Rc<Self> {
        let Config { mix, seed, threads, .. } = job.config;
        let draw = Draw::new(mix, job.requests.pictures(), seed, number, threads);
        Rc::new(Self {
            job,
            number,
            gauges,
            draw: RefCell::new(draw),
            idle: RefCell::default(),
            waiting: RefCell::default(),
            busy: Cell::new(0),
        })
    }

    /// This thread's part of the connections.
    pub(crate) fn most_connections(&self) -> usize {
        let Config { connections, threads, .. } = self.job.config;
        (connections / threads).max(1)
    }

    /// Notes that a request is begun now.
    pub(crate) fn begin(&self, arrival: Arrival, waits: bool) {
        let lag = arrival.intended.elapsed();
        let intended = self.job.clock.measured(arrival.intended);
        self.tally(|tally| tally.begun(intended, lag, waits));
    }

    /// Makes a request that is begun, and notes what becomes of it.
    pub(crate) async fn make(&self, connection: &mut Connection, arrival: Arrival) -> Outcome {
        let Job { target, config, requests, clock } = &*self.job;
        let deadline = arrival.intended + config.timeout;
        let request = requests.about(self.draw.borrow_mut().subject());
        let outcome = connection.exchange(target, request, deadline).await;
        let now = Instant::now();
        let latency = now.saturating_duration_since(arrival.intended);
        let (intended, came) = (clock.measured(arrival.intended), clock.measured(now));
        self.tally(|tally| tally.ended(intended, came, latency, &outcome));
        outcome
    }

    fn tally(&self, note: impl FnOnce(&mut Tally)) {
        note(&mut self.gauges.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
