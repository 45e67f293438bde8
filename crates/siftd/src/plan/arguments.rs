use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use capacity::hit_ratio::Zipf;
use capacity::instance::Setup;
use capacity::plan::{Backend, Shared};
use capacity::profile::{Clients, Profile};
use capacity::workload::{Hits, Objective, Workload};
use clap::{ArgGroup, Args, ValueEnum};

use super::instance::ServiceUrl;
use super::load;
use crate::duration;
use crate::error::Error;
use crate::settings::quantity;

/// The profile that stands for the old plan.
const SEED: &str = "seed";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["profile", "from"])))]
pub(crate) struct PlanArguments {
    /// Profile of a machine, from siftd profile; - for standard input; seed for the old plan, checked
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Running service to take the figures from, such as http://127.0.0.1:8000
    #[arg(long, value_name = "URL")]
    from: Option<ServiceUrl>,
    /// Requests a second, mean over a month
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    rate: Option<f64>,
    /// Share of requests that the cache answers, 0 to 1
    #[arg(long, value_name = "H", conflicts_with = "popularity", allow_negative_numbers = true)]
    hit_ratio: Option<f64>,
    /// How unevenly pictures are asked for, as zipf:S, from which the hit ratio is reckoned; with --working-set
    #[arg(long, value_name = "zipf:S", value_parser = exponent, requires = "working_set")]
    popularity: Option<f64>,
    /// Different pictures that are asked for
    #[arg(long, value_name = "N", requires = "popularity")]
    working_set: Option<u64>,
    /// How many times as many requests come at the busiest time
    #[arg(long, value_name = "F", default_value_t = 2.0, allow_negative_numbers = true)]
    peak_factor: f64,
    /// How many times as many requests come at the end of the time that is planned for
    #[arg(long, value_name = "F", default_value_t = 1.0, allow_negative_numbers = true)]
    growth: f64,
    /// Classes of pictures of the profile, or files of theirs, and their shares, as NAME=SHARE; may be repeated [default: all alike]
    #[arg(long, value_name = "NAME=SHARE", value_parser = share)]
    picture_mix: Vec<(String, f64)>,
    /// Time that 99 % of answers keep at the busiest time
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration::parse)]
    p99: Duration,
    /// Share of requests that may be refused at the busiest time
    #[arg(long, value_name = "SHARE", default_value_t = 0.001, allow_negative_numbers = true)]
    refused: f64,
    /// Bytes of an answer with its head
    #[arg(long, value_name = "BYTES", default_value = "1000", value_parser = quantity::bytes_above_0)]
    answer_bytes: u64,
    /// Processors of an instance [default: as measured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// How fast a processor is beside one of the profile's
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = positive)]
    speed: f64,
    /// Images that may wait in an instance
    #[arg(long, value_name = "N")]
    queue_capacity: Option<usize>,
    /// Pixels that may wait or be computed at a time in an instance
    #[arg(long, value_name = "N")]
    pixel_budget: Option<u64>,
    /// Time that a request may take from its admission
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    deadline: Option<Duration>,
    /// Bodies that an instance may hold at a time
    #[arg(long, value_name = "BYTES", value_parser = quantity::bytes_above_0)]
    body_budget: Option<u64>,
    /// Connections that an instance may have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// Memory tier of an instance
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = quantity::bytes_above_0)]
    cache_memory: u64,
    /// How long an answer is kept, s
    #[arg(long, value_name = "SECONDS", default_value_t = 3600.0, value_parser = positive)]
    cache_ttl: f64,
    /// Cache that instances share
    #[arg(long, value_name = "KIND", default_value = "redis")]
    cache: Cache,
    /// What the shared cache may hold, all shards together
    #[arg(long, value_name = "BYTES", default_value = "4GiB", value_parser = quantity::bytes_above_0)]
    cache_capacity: u64,
    /// What one shard of the shared cache may hold
    #[arg(long, value_name = "BYTES", default_value = "4GiB", value_parser = quantity::bytes_above_0)]
    cache_shard: u64,
    /// Operations a second that a shard of the shared cache does
    #[arg(long, value_name = "N", default_value_t = 50_000.0, value_parser = positive)]
    cache_operations: f64,
    /// Where clients run: apart from the service, or beside it, on the same processors
    #[arg(long, value_enum, default_value = "apart")]
    clients: Where,
    /// Simulate the very requests that siftd load sends of this folder in an open loop with --hit-ratio, in place of others
    /// at random: to hold a plan against a run. The profile must be of the same folder
    #[arg(long, value_name = "DIR", conflicts_with = "popularity")]
    pub(super) load_images: Option<PathBuf>,
    /// --duration of that load
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse, requires = "load_images")]
    pub(super) load_duration: Duration,
    /// --seed of that load
    #[arg(long, value_name = "N", default_value_t = 0, requires = "load_images")]
    pub(super) load_seed: u64,
    /// Network of an instance in each direction, bytes a second
    #[arg(long, value_name = "BYTES", default_value = "125MB", value_parser = quantity::bytes_above_0)]
    network: u64,
    /// Prices to be shown beside the examples: a TOML file as docs/capacity.md has it; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) prices: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(super) format: Form,
    /// File to write; standard output if - or left out
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Text,
    Json,
    Markdown,
    Html,
}

