//! What an engine measures of itself, in Prometheus' terms.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache::{TierStatistics, Tiers};
use extract::{Stage, StageTimes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::Refusal;
use crate::compute::Compute;

type Label = [(&'static str, &'static str); 1];

/// From 20 µs, what a lookup takes, to 30 s, the default deadline.
const SECONDS: [f64; 19] = [
    20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 35e-3, 60e-3, 100e-3, 0.2, 0.5,
    1.0, 3.0, 10.0, 30.0,
];
const PIXELS: [f64; 10] = [1e4, 1e5, 3e5, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6];
const BYTES: [f64; 10] = [1e3, 1e4, 3e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 10e6];
const KEYPOINTS: [f64; 11] = [0.0, 10.0, 100.0, 300.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5];

/// Histograms and counters; what can be read off when asked is left to the [`Collector`]s.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of [`Stage::ALL`].
    stages: [Histogram; Stage::ALL.len()],
    queue_wait: Histogram,
    image_pixels: Histogram,
    image_bytes: Histogram,
    keypoints: Histogram,
    rejected: Family<Label, Counter>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let stages = Family::<Label, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("stage_duration_seconds", "Time that a stage of a request took", stages.clone());
        let rejected = Family::<Label, Counter>::default();
        registry.register("rejected", "Requests that were refused unanswered, by reason", rejected.clone());
        for reason in Refusal::ALL {
            // It is there from the start, and 0.
            drop(rejected.get_or_create(&[("reason", reason.name())]));
        }
        let mut histogram = |name: &str, help: &str, buckets: &[f64]| {
            let histogram = Histogram::new(buckets.iter().copied());
            registry.register(name, help, histogram.clone());
            histogram
        };
        Self {
            queue_wait: histogram(
                "compute_queue_wait_seconds",
                "Time that an image waited for a compute thread",
                &SECONDS,
            ),
            image_pixels: histogram("image_pixels", "Pixels of images that were computed", &PIXELS),
            image_bytes: histogram("image_bytes", "Bytes of images that were asked for", &BYTES),
            keypoints: histogram("keypoints", "Keypoints of images that were computed", &KEYPOINTS),
            stages: Stage::ALL.map(|stage| stages.get_or_create_owned(&[("stage", stage.name())])),
            rejected,
        }
    }

    pub(crate) fn stage(&self, stage: Stage, took: Duration) {
        if let Some(histogram) = self.stages.get(stage as usize) {
            histogram.observe(took.as_secs_f64());
        }
    }

    pub(crate) fn asked(&self, bytes: usize) {
        self.image_bytes.observe(bytes as f64);
    }

    pub(crate) fn waited(&self, took: Duration) {
        self.queue_wait.observe(took.as_secs_f64());
    }

    pub(crate) fn computed(&self, pixels: u64, keypoints: usize, stages: &StageTimes) {
        self.image_pixels.observe(pixels as f64);
        self.keypoints.observe(keypoints as f64);
        stages.iter().for_each(|(stage, took)| self.stage(stage, took));
    }

    pub(crate) fn rejections(&self, reason: &'static str) -> Counter {
        self.rejected.get_or_create_owned(&[("reason", reason)])
    }
}

/// The compute threads and their queue, as they are when asked.
#[derive(Debug)]
pub(crate) struct ComputeCollector(pub(crate) Arc<Compute>);

impl Collector for ComputeCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = self.0.load();
        let gauges = [
            ("compute_queue_depth", "Images that wait for a compute thread.", load.queued as u64),
            ("compute_busy_threads", "Compute threads that have an image.", load.running as u64),
            ("compute_threads", "Compute threads.", self.0.threads() as u64),
            ("inflight_pixels", "Pixels that wait or are being computed.", load.pixels),
        ];
        for (name, help, value) in gauges {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
        }
        Ok(())
    }
}

/// The cache's tiers, as they are when asked.
#[derive(Debug)]
pub(crate) struct CacheCollector(pub(crate) Arc<Tiers>);

impl Collector for CacheCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let tiers = self.0.statistics();
        self.requests(&mut encoder, &tiers)?;
        let mut metric = encoder.encode_descriptor(
            "cache_errors",
            "Failures of a tier, by kind.",
            None,
            MetricType::Counter,
        )?;
        for TierStatistics { tier, errors, .. } in &tiers {
            for (kind, count) in errors {
                let labels = [("tier", tier.name()), ("kind", kind.name())];
                ConstCounter::new(*count).encode(metric.encode_family(&labels)?)?;
            }
        }
        let mut metric = encoder.encode_descriptor(
            "cache_evictions",
            "Entries that made room.",
            None,
            MetricType::Counter,
        )?;
        for TierStatistics { tier, usage, .. } in &tiers {
            let labels = [("tier", tier.name())];
            ConstCounter::new(usage.evictions).encode(metric.encode_family(&labels)?)?;
        }
        let entries = tiers.iter().map(|tier| (tier.tier.name(), tier.usage.entries));
        gauges(&mut encoder, "cache_entries", "Entries that a tier holds.", entries)?;
        let bytes = tiers.iter().map(|tier| (tier.tier.name(), tier.usage.bytes));
        gauges(&mut encoder, "cache_bytes", "Bytes that a tier holds.", bytes)
    }
}

impl CacheCollector {
    fn requests(&self, encoder: &mut DescriptorEncoder<'_>, tiers: &[TierStatistics]) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(
            "cache_requests",
            "Lookups in a tier, by result.",
            None,
            MetricType::Counter,
        )?;
        for TierStatistics { tier, hits, misses, .. } in tiers {
            for (result, count) in [("hit", hits), ("miss", misses)] {
                let labels = [("tier", tier.name()), ("result", result)];
                ConstCounter::new(*count).encode(metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn gauges(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (&'static str, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (tier, value) in values {
        let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        gauge.encode(metric.encode_family(&[("tier", tier)])?)?;
    }
    Ok(())
}
