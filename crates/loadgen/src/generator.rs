//! One thread that generates load: its connections, and what is counted of them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime;
use tokio::task::LocalSet;

use crate::clock::Clock;
use crate::config::{Config, Traffic};
use crate::connection::Connection;
use crate::mix::{Draw, random};
use crate::outcome::Outcome;
use crate::request::Requests;
use crate::schedule::Schedule;
use crate::tally::Tally;
use crate::target::Target;
use crate::{closed_loop, open_loop};

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

    fn read_cpu(&self) {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let nanos = time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec);
        self.cpu.store(u64::try_from(nanos).unwrap_or(0), Ordering::Relaxed);
    }
}

/// How often a thread reads its CPU time.
const CPU_INTERVAL: Duration = Duration::from_millis(50);

/// Starts thread `number`; it ends when the job does.
pub(crate) fn start(
    job: Arc<Job>,
    gauges: Arc<Gauges>,
    number: usize,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new().name(format!("load-{number}")).spawn(move || {
        // On a host that computes, too, a thread that wakes late sends late, and takes answers for late.
        threads::shorten_slice();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let abandoned = job.clock.abandoned.clone();
        let local = LocalSet::new();
        let load = local.run_until(async {
            let own = Arc::clone(&gauges);
            tokio::task::spawn_local(async move {
                let mut interval = tokio::time::interval(CPU_INTERVAL);
                loop {
                    interval.tick().await;
                    own.read_cpu();
                }
            });
            let generator = Generator::new(job, Arc::clone(&gauges), number);
            tokio::select! {
                biased;
                () = abandoned.cancelled() => Ok(()),
                made = generator.run() => made,
            }
        });
        let made = runtime.block_on(load);
        gauges.read_cpu();
        made
    })
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
    fn new(job: Arc<Job>, gauges: Arc<Gauges>, number: usize) -> Rc<Self> {
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

    async fn run(self: Rc<Self>) -> io::Result<()> {
        let Config { traffic, seed, threads, .. } = self.job.config;
        match traffic {
            Traffic::Open { rate, arrivals } => {
                // Not the numbers that pictures are drawn by.
                let random = random(seed ^ ARRIVALS, self.number);
                let schedule = Schedule::new(arrivals, rate, random, self.number, threads);
                open_loop::run(self, schedule).await
            }
            Traffic::Closed { clients, on_refusal } => {
                let own = clients / threads + usize::from(self.number < clients % threads);
                closed_loop::run(self, own, on_refusal).await;
                Ok(())
            }
        }
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

/// What sets the random numbers of arrivals apart from those of pictures.
pub(crate) const ARRIVALS: u64 = 0x6172_7269_7661_6c73;