/// A cache that instances share, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cache {
    /// Each instance has its own memory alone
    Memory,
    Redis,
    Memcached,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Where {
    Apart,
    Beside,
}

/// Where the figures come from.
pub(super) enum Source {
    Seed,
    File(PathBuf),
    Instance(ServiceUrl),
}

impl PlanArguments {
    pub(super) fn source(&self) -> Result<Source, Error> {
        match (&self.profile, &self.from) {
            (_, Some(service)) => Ok(Source::Instance(service.clone())),
            (Some(path), None) if path.as_os_str() == SEED => Ok(Source::Seed),
            (Some(path), None) => Ok(Source::File(path.clone())),
            (None, None) => Err(Error::PlanLacks("--profile FILE or --from URL")),
        }
    }

    /// Rate and hit ratio, if both are given.
    pub(super) fn asked(&self) -> Result<Option<(f64, f64)>, Error> {
        let Some((rate, ratio)) = self.rate.zip(self.hit_ratio) else { return Ok(None) };
        let workload = Workload::new(rate, Hits::Ratio(ratio));
        workload.validate()?;
        Ok(Some((rate, ratio)))
    }

    pub(super) fn workload(&self) -> Result<Workload, Error> {
        let rate = self.rate.ok_or(Error::PlanLacks("--rate: requests a second"))?;
        let hits = match (self.hit_ratio, self.popularity.zip(self.working_set)) {
            (Some(ratio), _) => Hits::Ratio(ratio),
            (None, Some((exponent, pictures))) => Hits::Popularity(Zipf { exponent, pictures }),
            (None, None) => {
                return Err(Error::PlanLacks("--hit-ratio, or --popularity and --working-set"));
            }
        };
        let &Self { peak_factor, growth, answer_bytes, refused, p99, .. } = self;
        let objective = Objective { p99: p99.as_secs_f64(), refused };
        let mix = self.picture_mix.clone();
        let answer_bytes = answer_bytes as f64;
        let known = self.load_images.as_deref().map(|images| {
            let lacks = Error::PlanLacks("--hit-ratio where the load is known in advance");
            let ratio = self.hit_ratio.ok_or(lacks)?;
            Ok::<_, Error>(load::known(images, ratio, self.load_duration, self.load_seed)?)
        });
        let known = known.transpose()?;
        Ok(Workload {
            rate,
            peak_factor,
            growth,
            hits,
            mix,
            answer_bytes,
            objective,
            known: known.map(Arc::new),
        })
    }

    pub(super) fn setup(&self, profile: &Profile) -> Setup {
        let setup = Setup::of(profile);
        Setup {
            cores: self.threads.unwrap_or(setup.cores),
            speed: self.speed,
            queue_capacity: self.queue_capacity.unwrap_or(setup.queue_capacity),
            pixel_budget: self.pixel_budget.unwrap_or(setup.pixel_budget),
            deadline: self.deadline.unwrap_or(setup.deadline),
            body_budget: self.body_budget.map_or(setup.body_budget, |bytes| bytes as f64),
            max_connections: self.max_connections.map_or(setup.max_connections, f64::from),
            memory_tier_bytes: self.cache_memory as f64,
            ttl: self.cache_ttl,
            network_bytes_per_second: self.network as f64,
            clients: match self.clients {
                Where::Apart => Clients::Apart,
                Where::Beside => Clients::Beside,
            },
            ..setup
        }
    }

    pub(super) fn shared(&self) -> Option<Shared> {
        let backend = match self.cache {
            Cache::Memory => return None,
            Cache::Redis => Backend::Redis,
            Cache::Memcached => Backend::Memcached,
            Cache::Postgres => Backend::Postgres,
        };
        let capacity_bytes = self.cache_capacity as f64;
        let shard_bytes = self.cache_shard as f64;
        Some(Shared { backend, capacity_bytes, shard_bytes, operations_per_second: self.cache_operations })
    }
}

fn positive(text: &str) -> Result<f64, &'static str> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
    value.ok_or("must be a number above 0")
}

fn exponent(text: &str) -> Result<f64, &'static str> {
    let exponent = text.strip_prefix("zipf:").and_then(|text| text.parse().ok());
    exponent.ok_or("must be zipf: and an exponent, such as zipf:0.8")
}

fn share(text: &str) -> Result<(String, f64), &'static str> {
    let parts = text.rsplit_once('=').and_then(|(name, share)| Some((name.to_owned(), share.parse().ok()?)));
    parts.ok_or("must be the name of a class of pictures, = and its share, such as small=3")
}
