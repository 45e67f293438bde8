//! Listening, serving connections, and coming to an end.

mod connection;
mod head_timer;
mod listener;
mod sending;
mod serving;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Store, StoreError, Tiers};
use engine::Engine;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::api_key::KeyRing;
use crate::app::{App, Lifecycle, Phase};
use crate::outlook::Outlook;
use crate::problem::BODY_BUDGET;
use crate::rate_limit::RateLimiter;
use crate::recent::Recent;
use crate::telemetry::access_log::{AccessLog, Level};
use crate::telemetry::http_metrics::HttpMetrics;
use crate::telemetry::process::ProcessMetrics;
use crate::telemetry::traces::Traces;
use crate::upload::BodyBudget;
use crate::{Config, Error};

use serving::Serving;

/// Why the service refuses requests that the engine would not, in metrics.
const RATE_LIMIT: &str = "rate_limit";

/// How long the last answers may take to be stored, and the last spans to be sent.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// A store that is being opened.
type Opening = Pin<Box<dyn Future<Output = Result<Arc<dyn Store>, StoreError>> + Send>>;

/// A service that listens.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    admin: Option<TcpListener>,
    opening: Option<Opening>,
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
        let outlook = Outlook::register(own);
        let engine = Engine::start(engine, tiers, own)?;
        let limiter = config.rate_limit.map(|limit| RateLimiter::new(limit.per_second, limit.burst));
        let app = App {
            bodies: Arc::new(BodyBudget::new(config.bounds.body_budget, engine.rejections(BODY_BUDGET))),
            encoders: Arc::new(Semaphore::new(engine.config().threads.get())),
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
            outlook,
        };
        Ok(Self { app: Arc::new(app), listener, admin, opening: None })
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

    /// Has a store opened behind the tiers once it runs. Until that is done the service is not ready: probes are answered, and
    /// whoever asks for features is told to come again.
    pub fn with_store(
        self,
        opening: impl Future<Output = Result<Arc<dyn Store>, StoreError>> + Send + 'static,
    ) -> Self {
        Self { opening: Some(Box::pin(opening)), ..self }
    }

    /// Serves until `shutdown`, and then ends as [`Drain`](crate::Drain) says: first it is not ready, and serves on; then
    /// it takes no more connections, and finishes what is under way; what is not finished in time is cut. Returns whether
    /// all was finished.
    ///
    /// # Errors
    /// [`Error::Store`], if it cannot be opened.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<bool, Error> {
        let Self { app, listener, admin, opening } = self;
        if opening.is_none() {
            app.lifecycle.enter(Phase::Ready);
        }
        announce(&app, &listener, admin.as_ref());
        let serving = Serving::begin(&app, listener, admin);
        let mut shutdown = pin!(shutdown);
        let opened = tokio::select! {
            opened = open(&app, opening) => Some(opened),
            () = &mut shutdown => None,
        };
        let finished = match opened {
            Some(Ok(())) => {
                shutdown.await;
                Ok(serving.drain().await)
            }
            None => Ok(serving.drain().await),
            Some(Err(error)) => {
                serving.cut().await;
                Err(Error::Store(error))
            }
        };
        close_telemetry(app).await;
        finished
    }
}

/// Opens the store that there is to be; with it, the service is ready.
async fn open(app: &App, opening: Option<Opening>) -> Result<(), StoreError> {
    if let Some(opening) = opening {
        let store = opening.await?;
        let name = store.name();
        app.engine.tiers().attach(store, &Handle::current());
        app.lifecycle.enter(Phase::Ready);
        app.log.event(Level::Info, "ready", &[("store", json!(name))]);
    }
    Ok(())
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
