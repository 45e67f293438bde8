//! What an image costs to compute, before it is computed.

use std::time::Duration;

use extract::{Denoise, Params};

/// Share of non-local means in the time of a pixel with default parameters, the rest being decoding and SIFT. Measured
/// (`bench/records`): 170 of 240 ns with AVX-512.
const DENOISING_SHARE: f64 = 0.7;

/// Pixels of the default search window.
const DEFAULT_SEARCH: f64 = 21.0 * 21.0;

/// How much of the estimate a new measurement replaces.
const WEIGHT: f64 = 0.1;

/// Work in units of a pixel with default parameters. Non-local means grows with the area of its search window.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub(crate) struct Work(f64);

impl Work {
    pub(crate) const NONE: Self = Self(0.0);

    pub(crate) fn of(pixels: u64, params: &Params) -> Self {
        let denoising = match &params.denoise {
            Denoise::None => 0.0,
            Denoise::Nlm(params) => f64::from(params.luma.search_window).powi(2) / DEFAULT_SEARCH,
        };
        Self(pixels as f64 * (DENOISING_SHARE * denoising + (1.0 - DENOISING_SHARE)))
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    /// Takes away what was added; never below none, whatever rounding left.
    pub(crate) fn remove(&mut self, other: Self) {
        self.0 = (self.0 - other.0).max(0.0);
    }
}

/// The time of a unit of work on one thread, as measured of late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    seconds_per_unit: f64,
}

impl Pace {
    /// Before anything was measured: 400 ns, what a slow server core takes.
    pub(crate) const UNMEASURED: Self = Self { seconds_per_unit: 400e-9 };

    /// Takes a measurement in. Tiny works are left out: what they take is not proportional to their pixels.
    pub(crate) fn measured(&mut self, work: Work, took: Duration) {
        if work.0 >= 10_000.0 {
            let seconds_per_unit = took.as_secs_f64() / work.0;
            self.seconds_per_unit += WEIGHT * (seconds_per_unit - self.seconds_per_unit);
        }
    }

    /// What the work takes, shared by this many threads.
    pub(crate) fn time(&self, work: Work, threads: usize) -> Duration {
        let seconds = work.0 * self.seconds_per_unit / threads.max(1) as f64;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_pixels_and_with_the_area_of_the_search_window() {
        let default = Params::default();
        assert_eq!(Work::of(1000, &default), Work(1000.0));
        let raw = Params { denoise: Denoise::None, ..default };
        assert!((Work::of(1000, &raw).0 - 300.0).abs() < 1e-9);
        let mut wide = extract::ParamsBuilder::default();
        wide.set("search_window", "42").unwrap();
        let wide = wide.build().unwrap();
        assert!((Work::of(1000, &wide).0 - 3100.0).abs() < 1e-9);
    }

    #[test]
    fn the_pace_follows_what_is_measured() {
        let mut pace = Pace::UNMEASURED;
        let work = Work(1e6);
        assert_eq!(pace.time(work, 2), Duration::from_millis(200));
        for _ in 0..200 {
            pace.measured(work, Duration::from_millis(100));
        }
        assert!(pace.time(work, 1).abs_diff(Duration::from_millis(100)) < Duration::from_micros(1));
        pace.measured(Work(10.0), Duration::from_secs(1));
        assert!(pace.time(work, 1) < Duration::from_millis(101), "a tiny image says nothing");
    }
}
