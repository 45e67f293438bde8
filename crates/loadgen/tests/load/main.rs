//! Load over real sockets, against a server that does as it is told.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod ending;
mod open;
mod page;
mod requests;
mod search;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use loadgen::{Config, Corpus, LoadError, Mix, OnRefusal, Report, Target, Traffic, run};
use tokio_util::sync::CancellationToken;

use server::Server;

const HIT: &str = "siftd; hit; ttl=3600; detail=memory";
const MISS: &str = "siftd; fwd=miss; stored";

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pictures")
}

fn corpus() -> Corpus {
    Corpus::read(&pictures()).unwrap()
}

fn target(server: &Server) -> Target {
    Target::new(&server.url(), None).unwrap()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One client that comes back at once, for 300 ms, without a warm-up; new pictures only, so that all requests are of the load.
fn brief() -> Config {
    Config {
        traffic: Traffic::Closed { clients: 1, on_refusal: OnRefusal::AtOnce },
        mix: Mix::HitRatio(0.0),
        warm_up: Duration::ZERO,
        duration: millis(300),
        ..Config::default()
    }
}

/// To its end.
fn load(server: &Server, config: &Config) -> Result<Report, LoadError> {
    let report = run(&target(server), config, &corpus(), &CancellationToken::new(), &mut |_| {})?;
    assert!(!report.interrupted);
    Ok(report)
}
