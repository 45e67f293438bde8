use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{BreakerState, ErrorKind, Usage};

/// Where an answer came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tier {
    /// This process's memory.
    Memory,
    /// The store of this name.
    Store(&'static str),
}

impl Tier {
    /// Its name in metrics and in `Cache-Status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Store(name) => name,
        }
    }
}

/// What one tier did since the start, and holds now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TierStatistics {
    /// The tier.
    pub tier: Tier,
    /// Lookups that it answered.
    pub hits: u64,
    /// Lookups that it did not answer, for whatever reason.
    pub misses: u64,
    /// What it holds.
    pub usage: Usage,
    /// What went wrong, each of [`ErrorKind::ALL`] with its count.
    pub errors: Vec<(ErrorKind, u64)>,
    /// Whether it is asked; none for a tier that always is.
    pub breaker: Option<BreakerState>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    errors: [AtomicU64; ErrorKind::ALL.len()],
    /// Whether the last operation got no answer.
    unanswered: AtomicBool,
    /// When an operation was last not answered as it should.
    impaired_at: Mutex<Option<Instant>>,
}

/// How long a single refusal, or a value that was not what was stored, is a matter of the tier's health.
const IMPAIRED_FOR: Duration = Duration::from_secs(5);

impl Counters {
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    /// An operation was answered, whatever the answer.
    pub(crate) fn answered(&self) {
        self.unanswered.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_answering(&self) -> bool {
        !self.unanswered.load(Ordering::Relaxed)
    }

    /// Whether it refused something, or had what nobody stored, in the last [`IMPAIRED_FOR`].
    pub(crate) fn is_impaired(&self) -> bool {
        let impaired_at = *self.impaired_at.lock().unwrap_or_else(PoisonError::into_inner);
        impaired_at.is_some_and(|at| at.elapsed() < IMPAIRED_FOR)
    }

    pub(crate) fn error(&self, kind: ErrorKind) {
        if kind.is_outage() {
            self.unanswered.store(true, Ordering::Relaxed);
        }
        if kind.is_impairment() {
            *self.impaired_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        let counters = ErrorKind::ALL.iter().zip(&self.errors);
        counters.filter(|(counted, _)| **counted == kind).for_each(|(_, counter)| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
    }

    pub(crate) fn statistics(&self, tier: Tier, usage: Usage) -> TierStatistics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TierStatistics {
            tier,
            hits: load(&self.hits),
            misses: load(&self.misses),
            usage,
            errors: ErrorKind::ALL.into_iter().zip(self.errors.iter().map(load)).collect(),
            breaker: None,
        }
    }
}
