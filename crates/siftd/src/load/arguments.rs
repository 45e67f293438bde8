use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use extract::OutputFormat;
use loadgen::{Arrivals, Config, Mix, Objective, OnRefusal, Traffic, Via};

use crate::duration;

#[derive(Debug, Args)]
#[command(
    after_help = "Times may have a unit: 500ms, 30s, 2m; without one they are seconds. Exit code: 0; 1 if requests failed \
                        (refusals are none) or an objective was not met; 2 for wrong usage."
)]
#[command(group(ArgGroup::new("traffic").required(true).multiple(true).args(["rate", "concurrency", "find_max"])))]
pub(crate) struct LoadArguments {
    /// The service: http://HOST:PORT/PREFIX?QUERY, prefix and query optional; the query goes with every upload (?denoise=none)
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// Folder of photographs, walked
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Open loop: requests a second, whatever the answers do
    #[arg(long, value_name = "R", conflicts_with = "concurrency")]
    rate: Option<f64>,
    /// Closed loop: clients each of which sends when it has its answer
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    /// Search the highest rate of an open loop that keeps --p99 without refusals and failures; --rate is the first to be tried
    #[arg(long, conflicts_with = "concurrency", requires = "p99")]
    find_max: bool,
    /// Bound of the 99th percentile of latency, with --find-max
    #[arg(long, value_name = "TIME", requires = "find_max", value_parser = duration::parse)]
    p99: Option<Duration>,
    /// How closely the highest rate is sought, in parts of it
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    resolution: f64,
    /// How the requests of an open loop are spread
    #[arg(long, value_enum, default_value_t = ArrivalsArgument::Poisson)]
    arrivals: ArrivalsArgument,
    /// What refused clients of a closed loop do: wait as Retry-After says, or come back at once
    #[arg(long, value_enum, default_value_t = OnRefusalArgument::Wait)]
    on_refusal: OnRefusalArgument,
    /// Share of pictures that the service knows; the others are variants that nobody has sent before
    #[arg(long, value_name = "H", default_value_t = 0.8)]
    hit_ratio: f64,
    /// Popularity in place of a hit ratio: of --variants pictures, that of rank k as often as k^-S
    #[arg(long, value_name = "S", requires = "variants", conflicts_with = "hit_ratio")]
    zipf: Option<f64>,
    /// How many pictures there are, with --zipf
    #[arg(long, value_name = "N", requires = "zipf")]
    variants: Option<u64>,
    /// How to ask: uploads as forms, uploads of the bytes, or GET by SHA-256 for what is known
    #[arg(long, value_enum, default_value_t = ViaArgument::Multipart)]
    via: ViaArgument,
    /// Form of the answers: summary, json, npz, colmap or siftd [default: the service's own]
    #[arg(long)]
    format: Option<OutputFormat>,
    /// Load before the measured one
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration::parse)]
    warm_up: Duration,
    /// Measured time; three windows of it are compared
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    duration: Duration,
    /// Go on until the last three windows agree, for at most N times the duration; they are what is reported
    #[arg(long, value_name = "N", default_value_t = 1)]
    until_stable: u32,
    /// Longest time from the intended start to the end of an answer
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    timeout: Duration,
    /// Connections of an open loop at the most
    #[arg(long, value_name = "N", default_value_t = 1024)]
    connections: usize,
    /// Threads that generate load
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Of all that is random, but for the bytes of variants, which are new in every run
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Key of the service
    #[arg(long, value_name = "KEY", env = "SIFTD_API_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    /// Write the result as a page with plots, that opens without a network
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
    /// Write the result as JSON (docs/load.schema.json); - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArrivalsArgument {
    Constant,
    Poisson,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnRefusalArgument {
    Wait,
    AtOnce,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ViaArgument {
    Multipart,
    Raw,
    Get,
}

impl LoadArguments {
    /// What the highest rate is to keep that is sought, if one is.
    pub(crate) fn objective(&self) -> Option<Objective> {
        let p99 = self.p99.filter(|_| self.find_max)?;
        let from = self.rate.unwrap_or(Objective::default().from);
        Some(Objective { p99, from, arrivals: self.arrivals(), resolution: self.resolution })
    }

    fn arrivals(&self) -> Arrivals {
        match self.arrivals {
            ArrivalsArgument::Constant => Arrivals::Constant,
            ArrivalsArgument::Poisson => Arrivals::Poisson,
        }
    }

    /// As the generator wants them.
    pub(crate) fn config(&self) -> Config {
        let arrivals = self.arrivals();
        let on_refusal = match self.on_refusal {
            OnRefusalArgument::Wait => OnRefusal::Wait,
            OnRefusalArgument::AtOnce => OnRefusal::AtOnce,
        };
        Config {
            traffic: match (self.rate, self.concurrency) {
                (Some(rate), _) => Traffic::Open { rate, arrivals },
                (None, clients) => Traffic::Closed { clients: clients.unwrap_or(1), on_refusal },
            },
            mix: match (self.zipf, self.variants) {
                (Some(exponent), Some(variants)) => Mix::Popularity { exponent, variants },
                _ => Mix::HitRatio(self.hit_ratio),
            },
            via: match self.via {
                ViaArgument::Multipart => Via::Multipart,
                ViaArgument::Raw => Via::Raw,
                ViaArgument::Get => Via::Get,
            },
            format: self.format,
            warm_up: self.warm_up,
            duration: self.duration,
            patience: self.until_stable,
            timeout: self.timeout,
            connections: self.connections,
            threads: self.threads,
            seed: self.seed,
        }
    }
}
