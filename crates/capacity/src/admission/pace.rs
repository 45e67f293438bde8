use std::time::Duration;

/// How much of the estimate a new measurement replaces.
const WEIGHT: f64 = 0.1;

/// Units below which a work is left out of measurement: what it takes is not proportional to its pixels.
const LEAST_MEASURED: f64 = 10_000.0;

/// Work in units of a pixel with default parameters.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Work(f64);

impl Work {
    /// No work.
    pub const NONE: Self = Self(0.0);

    /// So many units; what is below none or no number is none.
    pub fn units(units: f64) -> Self {
        Self(units.max(0.0))
    }

    /// More of it.
    pub fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    /// Takes away what was added; never below none, whatever rounding left.
    pub fn remove(&mut self, other: Self) {
        self.0 = (self.0 - other.0).max(0.0);
    }
}

/// The time of a unit of work on one thread.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// As measured of late: an exponentially weighted moving average, s.
    seconds_per_unit: f64,
    /// The least that was measured, s, and no more than what is assumed at first: a first measurement may be of a bad moment.
    least_per_unit: Option<f64>,
}

impl Pace {
    /// Before anything was measured: 400 ns, what a slow server core takes.
    pub const UNMEASURED: Self = Self { seconds_per_unit: 400e-9, least_per_unit: None };

    /// Takes a measurement in. Tiny works are left out.
    pub fn measured(&mut self, work: Work, took: Duration) {
        if work.0 >= LEAST_MEASURED {
            let seconds_per_unit = took.as_secs_f64() / work.0;
            self.seconds_per_unit += WEIGHT * (seconds_per_unit - self.seconds_per_unit);
            let least = self.least_per_unit.unwrap_or(Self::UNMEASURED.seconds_per_unit);
            self.least_per_unit = Some(least.min(seconds_per_unit));
        }
    }

    /// What the work takes, shared by this many threads.
    pub fn time(&self, work: Work, threads: usize) -> Duration {
        shared(work.0 * self.seconds_per_unit, threads)
    }

    /// What it takes at least, at the best that was ever measured; nothing before. An hour in which all was slow does not change it.
    pub fn least_time(&self, work: Work, threads: usize) -> Duration {
        shared(work.0 * self.least_per_unit.unwrap_or(0.0), threads)
    }
}

fn shared(seconds: f64, threads: usize) -> Duration {
    Duration::try_from_secs_f64(seconds / threads.max(1) as f64).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_what_is_measured() {
        let mut pace = Pace::UNMEASURED;
        let work = Work::units(1e6);
        assert_eq!(pace.time(work, 2), Duration::from_millis(200));
        for _ in 0..200 {
            pace.measured(work, Duration::from_millis(100));
        }
        assert!(pace.time(work, 1).abs_diff(Duration::from_millis(100)) < Duration::from_micros(1));
        pace.measured(Work::units(10.0), Duration::from_secs(1));
        assert!(pace.time(work, 1) < Duration::from_millis(101), "a tiny image says nothing");
    }

    #[test]
    fn the_least_time_is_that_of_the_best_that_was_measured() {
        let mut pace = Pace::UNMEASURED;
        let work = Work::units(1e6);
        assert_eq!(pace.least_time(work, 1), Duration::ZERO);
        pace.measured(work, Duration::from_secs(60));
        assert_eq!(
            pace.least_time(work, 1),
            Duration::from_millis(400),
            "a first one may be of a bad moment"
        );
        for milliseconds in [300, 100, 60_000] {
            pace.measured(work, Duration::from_millis(milliseconds));
        }
        assert_eq!(pace.least_time(work, 2), Duration::from_millis(50));
        assert!(pace.time(work, 2) > Duration::from_secs(2));
    }
}
