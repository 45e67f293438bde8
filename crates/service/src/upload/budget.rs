use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;

use crate::problem::{BODY_BUDGET, Problem};
use crate::telemetry::http_metrics::Held;

/// Bytes that all bodies together, of requests and of answers with features, may take in memory.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    allowed: u64,
    taken: AtomicU64,
    rejections: Counter,
}

/// Bytes taken from the budget, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<BodyBudget>,
    bytes: u64,
    measured: Held,
}

impl BodyBudget {
    pub(crate) fn new(allowed: u64, rejections: Counter) -> Self {
        Self { allowed, taken: AtomicU64::new(0), rejections }
    }

    /// Bytes that may be taken.
    pub(crate) fn allowed(&self) -> u64 {
        self.allowed
    }

    /// Bytes that are taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether there is room for a body that states its length, before any of it is read.
    pub(crate) fn has_room_for(&self, bytes: u64) -> Result<(), Problem> {
        if self.taken().saturating_add(bytes) > self.allowed { Err(self.full()) } else { Ok(()) }
    }

    /// A share of nothing yet, which is measured as it grows.
    pub(crate) fn share(self: &Arc<Self>, measured: Held) -> Share {
        Share { budget: Arc::clone(self), bytes: 0, measured }
    }

    fn full(&self) -> Problem {
        self.rejections.inc();
        let detail =
            format!("all uploads and answers together take the {} bytes that they may", self.allowed);
        Problem::overloaded(detail, BODY_BUDGET).retry_after(std::time::Duration::from_secs(1))
    }
}

impl Share {
    /// Takes more.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), Problem> {
        if self.count(bytes) { Ok(()) } else { Err(self.budget.full()) }
    }

    /// Takes more, whether or not there is room for it, which it tells.
    pub(crate) fn count(&mut self, bytes: u64) -> bool {
        let before = self.budget.taken.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        self.measured.add(bytes);
        before.saturating_add(bytes) <= self.budget.allowed
    }

    /// Gives back what is beyond so many bytes.
    pub(crate) fn keep(&mut self, bytes: u64) {
        let beyond = self.bytes.saturating_sub(bytes);
        self.bytes -= beyond;
        self.measured.give_back(beyond);
        self.budget.taken.fetch_sub(beyond, Ordering::Relaxed);
    }

    /// The bytes that the share was taken for: it is given back with their last clone, by whoever holds that. A client
    /// that is gone is not waited for, but what it sent or was to be sent may still be in memory.
    pub(crate) fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Counted { bytes, _share: self })
    }
}

/// Bytes with their share.
struct Counted {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::telemetry::http_metrics::HttpMetrics;

    fn measured() -> Held {
        HttpMetrics::register(&mut Registry::default(), Counter::default()).body(0)
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Arc::new(BodyBudget::new(100, Counter::default()));
        let mut share = budget.share(measured());
        assert!(share.take(60).is_ok());
        assert!(budget.has_room_for(40).is_ok());
        assert!(budget.has_room_for(41).is_err());
        let mut other = budget.share(measured());
        assert_eq!(other.take(41).unwrap_err().details["reason"], "body_budget");
        drop(other);
        assert_eq!(budget.taken(), 60);
        share.keep(70);
        assert_eq!(budget.taken(), 60);
        share.keep(20);
        assert_eq!(budget.taken(), 20);
        drop(share);
        assert_eq!(budget.taken(), 0);
    }
}
