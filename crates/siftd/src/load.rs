//! `siftd load`: load for a running service, measured.

mod arguments;
mod output;

use std::io;
use std::thread;

use loadgen::{Corpus, LoadError, Progress, Report, Target};
use tokio::runtime;
use tokio_util::sync::CancellationToken;

pub(crate) use arguments::LoadArguments;
use output::Live;

use crate::outcome::Outcome;

/// Makes the load and tells what was measured. It fails unless all requests were answered or refused in good order; `Err` for
/// what cannot be made.
pub(crate) fn run(arguments: &LoadArguments) -> Result<Outcome, String> {
    match measure(arguments) {
        Ok(report) => {
            output::write(&report, arguments)?;
            Ok(Outcome::done_if(succeeded(&report)))
        }
        Err(LoadError::Interrupted(after)) => {
            eprintln!("siftd: {}", LoadError::Interrupted(after));
            Ok(Outcome::Failed)
        }
        Err(error @ (LoadError::Connect { .. } | LoadError::WarmUp { .. })) => {
            eprintln!("siftd: {error}");
            Ok(Outcome::Failed)
        }
        Err(error) => Err(error.to_string()),
    }
}

fn measure(arguments: &LoadArguments) -> Result<Report, LoadError> {
    let target = Target::new(&arguments.url, arguments.api_key.as_deref())?;
    let config = arguments.config();
    config.validate()?;
    let corpus = Corpus::read(&arguments.images)?;
    let stop = interruption()?;
    let live = Live::new();
    let mut observe = |progress: &Progress| live.show(progress, &config);
    let report = match arguments.objective() {
        Some(objective) => loadgen::find_max(&target, &config, &objective, &corpus, &stop, &mut observe),
        None => loadgen::run(&target, &config, &corpus, &stop, &mut observe),
    };
    live.finish();
    report
}

fn succeeded(report: &Report) -> bool {
    let objective_met = report.search.as_ref().is_none_or(|search| search.rate.is_some());
    report.counts.failed == 0 && report.counts.sent > 0 && objective_met
}

/// Is cancelled by SIGINT or SIGTERM, and ends the process at the second.
fn interruption() -> io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _within = runtime.enter();
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            for _ in 0..2 {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if token.is_cancelled() {
                    std::process::exit(1);
                }
                token.cancel();
            }
        });
    })?;
    Ok(stop)
}
