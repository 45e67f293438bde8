//! One load from its beginning to its report.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::acquaint::acquaint;
use crate::clock::Clock;
use crate::config::{Config, Traffic};
use crate::corpus::Corpus;
use crate::error::LoadError;
use crate::generator::Job;
use crate::measure::Measured;
use crate::progress::{Phase, Progress};
use crate::report::Report;
use crate::request::Requests;
use crate::target::Target;
use crate::threads::{Parts, Threads};

/// How long threads take to begin.
const LEAD: Duration = Duration::from_millis(20);

/// What sets the variants of one load apart from those of all others.
pub(crate) fn new_variants() -> Result<u64, LoadError> {
    Ok(SysRng.try_next_u64().map_err(io::Error::from)?)
}

/// Makes a load and measures it. `stop` ends it early, with a report of what was measured until then. `observe` is told some
/// times a second how it goes.
///
/// # Errors
/// [`LoadError`]: what was asked for cannot be, or the service cannot be reached or refuses the pictures. Requests that
/// fail later are part of the report.
pub fn run(
    target: &Target,
    config: &Config,
    corpus: &Corpus,
    stop: &CancellationToken,
    observe: &mut dyn FnMut(&Progress),
) -> Result<Report, LoadError> {
    run_about(new_variants()?, target, config, corpus, stop, observe)
}

/// As [`run`], about these variants.
pub(crate) fn run_about(
    variants: u64,
    target: &Target,
    config: &Config,
    corpus: &Corpus,
    stop: &CancellationToken,
    observe: &mut dyn FnMut(&Progress),
) -> Result<Report, LoadError> {
    config.validate()?;
    let config = with_work_for_every_thread(config);
    observe(&Progress::new(Phase::Acquaintance, Duration::ZERO));
    let (target, requests) = prepare(variants, target, &config, corpus, stop)?;
    let clock = Clock::new(Instant::now() + LEAD, config.warm_up);
    let url = target.url().to_owned();
    let job = Arc::new(Job { target, config: config.clone(), requests, clock });
    let mut threads = Threads::start(&job)?;
    let watched = threads.watch(stop, observe);
    let all_ended = threads.finish(stop, observe)?;
    if watched.time.is_zero() {
        return Err(LoadError::Interrupted(job.clock.start.elapsed()));
    }
    let parts = Parts::of(config.duration);
    let count = watched.time.as_nanos().div_ceil(parts.moment.as_nanos()) as usize;
    let measured = Measured {
        url: &url,
        config: &config,
        corpus,
        started_at: watched.started_at,
        moments: threads.moments(parts.number(watched.from), count),
        moment: parts.moment,
        time: watched.time,
        interrupted: watched.interrupted || !all_ended,
        cpu: watched.cpu,
    };
    Ok(measured.report())
}

/// A closed loop has no more threads than clients.
fn with_work_for_every_thread(config: &Config) -> Config {
    let threads = match config.traffic {
        Traffic::Open { .. } => config.threads,
        Traffic::Closed { clients, .. } => config.threads.min(clients),
    };
    Config { threads, ..config.clone() }
}

/// Connects, and makes pictures known.
fn prepare(
    variants: u64,
    target: &Target,
    config: &Config,
    corpus: &Corpus,
    stop: &CancellationToken,
) -> Result<(Target, Requests), LoadError> {
    let mut target = target.clone();
    let format = config.format.map(|format| format.to_string());
    let mut requests = Requests::new(&target, corpus, config.via, format.as_deref(), variants)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        target.resolve().await?;
        acquaint(&target, config, &mut requests, stop).await
    })?;
    Ok((target, requests))
}
