use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cache::{MemoryConfig, Store, StoreError, Tiers};
use service::{Config, Drain, Error, Server};
use tokio::runtime;
use tokio::sync::oneshot;

use super::log::Log;
use super::{Connection, PATIENCE, Request, Response, get};

/// A store that is being opened.
type Opening = Pin<Box<dyn Future<Output = Result<Arc<dyn Store>, StoreError>> + Send>>;

/// What a service is started with.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) engine: engine::Config,
    pub(crate) store: Option<Opening>,
    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    pub(crate) collector: Option<String>,
}

impl Default for Setup {
    /// A free port, one compute thread with all the time that tests may take, and an end that does not wait before it
    /// begins.
    fn default() -> Self {
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            drain: Drain { delay: Duration::ZERO, timeout: PATIENCE },
            ..Config::default()
        };
        let engine =
            engine::Config { threads: NonZeroUsize::MIN, deadline: 5 * PATIENCE, ..Default::default() };
        Self { config, engine, store: None, collector: None }
    }
}

/// A service that runs until it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) log: Log,
    shutdown: Option<oneshot::Sender<()>>,
    /// Ends it at once, if it is told something.
    cut: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<bool, Error>>>,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// With a setup that differs from the default.
    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup);
        let Setup { config, engine, store, collector } = setup;
        let environment =
            move |name: &str| collector.clone().filter(|_| name == "OTEL_EXPORTER_OTLP_ENDPOINT");
        let log = Log::default();
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let tiers = Tiers::memory(MemoryConfig::default());
        let mut server =
            runtime.block_on(Server::bind(config, engine, tiers, log.clone(), environment)).unwrap();
        let (address, admin) = (server.local_address().unwrap(), server.admin_address().unwrap());
        if let Some(store) = store {
            server = server.with_store(store);
        }
        let (shutdown, told) = oneshot::channel();
        let (cut, at_once) = oneshot::channel();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    finished = server.run(async { told.await.unwrap_or_default() }) => finished,
                    Ok(()) = at_once => Ok(false),
                }
            })
        };
        let thread = Some(thread::spawn(run));
        log.wait_for(1, |line| line["message"] == "listening");
        Self { address, admin, log, shutdown: Some(shutdown), cut: Some(cut), thread }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Asks over a connection of its own.
    pub(crate) fn ask(&self, request: &Request) -> Response {
        self.connect().ask(request)
    }

    /// The value of a metric with its labels, as it is scraped.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> f64 {
        metric(&self.scrape(), name)
    }

    pub(crate) fn scrape(&self) -> String {
        String::from_utf8(
            Connection::open(self.admin.unwrap_or(self.address)).ask(&get("/metrics")).ok().body,
        )
        .unwrap()
    }

    /// Scrapes until the metrics are as they should be.
    #[track_caller]
    pub(crate) fn until(&self, names: &[(&str, f64)]) {
        let begin = Instant::now();
        loop {
            let scraped = self.scrape();
            if names.iter().all(|&(name, value)| metric(&scraped, name) == value) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "not {names:?}: {scraped}");
            thread::yield_now();
        }
    }

    /// Waits until it takes requests.
    #[track_caller]
    pub(crate) fn until_ready(&self) {
        let begin = Instant::now();
        while self.ask(&get("/health/ready")).status != 200 {
            assert!(begin.elapsed() < PATIENCE, "it is not ready");
            thread::yield_now();
        }
    }

    /// Tells it to end, and returns at once.
    pub(crate) fn shut_down(&mut self) {
        drop(self.shutdown.take());
    }

    /// Ends it at once.
    pub(crate) fn cut(mut self) {
        self.cut.take().unwrap().send(()).unwrap();
    }

    /// Waits for its end, which it must have been told. Returns whether all was finished.
    pub(crate) fn finished(&mut self) -> bool {
        assert!(self.shutdown.is_none());
        self.ended().unwrap()
    }

    /// Waits for its end, whatever it comes from.
    pub(crate) fn ended(&mut self) -> Result<bool, Error> {
        self.thread.take().unwrap().join().unwrap()
    }
}

#[track_caller]
fn metric(scraped: &str, name: &str) -> f64 {
    let line = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {scraped}")).parse().unwrap()
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shut_down();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(thread::panicking() || ended.is_ok(), "the service panicked");
        }
    }
}
