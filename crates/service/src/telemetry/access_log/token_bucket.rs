use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use http::StatusCode;

/// A part of the bucket, one in so many tokens, is kept for what is urgent.
const RESERVED_SHARE: f64 = 10.0;

/// Who asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Leaves the reserve alone.
    Ordinary,
    /// May empty the bucket.
    Urgent,
}

impl Urgency {
    /// The service's own errors come before all else.
    pub(super) fn of(status: StatusCode) -> Self {
        if status.is_server_error() { Self::Urgent } else { Self::Ordinary }
    }
}

/// So many tokens a second, and as many at once after a quiet second.
#[derive(Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(per_second: NonZeroU32, now: Instant) -> Self {
        let per_second = f64::from(per_second.get());
        Self { per_second, tokens: per_second, filled: now }
    }

    /// Takes a token if there is one.
    pub(super) fn take(&mut self, urgency: Urgency, now: Instant) -> bool {
        self.fill(now);
        let reserve = match urgency {
            Urgency::Ordinary => (self.per_second / RESERVED_SHARE).floor(),
            Urgency::Urgent => 0.0,
        };
        let taken = self.tokens >= reserve + 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        taken
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.checked_duration_since(self.filled).unwrap_or(Duration::ZERO);
        self.tokens = passed.as_secs_f64().mul_add(self.per_second, self.tokens).min(self.per_second);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut TokenBucket, urgency: Urgency, now: Instant) -> usize {
        (0..1000).filter(|_| bucket.take(urgency, now)).count()
    }

    #[test]
    fn gives_a_second_at_once_then_the_rate_and_never_more_than_a_second() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(NonZeroU32::new(8).unwrap(), start);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, start), 8);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, start + Duration::from_millis(500)), 4);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, start + Duration::from_secs(60)), 8);
    }

    #[test]
    fn the_urgent_have_a_reserve_within_the_same_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(NonZeroU32::new(100).unwrap(), start);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, start), 90);
        assert_eq!(taken(&mut bucket, Urgency::Urgent, start), 10);
        let later = start + Duration::from_millis(50);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, later), 0, "the reserve is filled first");
        assert_eq!(taken(&mut bucket, Urgency::Urgent, later), 5);
    }

    #[test]
    fn a_moment_that_comes_late_takes_nothing_back() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let mut bucket = TokenBucket::new(NonZeroU32::new(4).unwrap(), start);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, later), 4);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, start), 0);
        assert_eq!(taken(&mut bucket, Urgency::Ordinary, later), 0, "no second is counted twice");
    }
}
