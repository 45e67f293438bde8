//! The requests that `siftd load` would send.

use std::path::Path;

use capacity::workload::{KnownLoad, KnownRequest};
use loadgen::{Arrivals, Config, Corpus, Mix, Traffic, preview};

use super::PlanArguments;

/// More than are simulated of one run; what comes after them is drawn anew.
const MOST: usize = 200_000;

/// Those of an open loop with Poisson arrivals and all other settings as they are by default.
pub(super) fn known(images: &Path, arguments: &PlanArguments) -> Result<KnownLoad, String> {
    let ratio = arguments.hit_ratio.ok_or("a load that is known in advance needs --hit-ratio")?;
    let config = Config {
        traffic: Traffic::Open { rate: 1.0, arrivals: Arrivals::Poisson },
        mix: Mix::HitRatio(ratio),
        duration: arguments.load_duration,
        seed: arguments.load_seed,
        ..Config::default()
    };
    let corpus = Corpus::read(images).map_err(|error| error.to_string())?;
    let upcoming = preview(&config, &corpus, MOST).map_err(|error| error.to_string())?;
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
