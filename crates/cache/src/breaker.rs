use std::time::{Duration, Instant};

/// When a breaker opens, and when it tries again.
///
/// ```
/// let config = cache::BreakerConfig { consecutive: 3, ..Default::default() };
/// assert_eq!(config.longest_backoff.as_secs(), 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerConfig {
    /// Failures in a row that open it. Default 5.
    pub consecutive: u32,
    /// Share of failures that opens it, where there were at least [`least`](Self::least) operations in the last
    /// [`window`](Self::window). Default 0.5.
    pub ratio: f64,
    /// Operations below which the share says nothing. Default 20.
    pub least: u32,
    /// How far back the share looks, to within half of it. Default 10 s.
    pub window: Duration,
    /// How long the first probe waits. Each one that fails doubles it. Default 100 ms.
    pub shortest_backoff: Duration,
    /// How long a probe waits at most, so that an open breaker closes so soon after the store is back. Default 2 s.
    pub longest_backoff: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            consecutive: 5,
            ratio: 0.5,
            least: 20,
            window: Duration::from_secs(10),
            shortest_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_secs(2),
        }
    }
}

impl BreakerConfig {
    /// For a store of several servers, of which the loss of one fails a share of the operations at random. Of three that is a third, with
    /// five in a row every few hundred operations, and half of twenty now and then: so only the share of many opens it.
    ///
    /// ```
    /// assert_eq!(cache::BreakerConfig::of_several_servers().ratio, 0.5);
    /// ```
    pub fn of_several_servers() -> Self {
        Self { consecutive: u32::MAX, least: 100, ..Self::default() }
    }
}

/// Whether a store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// It is.
    Closed,
    /// A probe asks it, and nobody else does.
    HalfOpen,
    /// Nobody asks it, until the next probe.
    Open,
}

impl BreakerState {
    /// The worse of two: of several stores that are one tier, the worst counts.
    pub(crate) fn worse(self, other: Self) -> Self {
        if self.rank() < other.rank() { other } else { self }
    }

    /// As metrics tell it: 0 closed, 1 half open, 2 open.
    ///
    /// ```
    /// assert_eq!(cache::BreakerState::Open.rank(), 2);
    /// ```
    pub fn rank(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// A circuit breaker (Nygard, Release It!): decides by what is reported to it, and by the time it is told.
#[derive(Debug)]
pub(crate) struct Breaker {
    config: BreakerConfig,
    state: State,
    /// How often it opened, or a probe failed, since it last stayed closed for a window.
    attempts: u32,
}

/// Who tells how a store answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reporter {
    /// Whoever wanted something of it.
    Operation,
    /// A probe, which is there to tell.
    Probe,
}

#[derive(Debug)]
enum State {
    Closed { since: Instant, consecutive: u32, window: Window },
    Open { probe_at: Instant },
    HalfOpen,
}

impl Breaker {
    pub(crate) fn new(config: BreakerConfig, now: Instant) -> Self {
        Self { config, state: State::closed(now), attempts: 0 }
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::HalfOpen => BreakerState::HalfOpen,
            State::Open { .. } => BreakerState::Open,
        }
    }

    /// When the next probe is due, where it is open.
    pub(crate) fn probe_at(&self) -> Option<Instant> {
        match self.state {
            State::Open { probe_at } => Some(probe_at),
            _ => None,
        }
    }

    /// A probe begins. Where it is closed, whoever asks goes on meanwhile.
    pub(crate) fn probing(&mut self) {
        if let State::Open { .. } = self.state {
            self.state = State::HalfOpen;
        }
    }

    /// The store answered. What is half open closes only by what a probe says: what others report late tells of the past.
    pub(crate) fn succeeded(&mut self, reporter: Reporter, now: Instant) {
        let Self { config, state, attempts } = self;
        match (state, reporter) {
            (State::Closed { since, consecutive, window }, _) => {
                *consecutive = 0;
                window.count(false, now, config.window);
                if now.saturating_duration_since(*since) >= config.window {
                    *attempts = 0;
                }
            }
            (State::HalfOpen, Reporter::Probe) => self.state = State::closed(now),
            (State::HalfOpen, Reporter::Operation) | (State::Open { .. }, _) => {}
        }
    }

    /// The store did not answer: a probe opens it at once. `jitter`, from 0 to 1, spreads the probes of many processes.
    pub(crate) fn failed(&mut self, reporter: Reporter, now: Instant, jitter: f64) {
        let opens = match (&mut self.state, reporter) {
            (State::Closed { .. } | State::HalfOpen, Reporter::Probe) => true,
            (State::Closed { consecutive, window, .. }, Reporter::Operation) => {
                *consecutive += 1;
                let (failures, all) = window.count(true, now, self.config.window);
                let often =
                    all >= self.config.least && f64::from(failures) >= self.config.ratio * f64::from(all);
                often || *consecutive >= self.config.consecutive
            }
            (State::HalfOpen, Reporter::Operation) | (State::Open { .. }, _) => false,
        };
        if opens {
            self.open(now, jitter);
        }
    }

    fn open(&mut self, now: Instant, jitter: f64) {
        let BreakerConfig { shortest_backoff, longest_backoff, .. } = self.config;
        let doubled = shortest_backoff.saturating_mul(1 << self.attempts.min(20));
        let backoff = doubled.min(longest_backoff).mul_f64(0.75 + 0.25 * jitter.clamp(0.0, 1.0));
        self.attempts += 1;
        self.state = State::Open { probe_at: now + backoff };
    }
}

impl State {
    fn closed(now: Instant) -> Self {
        Self::Closed { since: now, consecutive: 0, window: Window::new(now) }
    }
}

/// Operations and failures in the current half of a window and in the one before.
#[derive(Debug)]
struct Window {
    began: Instant,
    current: (u32, u32),
    before: (u32, u32),
}

impl Window {
    fn new(now: Instant) -> Self {
        Self { began: now, current: (0, 0), before: (0, 0) }
    }

    /// Counts an operation; failures and all operations with it.
    fn count(&mut self, failed: bool, now: Instant, length: Duration) -> (u32, u32) {
        let age = now.saturating_duration_since(self.began);
        if age >= length / 2 {
            self.before = if age < length { self.current } else { (0, 0) };
            self.current = (0, 0);
            self.began = now;
        }
        self.current.0 = self.current.0.saturating_add(u32::from(failed));
        self.current.1 = self.current.1.saturating_add(1);
        (self.before.0.saturating_add(self.current.0), self.before.1.saturating_add(self.current.1))
    }
}

#[cfg(test)]
mod tests;
