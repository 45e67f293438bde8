//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use capacity::admission::whole_seconds;
use engine::Engine;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;

use crate::Config;
use crate::api_key::KeyRing;
use crate::outlook::Outlook;
use crate::problem::{ErrorCode, Problem};
use crate::rate_limit::{CallerId, RateLimiter};
use crate::recent::Recent;
use crate::telemetry::access_log::AccessLog;
use crate::telemetry::http_metrics::HttpMetrics;
use crate::telemetry::traces::Traces;
use crate::upload::BodyBudget;

/// What all requests share.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
    pub(crate) metrics: HttpMetrics,
    pub(crate) bodies: Arc<BodyBudget>,
    /// Large answers that may be encoded at a time.
    pub(crate) encoders: Arc<Semaphore>,
    pub(crate) keys: KeyRing,
    pub(crate) limiter: Option<RateLimiter>,
    /// Requests that the limiter refused.
    pub(crate) rate_limited: Counter,
    pub(crate) log: AccessLog,
    pub(crate) traces: Option<Traces>,
    pub(crate) started: Instant,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) recent: Recent,
    pub(crate) outlook: Outlook,
}

/// Where the service is between start and end.
#[derive(Debug, Default)]
pub(crate) struct Lifecycle(AtomicU8);

/// A stage of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Listening, but what it needs to serve is not open yet.
    Starting,
    /// Serving.
    Ready,
    /// About to end: finishes what it has.
    Draining,
}

impl Lifecycle {
    pub(crate) fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }
}

/// Why a service does not take requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReady {
    Starting,
    Draining,
    /// Compute threads have had an image for longer than any can take.
    Stuck,
}

impl From<NotReady> for Problem {
    fn from(reason: NotReady) -> Self {
        let reason = match reason {
            NotReady::Starting => "the service is starting",
            NotReady::Draining => "the service is stopping",
            NotReady::Stuck => "a compute thread has been at one image for longer than any can take",
        };
        Self::new(ErrorCode::ServiceNotReady, reason).retry_after(Duration::from_secs(1))
    }
}

impl App {
    /// Counts a request, or an image of a batch, against its caller's rate.
    pub(crate) fn charge(&self, caller: CallerId) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check(caller, Instant::now()).map_err(|wait| {
            self.rate_limited.inc();
            Problem::new(ErrorCode::RateLimited, "more requests than this caller may make")
                .retry_after(whole_seconds(wait.0))
        })
    }

    /// Whether requests should be sent here.
    pub(crate) fn readiness(&self) -> Result<(), NotReady> {
        match self.lifecycle.phase() {
            Phase::Starting => Err(NotReady::Starting),
            Phase::Draining => Err(NotReady::Draining),
            Phase::Ready if self.engine.load().stuck_threads > 0 => Err(NotReady::Stuck),
            Phase::Ready => Ok(()),
        }
    }
}
