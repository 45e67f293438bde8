use std::collections::BTreeMap;
use std::time::Duration;

use cache::ErrorKind;
use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest that is told apart. An operation that takes longer counts as this.
const LONGEST_NS: u64 = 60_000_000_000;

/// How long operations took, us.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Mean.
    pub mean_us: f64,
    /// Half of them took no longer.
    pub p50_us: f64,
    /// 90 % of them took no longer.
    pub p90_us: f64,
    /// 99 % of them took no longer.
    pub p99_us: f64,
    /// The longest.
    pub max_us: f64,
}

/// What came of some operations.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Of those that did what they should.
    times: Histogram<u64>,
    /// Reads of what was no longer there.
    pub(crate) misses: u64,
    /// By their kind.
    pub(crate) errors: BTreeMap<&'static str, u64>,
}

/// What came of one operation that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// What was asked for.
    Well,
    /// Nothing was there.
    Missed,
}

impl Tally {
    pub(crate) fn new() -> Option<Self> {
        // It fails for bounds and digits that cannot be; these can.
        let times = Histogram::new_with_bounds(1, LONGEST_NS, 3).ok()?;
        Some(Self { times, misses: 0, errors: BTreeMap::new() })
    }

    pub(crate) fn record(&mut self, outcome: Result<Done, ErrorKind>, took: Duration) {
        match outcome {
            Ok(Done::Well) => {
                self.times.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            Ok(Done::Missed) => self.misses += 1,
            Err(kind) => *self.errors.entry(kind.name()).or_default() += 1,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both have the same bounds.
        let _ = self.times.add(&other.times);
        self.misses += other.misses;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind).or_default() += count;
        }
    }

    /// Operations that did what they should.
    pub(crate) fn done(&self) -> u64 {
        self.times.len()
    }

    /// None where nothing was done.
    pub(crate) fn latency(&self) -> Option<Latency> {
        let us = |ns: u64| ns as f64 / 1e3;
        let at = |share| us(self.times.value_at_quantile(share));
        (self.done() > 0).then(|| Latency {
            mean_us: self.times.mean() / 1e3,
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            max_us: us(self.times.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_done() {
        let mut tally = Tally::new().unwrap();
        for us in 1..=1000 {
            tally.record(Ok(Done::Well), Duration::from_micros(us));
        }
        tally.record(Ok(Done::Missed), Duration::from_secs(9));
        let mut other = Tally::new().unwrap();
        other.record(Err(ErrorKind::Timeout), Duration::from_secs(9));
        other.record(Ok(Done::Well), Duration::from_secs(1000));
        tally.add(&other);
        assert_eq!((tally.done(), tally.misses, tally.errors.values().sum::<u64>()), (1001, 1, 1));
        let latency = tally.latency().unwrap();
        for (found, expected) in [(latency.p50_us, 501.0), (latency.p90_us, 901.0), (latency.p99_us, 991.0)] {
            assert!((found / expected - 1.0).abs() < 0.002, "{found} is not {expected}");
        }
        assert!((latency.max_us / 6e7 - 1.0).abs() < 0.002, "what is too long counts as the longest");
        assert_eq!(Tally::new().unwrap().latency(), None);
    }
}
