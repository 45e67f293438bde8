//! `siftd load`: load for a running service, measured.

mod arguments;
mod output;

use std::io;
use std::thread;

use loadgen::report::Search;
use loadgen::{Corpus, LoadError, Progress, Report, Target};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime;
use tokio_util::sync::CancellationToken;

pub(crate) use arguments::LoadArguments;
use output::Live;

use crate::error::Error;
use crate::outcome::Outcome;
use crate::outputs;

/// Makes the load and tells what was measured. It fails unless all requests were answered or refused in good order.
pub(crate) fn run(arguments: &LoadArguments) -> Result<Outcome, Error> {
    for path in arguments.json.iter().chain(&arguments.report) {
        outputs::check_place(path).map_err(Error::Place)?;
    }
    let report = measure(arguments)?;
    output::write(&report, arguments)?;
    Ok(Outcome::done_if(succeeded(&report)))
}

fn measure(arguments: &LoadArguments) -> Result<Report, LoadError> {
    let target = Target::new(&arguments.url, arguments.api_key.as_deref())?;
    let config = arguments.config();
    config.validate()?;
    let corpus = Corpus::read(&arguments.images)?;
    allow_all_files();
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

/// Lets this process have as many files open as it may, as a connection is one: usually it begins with 1024.
fn allow_all_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Where it is not allowed after all, a want of files is told as such.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

fn succeeded(report: &Report) -> bool {
    let found = |search: &Search| search.rate.is_some() && search.failed.is_none();
    let objective_met = report.search.as_ref().is_none_or(found);
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
