use std::path::PathBuf;
use std::time::Duration;

use cache::KeyPrefix;
use clap::Args;

use super::subject::Setup;
use crate::duration;
use crate::settings::{CacheUrl, Secret, quantity};

#[derive(Debug, Args)]
#[command(
    after_help = "A server in use comes to no harm but for the load: entries have a prefix of their own (PostgreSQL: the schema \
                        siftd_bench; a disk: the folder cache-bench in the one that is named), take twice --bytes at the most \
                        (a server that is full evicts as much for them), expire after --ttl and are removed at the end; what an interrupted run leaves, the next one removes.\n\n\
                        What survives a crash: a process of siftd that has written marks is killed in every run. For servers, let \
                        --leave-marks write marks, kill siftd and the servers with SIGKILL, start the servers again, and count \
                        with --count-marks and the same --cache; bench/cache does all of it with servers of its own.\n\n\
                        Exit code: 0; 1 if a cache could not be measured (the others are); 2 for wrong usage."
)]
pub(crate) struct CacheBenchArguments {
    /// Cache to measure, as siftd serve takes it; may be repeated. In SIFTD_CACHE, one a line
    #[arg(long, value_name = "URL", required = true, env = "SIFTD_CACHE", hide_env_values = true, value_delimiter = '\n', value_parser = Secret(url))]
    pub(super) cache: Vec<CacheUrl>,
    /// Bytes of values to write, for each of their sizes (16 KB and 150 KB); 1,000 values at the most
    #[arg(long, value_name = "BYTES", default_value = "32MiB", value_parser = bytes)]
    pub(super) bytes: u64,
    /// How long each operation is done with each number of callers
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = window)]
    pub(super) window: Duration,
    /// Numbers of callers at a time to tell latencies for
    #[arg(long, value_name = "N,N", default_value = "1,16", value_delimiter = ',', value_parser = callers)]
    pub(super) callers: Vec<usize>,
    /// Numbers of callers at a time to tell the rate of summaries for
    #[arg(long, value_name = "N,N", default_value = "1,2,4,8,16,32,64", value_delimiter = ',', value_parser = callers)]
    pub(super) scale: Vec<usize>,
    /// What names of entries begin with
    #[arg(long, value_name = "TEXT", default_value = "siftd:bench:")]
    prefix: KeyPrefix,
    /// How long entries are kept that are not removed, and marks for --count-marks
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration::parse)]
    ttl: Duration,
    /// Certificates in PEM that the certificate of a server may be signed by
    #[arg(long, value_name = "FILE", env = "SIFTD_CACHE_CA")]
    cache_ca: Option<PathBuf>,
    /// Marks of 16 KB to write before something is killed
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) marks: u32,
    /// Write marks and nothing else, say which in FILE, and stay until killed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["count_marks", "json", "markdown", "report", "picture"])]
    pub(super) leave_marks: Option<PathBuf>,
    /// Count the marks of FILE first: what survived that the servers were killed
    #[arg(long, value_name = "FILE")]
    pub(super) count_marks: Option<PathBuf>,
    /// Write the result as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write the result as Markdown
    #[arg(long, value_name = "FILE.md")]
    pub(super) markdown: Option<PathBuf>,
    /// Write the result as a page that opens without a network
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    /// Write the decision matrix as a picture
    #[arg(long, value_name = "FILE.svg")]
    pub(super) picture: Option<PathBuf>,
}

impl CacheBenchArguments {
    /// How caches are set up for it.
    pub(super) fn setup(&self) -> Setup {
        let Self { prefix, ttl, cache_ca, bytes, .. } = self;
        Setup { bytes: *bytes, ttl: *ttl, prefix: prefix.clone(), authorities: cache_ca.clone() }
    }

    /// Those that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.leave_marks, &self.json, &self.markdown, &self.report, &self.picture].into_iter().flatten()
    }

    /// The same for a process that writes marks for this one, with these caches.
    pub(super) fn of_writer(&self) -> Vec<String> {
        let Self { prefix, ttl, cache_ca, marks, .. } = self;
        let mut arguments = vec![
            format!("--prefix={prefix}"),
            format!("--ttl={}", ttl.as_secs_f64()),
            format!("--marks={marks}"),
        ];
        arguments.extend(cache_ca.iter().map(|path| format!("--cache-ca={}", path.display())));
        arguments
    }
}

fn url(text: &str) -> Result<CacheUrl, String> {
    let url = text.parse().ok().filter(|url| *url != CacheUrl::None);
    url.ok_or_else(|| format!("must be {}", CacheUrl::ALLOWED.trim_end_matches(" or none:")))
}

fn window(text: &str) -> Result<Duration, &'static str> {
    const ALLOWED: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);
    let window = duration::parse(text).ok().filter(|window| ALLOWED.contains(window));
    window.ok_or("must be 1ms to 1h")
}

fn bytes(text: &str) -> Result<u64, &'static str> {
    const ALLOWED: std::ops::RangeInclusive<u64> = cachebench::LARGEST_VALUE as u64..=1 << 36;
    let bytes = quantity::bytes(text).filter(|bytes| ALLOWED.contains(bytes));
    bytes.ok_or("must be 150kB to 64GiB, as a whole number of bytes, kB, MB, GB, KiB, MiB or GiB")
}

fn callers(text: &str) -> Result<usize, &'static str> {
    let callers = text.parse().ok().filter(|callers| (1..=1024).contains(callers));
    callers.ok_or("must be a whole number from 1 to 1024")
}
