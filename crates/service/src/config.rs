use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use extract::ParamsBuilder;

use crate::{ApiKeyHash, TrustedProxy};

/// How a service listens, what it bounds and whom it serves.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Address to listen on. Default 127.0.0.1:8000.
    pub listen: SocketAddr,
    /// Address for metrics and probes alone, without caps. Default: none, they are answered on `listen`.
    pub admin_listen: Option<SocketAddr>,
    /// Parameters of requests that name none; the denoiser's hold for those that ask for it, even if it is not the default. Default:
    /// OpenCV's.
    pub params: ParamsBuilder,
    /// Bounds of connections and bodies.
    pub bounds: Bounds,
    /// How the service ends.
    pub drain: Drain,
    /// Keys of which one must come with every request but probes, metrics and pages. Default: none, everyone is served.
    pub api_keys: Vec<ApiKeyHash>,
    /// How many requests a caller may make. Default: any number.
    pub rate_limit: Option<RateLimit>,
    /// Proxies from which `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Origins whose pages may call the service (CORS), `*` for all. Default: none.
    pub cors_origins: Vec<String>,
    /// The log of requests.
    pub access_log: AccessLog,
}

/// Bounds of connections and bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at a time; more wait to be accepted. Default 1024.
    pub connections: NonZeroUsize,
    /// Time for the head of a request, and for the pause before it. Default 30 s.
    pub header_timeout: Duration,
    /// Time for the body of a request; a batch has it for each image. Default 30 s.
    pub body_timeout: Duration,
    /// Bytes of all bodies in memory at a time, of uploads and of answers with features. Default 268,435,456 (256 MiB).
    pub body_budget: u64,
    /// Images of a batch. Default 1000.
    pub batch_images: NonZeroUsize,
}

/// How the service ends after SIGTERM or SIGINT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// How long it goes on as before, but is not ready, so that balancers turn away. Default 1 s.
    pub delay: Duration,
    /// How long requests may then take to end. Default 30 s.
    pub timeout: Duration,
}

/// Requests that a caller (by key, else by address) may make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// In the long run, requests a second: above 0.
    pub per_second: f64,
    /// At once. Default of the command line: what a second allows, at least 1.
    pub burst: NonZeroU32,
}

/// The log of requests: a line of JSON each, to standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// Whether there is one. Default: yes.
    pub enabled: bool,
    /// Lines a second at most; how many were left out is told. Default 1000.
    pub lines_per_second: NonZeroU32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            admin_listen: None,
            params: ParamsBuilder::default(),
            bounds: Bounds::default(),
            drain: Drain::default(),
            api_keys: Vec::new(),
            rate_limit: None,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            access_log: AccessLog::default(),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: const { NonZeroUsize::new(1024).unwrap() },
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            body_budget: 256 << 20,
            batch_images: const { NonZeroUsize::new(1000).unwrap() },
        }
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self { delay: Duration::from_secs(1), timeout: Duration::from_secs(30) }
    }
}

impl Default for AccessLog {
    fn default() -> Self {
        Self { enabled: true, lines_per_second: const { NonZeroU32::new(1000).unwrap() } }
    }
}
