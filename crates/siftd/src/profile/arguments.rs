use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;
use crate::params::FeatureArguments;
use crate::settings::{CacheUrl, Secret};

#[derive(Debug, Args)]
#[command(
    after_help = "Takes some four minutes, in which nothing else should run on the machine. Exit code: 0; 1 if something could \
                        not be measured; 2 for wrong usage."
)]
pub(crate) struct ProfileArguments {
    /// Folder of photographs as they are uploaded, walked: their sizes are the sizes that are measured
    #[arg(long, value_name = "DIR")]
    pub(super) images: PathBuf,
    /// Classes of about equal pixels to put photographs into, where there are more of them
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) classes: u16,
    /// Times that a picture of each class is computed with each number of threads
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) samples: u32,
    /// How long each rate is measured
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration::parse)]
    pub(super) window: Duration,
    /// Cache that instances will share, whose lookups are measured, too: redis://, redis-cluster://, redis-sentinel://,
    /// memcached:// or postgres://, as siftd serve takes them
    #[arg(long, value_name = "URL", value_parser = Secret(shared))]
    pub(super) cache: Option<CacheUrl>,
    /// Certificates to trust for it, PEM
    #[arg(long, value_name = "FILE", requires = "cache")]
    pub(super) cache_ca: Option<PathBuf>,
    /// File for the profile; standard output if left out
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) features: FeatureArguments,
}

fn shared(url: &str) -> Result<CacheUrl, &'static str> {
    match url.parse() {
        Ok(url @ CacheUrl::Shared(..)) => Ok(url),
        _ => Err(
            "must be redis://, redis-cluster://, redis-sentinel://, memcached:// or postgres://, with hosts behind it",
        ),
    }
}
