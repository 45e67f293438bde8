//! Listening, serving connections, and coming to an end.

mod connection;
mod listener;
mod sending;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use cache::Tiers;
use engine::Engine;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api_key::KeyRing;
use crate::app::{App, Lifecycle, Phase};
use crate::gate::Gate;
use crate::problem::BODY_BUDGET;
use crate::rate_limit::RateLimiter;
use crate::recent::{self, Recent};
use crate::routes;
use crate::telemetry::access_log::{AccessLog, Level};
use crate::telemetry::http_metrics::HttpMetrics;
use crate::telemetry::process::ProcessMetrics;
use crate::telemetry::traces::Traces;
use crate::upload::BodyBudget;
use crate::{Config, Error};

use listener::Listener;

/// Why the service refuses requests that the engine would not, in metrics.
const RATE_LIMIT: &str = "rate_limit";

/// How long the last answers may take to be stored, and the last spans to be sent.
const FLUSH_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// A service that listens.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    admin: Option<TcpListener>,
}

impl Server {
    /// Listens and starts the engine. Requests are answered once it [runs](Self::run).
    ///
    /// `log` takes the log's lines; `environment` looks up the `OTEL_*` variables that say whether and where traces go.
    ///
    /// # Errors
    /// [`Error`]: an address that is taken, bounds that contradict each other, no thread to be had.
    pub async fn bind(
        config: Config,
        engine: engine::Config,
        tiers: Tiers,
        log: impl io::Write + Send + 'static,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let (body_budget, max_bytes) = (config.bounds.body_budget, engine.limits.max_bytes);
        if body_budget < max_bytes {
            return Err(Error::BodyBudget { body_budget, max_bytes });
        }
        let listener = bind(config.listen).await?;
        let admin = match config.admin_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let log = AccessLog::start(&config.access_log, log).map_err(Error::Log)?;
        let traces = Traces::from_env(environment)?;
        let mut registry = Registry::default();
        ProcessMetrics::register(&mut registry);
        let own = registry.sub_registry_with_prefix("siftd");
        let metrics = HttpMetrics::register(own, log.left_out());
        let lost = traces.as_ref().map(Traces::lost).unwrap_or_default();
        own.register("spans_lost", "Spans that did not arrive where they were sent", lost);
        let engine = Engine::start(engine, tiers, own)?;
        let limiter = config.rate_limit.map(|limit| RateLimiter::new(limit.per_second, limit.burst));
        let app = App {
            bodies: Arc::new(BodyBudget::new(config.bounds.body_budget, engine.rejections(BODY_BUDGET))),
            encoders: Semaphore::new(engine.config().threads.get()),
            rate_limited: engine.rejections(RATE_LIMIT),
            keys: KeyRing::new(config.api_keys.clone()),
            limiter,
            config,
            engine,
            registry,
            metrics,
            log,
            traces,
            started: Instant::now(),
            lifecycle: Lifecycle::default(),
            recent: Recent::default(),
        };
        Ok(Self { app: Arc::new(app), listener, admin })
    }

    /// Where it listens: the port that the system chose, if the configuration left it open.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where it answers metrics and probes alone, if it does.
    ///
    /// # Errors
    /// What the system says.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        self.admin.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Serves until `shutdown`, and then ends as [`Drain`](crate::Drain) says: first it is not ready, and serves on; then
    /// it takes no more connections, and finishes what is under way; what is not finished in time is cut. Returns whether
    /// all was finished.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> bool {
        let Self { app, listener, admin } = self;
        let (stop, stopped) = watch::channel(false);
        let (stop_admin, admin_stopped) = watch::channel(false);
        let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
        let listener = Listener {
            gate: Gate::new(Arc::clone(&app), routes::router(&app)),
            app: Arc::clone(&app),
            cap: Some(Arc::new(Semaphore::new(app.config.bounds.connections.get()))),
            connections: connections.clone(),
            stopped,
            cut: cut.clone(),
            socket: listener,
        };
        app.lifecycle.enter(Phase::Ready);
        announce(&app, &listener.socket, admin.as_ref());
        connections.spawn(listener.run());
        let probes = TaskTracker::new();
        if let Some(socket) = admin {
            let gate = Gate::new(Arc::clone(&app), routes::admin_router(&app));
            let (app, connections) = (Arc::clone(&app), probes.clone());
            let (stopped, cut) = (admin_stopped, CancellationToken::new());
            probes.spawn(Listener { gate, app, cap: None, connections, stopped, cut, socket }.run());
        }
        let sampling = tokio::spawn(sample(Arc::clone(&app))).abort_handle();

        shutdown.await;
        app.lifecycle.enter(Phase::Draining);
        app.log.event(Level::Info, "draining", &[("requests_in_flight", json!(app.metrics.in_flight()))]);
        time::sleep(app.config.drain.delay).await;
        stop.send_replace(true);
        connections.close();
        let finished = time::timeout(app.config.drain.timeout, async {
            connections.wait().await;
            app.engine.drain().await;
        });
        let finished = finished.await.is_ok();
        cut.cancel();
        connections.wait().await;
        // Also where it took too long: what was computed is not to be lost with that.
        let stored = time::timeout(FLUSH_TIMEOUT, app.engine.tiers().close()).await.is_ok();
        let finished = finished && stored;
        stop_admin.send_replace(true);
        sampling.abort();
        probes.close();
        let level = if finished { Level::Info } else { Level::Warn };
        app.log.event(level, "stopped", &[("finished", json!(finished))]);
        close_telemetry(app).await;
        finished
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

fn announce(app: &App, listener: &TcpListener, admin: Option<&TcpListener>) {
    let address = |socket: &TcpListener| json!(socket.local_addr().map(|address| address.to_string()).ok());
    let mut fields = vec![
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("address", address(listener)),
        ("threads", json!(app.engine.config().threads)),
    ];
    fields.extend(admin.map(|admin| ("admin_address", address(admin))));
    app.log.event(Level::Info, "listening", &fields);
}

/// Sends and writes what is left, which blocks.
async fn close_telemetry(app: Arc<App>) {
    let closing = tokio::task::spawn_blocking(move || {
        if let Some(traces) = &app.traces {
            traces.shutdown(FLUSH_TIMEOUT);
        }
        app.log.close();
    });
    // A panic there has been printed, and there is nothing left to do.
    let _ = closing.await;
}

/// Takes down what was done so far, until it is aborted.
async fn sample(app: Arc<App>) {
    let mut interval = time::interval(recent::INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        app.recent.take_down(&app.engine);
    }
}
