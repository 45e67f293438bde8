//! What is short first: each resource with the rate at which it is, how that shows, and what to do.

/// How a resource shows that it is short, and what to do then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symptom {
    /// The resource.
    pub resource: &'static str,
    /// What is seen, in siftd's own metrics.
    pub metric: &'static str,
    /// An alert for it, in `PromQL`.
    pub alert: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// A resource with the rate at which it is used up.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The resource.
    pub symptom: &'static Symptom,
    /// Requests a second of the whole deployment at which it is short; none if no rate does that.
    pub rate: Option<f64>,
    /// How that is reckoned.
    pub formula: &'static str,
}

macro_rules! symptoms {
    ($($name:ident: $resource:literal, $metric:literal, $alert:literal, $remedy:literal;)*) => {
        $(#[doc = $resource] pub const $name: Symptom =
            Symptom { resource: $resource, metric: $metric, alert: $alert, remedy: $remedy };)*
        /// All of them.
        pub const SYMPTOMS: &[&Symptom] = &[$(&$name),*];
    };
}

symptoms! {
    LATENCY: "the objective for latency",
        "siftd_request_duration_seconds: its 99 % quantile is above the objective",
        "histogram_quantile(0.99, sum by (le) (rate(siftd_request_duration_seconds_bucket{route=\"detect\"}[5m]))) > OBJECTIVE",
        "add instances or processors; raise the hit ratio";
    PROCESSORS: "processors",
        "siftd_compute_busy_threads stays at siftd_compute_threads, siftd_compute_queue_depth grows",
        "avg_over_time(siftd_compute_busy_threads[5m]) / siftd_compute_threads > 0.8",
        "add instances or processors; raise the hit ratio by a larger or shared cache, or a longer time to live";
    QUEUE: "places in the queue",
        "siftd_rejected_total{reason=\"queue_full\"} grows",
        "sum(rate(siftd_rejected_total{reason=\"queue_full\"}[5m])) / sum(rate(siftd_requests_total[5m])) > 0.001",
        "add instances; a longer queue only makes waits longer";
    PIXELS: "the pixel budget",
        "siftd_rejected_total{reason=\"pixel_budget\"} grows, siftd_inflight_pixels is near pixel_budget",
        "rate(siftd_rejected_total{reason=\"pixel_budget\"}[5m]) > 0",
        "raise pixel_budget if memory allows, or lower queue_capacity";
    MEMORY_TIER: "room in the memory tier",
        "siftd_cache_evictions_total{tier=\"memory\"} grows",
        "rate(siftd_cache_evictions_total{tier=\"memory\"}[15m]) > 0",
        "raise cache_memory; harmless where a shared tier still has the entries";
    SHARED_TIER: "room in the shared cache",
        "misses of siftd_cache_requests_total grow, the server's own evictions, too",
        "sum(rate(siftd_cache_requests_total{result=\"hit\"}[15m])) / sum(rate(siftd_cache_requests_total[15m])) < PLANNED",
        "add memory or shards; shorten cache_ttl";
    SHARED_OPERATIONS: "operations of the shared cache",
        "siftd_stage_duration_seconds{stage=\"cache_get\"} grows, siftd_cache_errors_total{kind=\"timeout\"}, too",
        "histogram_quantile(0.99, sum by (le) (rate(siftd_stage_duration_seconds_bucket{stage=\"cache_get\"}[5m]))) > 0.01",
        "add shards; raise cache_memory";
    NETWORK: "the network into the instances",
        "siftd_stage_duration_seconds{stage=\"parse\"} grows while siftd_compute_busy_threads is low",
        "sum(rate(siftd_image_bytes_sum[5m])) > 0.8 * BYTES_PER_SECOND",
        "look answers up by hash (GET) before uploading; add instances or bandwidth; a CDN for GET";
    BODIES: "the budget for bodies",
        "siftd_body_bytes_in_flight is near body_budget, siftd_rejected_total{reason=\"body_budget\"} grows",
        "siftd_body_bytes_in_flight > 0.8 * BODY_BUDGET",
        "raise body_budget if memory allows; add instances";
    CONNECTIONS: "connections",
        "siftd_connections is at max_connections",
        "siftd_connections > 0.8 * MAX_CONNECTIONS",
        "raise max_connections and the process' open files (process_max_fds)";
    MEMORY: "memory of an instance",
        "process_resident_memory_bytes is near the machine's",
        "process_resident_memory_bytes > 0.9 * MEMORY_BYTES",
        "lower cache_memory, pixel_budget or threads";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metrics that are named are those that a service gives, as its reference page has them.
    #[test]
    fn each_metric_is_there() {
        let reference = include_str!("../../../docs/metrics.md");
        for symptom in SYMPTOMS {
            for text in [symptom.metric, symptom.alert] {
                for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                    if word.starts_with("siftd_") || word.starts_with("process_") {
                        let name = word.trim_end_matches("_bucket").trim_end_matches("_sum");
                        assert!(reference.contains(&format!("`{name}`")), "{name} of {}", symptom.resource);
                    }
                }
            }
        }
    }
}
