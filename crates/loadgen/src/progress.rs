use std::time::Duration;

/// How a load goes, for a person who waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Of a search: the rate that is tried, requests a second.
    pub rate: Option<f64>,
    /// How long the phase has lasted.
    pub elapsed: Duration,
    /// The last moment that is over, about a second of it.
    pub last: Option<Glimpse>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Pictures are made known to the service.
    Acquaintance,
    /// Load that counts for nothing.
    WarmUp,
    /// Load that counts.
    Measuring,
    /// No more requests are begun; those under way are waited for.
    Draining,
}

/// A moment of a load: per second, and ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glimpse {
    /// Requests that were to start.
    pub sent: f64,
    /// Answers with features.
    pub answered: f64,
    /// Refusals and failures.
    pub unanswered: f64,
    /// Half of the latencies are not longer.
    pub p50_ms: Option<f64>,
    /// 99 % of the latencies are not longer.
    pub p99_ms: Option<f64>,
}

impl Progress {
    pub(crate) fn new(phase: Phase, elapsed: Duration) -> Self {
        Self { phase, rate: None, elapsed, last: None }
    }
}
