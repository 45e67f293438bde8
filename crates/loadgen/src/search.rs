//! The highest rate of an open loop that keeps an objective.

mod bracket;
mod verdict;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{Arrivals, Config, Mix, Traffic, check};
use crate::corpus::Corpus;
use crate::error::LoadError;
use crate::progress::Progress;
use crate::report::{Report, Search, Step};
use crate::run::{new_variants, run_about};
use crate::target::Target;
use bracket::{Bracket, Trial};

/// What a rate must keep, and how closely the highest is sought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// 99 % of the answers are to be no longer than this; nothing may be refused or fail, and answers must keep up with requests.
    pub p99: Duration,
    /// The rate that is tried first, requests a second.
    pub from: f64,
    /// How the requests are spread.
    pub arrivals: Arrivals,
    /// The search ends when the rate found is at most this much below one that broke the objective, in parts of it: 0.005 to
    /// 1. Default 0.05.
    pub resolution: f64,
}

impl Default for Objective {
    fn default() -> Self {
        Self { p99: Duration::from_millis(500), from: 10.0, arrivals: Arrivals::Poisson, resolution: 0.05 }
    }
}

impl Objective {
    /// Checks every range.
    ///
    /// # Errors
    /// [`LoadError::Setting`]
    pub fn validate(&self) -> Result<(), LoadError> {
        let allowed = "at least a millisecond";
        check(self.p99 >= Duration::from_millis(1), "the bound of p99", &self.p99.as_secs_f64(), allowed)?;
        check((0.005..=1.0).contains(&self.resolution), "the resolution", &self.resolution, "0.005 to 1")
    }
}

/// Doubles the rate, each for a third of the configured duration, until the objective is broken; then halves the distance between
/// what was kept and what was broken, each rate for the whole duration; one that a short run broke is tried again in the end.
/// The report is that of the highest rate that kept the objective for the whole duration, or, if none did, of the last that was
/// tried; its `search` tells every step. The traffic of `config` does not matter. With a popularity all rates are about the same
/// pictures, which the cache keeps from one to the next.
///
/// # Errors
/// As those of [`run`](crate::run()), of the first rate. What keeps a later one from being tried ends the search, and is told.
pub fn find_max(
    target: &Target,
    config: &Config,
    objective: &Objective,
    corpus: &Corpus,
    stop: &CancellationToken,
    observe: &mut dyn FnMut(&Progress),
) -> Result<Report, LoadError> {
    objective.validate()?;
    let mut bracket = Bracket::new(objective.from, objective.resolution);
    let mut steps = Vec::new();
    let (mut best, mut last): (Option<Report>, Option<Report>) = (None, None);
    let mut interrupted = false;
    let popular = match config.mix {
        Mix::Popularity { .. } => Some(new_variants()?),
        Mix::HitRatio(_) => None,
    };
    let mut failed = None;
    while let Some(trial) = bracket.next() {
        // The same pictures are asked for in another order, or each rate would find what the one before has asked for.
        let seed = if popular.is_some() { config.seed.wrapping_add(steps.len() as u64) } else { config.seed };
        let tried = Config {
            seed,
            traffic: Traffic::Open { rate: trial.rate, arrivals: objective.arrivals },
            duration: if trial.is_short { config.duration / 3 } else { config.duration },
            ..config.clone()
        };
        let mut observe = |progress: &Progress| observe(&Progress { rate: Some(trial.rate), ..*progress });
        let variants = popular.map_or_else(new_variants, Ok)?;
        let report = match run_about(variants, target, &tried, corpus, stop, &mut observe) {
            Err(LoadError::Interrupted(_)) if best.is_some() || last.is_some() => {
                interrupted = true;
                break;
            }
            Err(error) if best.is_some() || last.is_some() => {
                failed = Some(format!("{} requests/s: {error}", trial.rate));
                break;
            }
            tried => tried?,
        };
        let broken = verdict::broken(&report, objective.p99);
        if report.interrupted {
            interrupted = true;
            last = Some(report);
            break;
        }
        bracket.learn(trial, broken.is_none());
        let kept = broken.is_none() && !trial.is_short;
        steps.push(step(trial, &report, broken));
        *if kept { &mut best } else { &mut last } = Some(report);
    }
    let rate = best.as_ref().map(|_| bracket.kept());
    let mut report = best.or(last).ok_or(LoadError::Interrupted(Duration::ZERO))?;
    report.search = Some(Search {
        p99_bound_ms: objective.p99.as_secs_f64() * 1e3,
        resolution: objective.resolution,
        rate: rate.flatten(),
        interrupted,
        failed,
        steps,
    });
    Ok(report)
}

fn step(trial: Trial, report: &Report, broken: Option<String>) -> Step {
    Step {
        rate: trial.rate,
        seconds: report.measured_seconds,
        answered: report.rates.answered,
        p99_ms: report.latency.answered.as_ref().map(|latency| latency.p99_ms),
        broken,
    }
}
