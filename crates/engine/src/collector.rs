//! What is read off an engine when its metrics are asked for.

use std::fmt;
use std::sync::Arc;

use cache::{TierStatistics, Tiers};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::compute::Compute;

/// The compute threads and their queue, as they are when asked.
#[derive(Debug)]
pub(crate) struct ComputeCollector(pub(crate) Arc<Compute>);

impl Collector for ComputeCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = self.0.counts();
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
        gauges(&mut encoder, "cache_bytes", "Bytes that a tier holds.", bytes)?;
        let states = tiers.iter().filter_map(|tier| Some((tier.tier.name(), tier.breaker?.rank().into())));
        let help =
            "Whether a tier is asked: 0 it is (closed), 1 a probe asks it (half open), 2 it is not (open).";
        gauges(&mut encoder, "breaker_state", help, states)
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
