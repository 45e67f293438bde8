//! What was measured, as it is told: in JSON by the schema `docs/load.schema.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// Names the form of a [`Report`]; it changes when fields change their meaning or go.
pub const SCHEMA: &str = "siftd-load/1";

/// A measurement.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The form of this document: `siftd-load/1`.
    pub schema: &'static str,
    /// Version of the generator.
    pub version: &'static str,
    /// When measuring began, in seconds since 1970-01-01 UTC.
    pub started_at: f64,
    /// The service, as it was named.
    pub url: String,
    /// What was sent.
    pub load: Load,
    /// Measured time, s. Latencies are of the requests whose intended start lies in it.
    pub measured_seconds: f64,
    /// Whether it was told to end before its time.
    pub interrupted: bool,
    /// Requests, and what became of them.
    pub counts: Counts,
    /// Per second of measured time.
    pub rates: Rates,
    /// Hits in all answers that say whether they are one, 0 to 1.
    pub hit_ratio: Option<f64>,
    /// From the intended start of a request to the last byte of its answer.
    pub latency: Latency,
    /// Failed requests by kind: `no connection`, `no file or port left here`, `connection closed`, `timeout`, `not HTTP`, `status NNN`.
    pub failures: BTreeMap<String, u64>,
    /// Whether the windows of the measurement agree.
    pub stability: Stability,
    /// How it went from moment to moment.
    pub series: Vec<Moment>,
    /// Of the generator itself.
    pub generator: Generator,
    /// What makes the figures doubtful.
    pub warnings: Vec<String>,
    /// With `--find-max`: how the rate was found that this report is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Load {
    /// When requests were sent.
    pub traffic: Traffic,
    /// Which pictures they were about.
    pub mix: Mix,
    /// How they asked: `multipart`, `raw` or `get`.
    pub via: &'static str,
    /// Form of the answers, if not the service's own.
    pub format: Option<String>,
    /// Photographs.
    pub pictures: usize,
    /// Mean of their sizes, bytes.
    pub picture_bytes: f64,
    /// Load before the measured one, s.
    pub warm_up_seconds: f64,
    /// When a request without an answer failed, s.
    pub timeout_seconds: f64,
    /// Of all that is random.
    pub seed: u64,
}

/// When requests were sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "loop", rename_all = "snake_case")]
pub enum Traffic {
    /// At times that do not depend on the answers.
    Open {
        /// Requests a second.
        rate: f64,
        /// `constant` or `poisson`.
        arrivals: &'static str,
    },
    /// When an answer came.
    Closed {
        /// Clients.
        clients: usize,
        /// Whether refused clients stayed away for as long as `Retry-After` says.
        obeys_retry_after: bool,
    },
}

/// Which pictures requests were about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Mix {
    /// A share of pictures that the service knows; all others were new.
    HitRatio {
        /// 0 to 1.
        ratio: f64,
    },
    /// Zipf's law over a working set.
    Popularity {
        /// Of the law.
        exponent: f64,
        /// Pictures in the working set.
        variants: u64,
    },
}

/// Requests whose intended start lies in the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// All of them.
    pub sent: u64,
    /// Answered with features: the sum of hits, misses, coalesced and unlabelled.
    pub answered: u64,
    /// From a cache.
    pub hit: u64,
    /// Computed.
    pub miss: u64,
    /// Computed for an identical request.
    pub coalesced: u64,
    /// Without a `Cache-Status` that tells.
    pub unlabelled: u64,
    /// 429 or 503.
    pub refused: u64,
    /// All else.
    pub failed: u64,
    /// Given up when the measurement was interrupted.
    pub unfinished: u64,
}

/// Per second of measured time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Rates {
    /// Requests that were intended to start.
    pub sent: f64,
    /// Answers with features that came, to whatever requests.
    pub answered: f64,
    /// Refusals that came.
    pub refused: f64,
    /// Failures that came.
    pub failed: f64,
}

/// Latencies by what became of the requests.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Latency {
    /// Answered with features.
    pub answered: Option<Distribution>,
    /// From a cache.
    pub hit: Option<Distribution>,
    /// Computed.
    pub miss: Option<Distribution>,
    /// Computed for an identical request.
    pub coalesced: Option<Distribution>,
    /// Without a `Cache-Status` that tells.
    pub unlabelled: Option<Distribution>,
    /// 429 or 503.
    pub refused: Option<Distribution>,
    /// All else.
    pub failed: Option<Distribution>,
}

