use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// When load begins, when it begins to be measured, and when it ends.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) start: Instant,
    pub(crate) measured_from: Instant,
    /// From `measured_from`, ns.
    end: AtomicU64,
    /// Nothing more is intended.
    pub(crate) ended: CancellationToken,
    /// Nobody waits for what is under way.
    pub(crate) abandoned: CancellationToken,
}

impl Clock {
    pub(crate) fn new(start: Instant, warm_up: Duration) -> Self {
        let tokens = [(); 2].map(|()| CancellationToken::new());
        let [ended, abandoned] = tokens;
        Self { start, measured_from: start + warm_up, end: AtomicU64::new(u64::MAX), ended, abandoned }
    }

    /// How long it has been measured at an instant; none before it is.
    pub(crate) fn measured(&self, at: Instant) -> Option<Duration> {
        at.checked_duration_since(self.measured_from)
    }

    /// What is intended for later than this is not begun.
    pub(crate) fn end_at(&self, measured: Duration) {
        self.end.store(u64::try_from(measured.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether what is intended for this instant is to be begun, be it late.
    pub(crate) fn takes(&self, intended: Instant) -> bool {
        let end = Duration::from_nanos(self.end.load(Ordering::Relaxed));
        self.measured(intended).is_none_or(|measured| measured < end)
    }
}
