//! The requests that `siftd load` would send.

use std::path::Path;
use std::time::Duration;

use capacity::workload::{KnownLoad, KnownRequest};
use loadgen::{Arrivals, Config, Corpus, LoadError, Mix, Traffic, preview};

/// More than are simulated of one run; what comes after them is drawn anew.
const MOST: usize = 200_000;

/// Those of an open loop with Poisson arrivals and all other settings as they are by default.
pub(super) fn known(
    images: &Path,
    hit_ratio: f64,
    duration: Duration,
    seed: u64,
) -> Result<KnownLoad, LoadError> {
    let config = Config {
        traffic: Traffic::Open { rate: 1.0, arrivals: Arrivals::Poisson },
        mix: Mix::HitRatio(hit_ratio),
        duration,
        seed,
        ..Config::default()
    };
    let corpus = Corpus::read(images)?;
    let upcoming = preview(&config, &corpus, MOST)?;
    let requests = upcoming.iter().map(|request| KnownRequest {
        at: request.at.as_secs_f64(),
        picture: request.picture,
        hit: request.known,
    });
    Ok(KnownLoad {
        pictures: corpus.names().map(str::to_owned).collect(),
        requests: requests.collect(),
        warm_up: config.warm_up.as_secs_f64(),
        seconds: config.duration.as_secs_f64(),
    })
}
