//! What the service did of late: totals, taken down every few seconds.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::{Done, Engine, Tier};

/// How often totals are taken down.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// Samples that are kept: a minute's.
const KEPT: usize = 13;

/// Totals of the last minute's moments.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<VecDeque<Totals>>);

/// What was done since the start, at a moment.
#[derive(Debug, Clone, Copy)]
struct Totals {
    at: Instant,
    done: Done,
    hits: u64,
    misses: u64,
}

/// What was done between two moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) length: Duration,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// Images that were computed.
    pub(crate) computed: u64,
    /// Time that compute threads had an image, of all together.
    pub(crate) busy: Duration,
    /// Processor time of the images that were computed.
    pub(crate) computing: Duration,
}

impl Totals {
    fn now(engine: &Engine) -> Self {
        let tiers = engine.tiers().statistics();
        let hits = tiers.iter().map(|tier| tier.hits).sum();
        // A lookup that misses the store has missed memory before.
        let misses = tiers.iter().rfind(|tier| tier.tier != Tier::Memory).or(tiers.first());
        Self { at: Instant::now(), done: engine.done(), hits, misses: misses.map_or(0, |tier| tier.misses) }
    }

    fn since(&self, earlier: &Self) -> Window {
        Window {
            length: self.at - earlier.at,
            hits: self.hits - earlier.hits,
            misses: self.misses - earlier.misses,
            computed: self.done.images - earlier.done.images,
            busy: self.done.busy - earlier.done.busy,
            computing: self.done.computing - earlier.done.computing,
        }
    }
}

impl Recent {
    /// From the oldest moment that is kept to now; from now to now where there is none yet.
    pub(crate) fn window(&self, engine: &Engine) -> Window {
        let oldest = self.lock().front().copied();
        let now = Totals::now(engine);
        now.since(&oldest.unwrap_or(now))
    }

    /// Takes the totals down, every [`INTERVAL`].
    pub(crate) fn take_down(&self, engine: &Engine) {
        let totals = Totals::now(engine);
        let mut kept = self.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(totals);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Totals>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