/// Of some latencies, in ms, to three digits.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Their mean.
    pub mean_ms: f64,
    /// Their standard deviation.
    pub stdev_ms: f64,
    /// The least.
    pub min_ms: f64,
    /// Half are not longer.
    pub p50_ms: f64,
    /// 90 % are not longer.
    pub p90_ms: f64,
    /// 95 % are not longer.
    pub p95_ms: f64,
    /// 99 % are not longer.
    pub p99_ms: f64,
    /// 99.9 % are not longer.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// The whole curve, denser towards its end: shares (0 to 1) and the latencies that they do not exceed.
    pub curve: Vec<Quantile>,
}

/// A point of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Quantile {
    /// This share of all, 0 to 1,
    pub share: f64,
    /// is not longer than this.
    pub ms: f64,
}

/// Whether the windows of a measurement agree.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Stability {
    /// Three windows, each within the tolerance of their mean in answers a second and in mean latency.
    pub stable: bool,
    /// In parts of the mean.
    pub tolerance: f64,
    /// The largest distance from the mean of answers a second, in parts of it.
    pub rate_spread: Option<f64>,
    /// The same of mean latencies.
    pub latency_spread: Option<f64>,
    /// What was compared.
    pub windows: Vec<Window>,
}

/// A part of the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Window {
    /// Its length.
    pub seconds: f64,
    /// Answers with features that came in it.
    pub answered_per_second: f64,
    /// Of the latencies of those that were to start in it.
    pub mean_ms: Option<f64>,
    /// Half are not longer.
    pub p50_ms: Option<f64>,
    /// 99 % are not longer.
    pub p99_ms: Option<f64>,
}

/// A moment of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Moment {
    /// When it begins, from the start of measuring.
    pub at_seconds: f64,
    /// How long it is.
    pub seconds: f64,
    /// Requests that were to start in it, a second.
    pub sent: f64,
    /// Hits that came in it, a second.
    pub hits: f64,
    /// Misses and coalesced ones that came in it, a second.
    pub misses: f64,
    /// Refusals that came in it, a second.
    pub refused: f64,
    /// Failures that came in it, a second.
    pub failed: f64,
    /// Of answered requests that were to start in it: half are not longer.
    pub p50_ms: Option<f64>,
    /// 99 % are not longer.
    pub p99_ms: Option<f64>,
    /// Of the hits among them, 99 % are not longer.
    pub hit_p99_ms: Option<f64>,
    /// Of those that were computed, 99 % are not longer.
    pub miss_p99_ms: Option<f64>,
}

/// What the generator took, and how punctual it was.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Generator {
    /// Threads.
    pub threads: usize,
    /// CPU time of all of them in the measured time, s.
    pub cpu_seconds: f64,
    /// Share of the measured time that the busiest thread used, 0 to 1.
    pub busiest_thread: f64,
    /// How much later than intended requests were begun; latencies include it.
    pub lag: Option<Distribution>,
    /// Requests that waited for one of the connections that there might be.
    pub waited_for_connection: u64,
}

/// A search for the highest rate that keeps an objective.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Search {
    /// 99 % of the answers are to be no longer than this.
    pub p99_bound_ms: f64,
    /// The result is at most this much below the least rate that was seen to fail, in parts of it.
    pub resolution: f64,
    /// The highest rate that kept it, requests a second; none if no rate did.
    pub rate: Option<f64>,
    /// Whether it was told to end before its time.
    pub interrupted: bool,
    /// What kept a rate from being tried, and so ended the search; none if nothing did.
    pub failed: Option<String>,
    /// What was tried, in turn.
    pub steps: Vec<Step>,
}

/// A rate that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// Requests a second.
    pub rate: f64,
    /// For how long.
    pub seconds: f64,
    /// Answers a second.
    pub answered: f64,
    /// 99 % of the answers were not longer.
    pub p99_ms: Option<f64>,
    /// Why it does not count as kept; none if it does.
    pub broken: Option<String>,
}
