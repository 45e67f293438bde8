//! What an engine measures as it happens, in Prometheus' terms.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use extract::{Stage, StageTimes};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::Refusal;

type Label = [(&'static str, &'static str); 1];

/// From 20 µs, what a lookup takes, to 30 s, the default deadline.
const SECONDS: [f64; 19] = [
    20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 35e-3, 60e-3, 100e-3, 0.2, 0.5,
    1.0, 3.0, 10.0, 30.0,
];
const PIXELS: [f64; 10] = [1e4, 1e5, 3e5, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6];
const BYTES: [f64; 10] = [1e3, 1e4, 3e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 10e6];
const KEYPOINTS: [f64; 11] = [0.0, 10.0, 100.0, 300.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5];

/// Histograms and counters; what can be read off when asked is left to the collectors.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of [`Stage::ALL`].
    stages: [Histogram; Stage::ALL.len()],
    queue_wait: Histogram,
    image_pixels: Histogram,
    image_bytes: Histogram,
    keypoints: Histogram,
    rejected: Family<Label, Counter>,
    /// Of images that were computed, and of those that were not in the end.
    processor_seconds: [Counter<f64, AtomicU64>; 2],
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
        let processor_seconds = Family::<Label, Counter<f64, AtomicU64>>::default();
        let help =
            "Processor time of compute threads and of those that they start, by what became of the image";
        registry.register("compute_cpu_seconds", help, processor_seconds.clone());
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
            processor_seconds: ["computed", "given_up"]
                .map(|outcome| processor_seconds.get_or_create_owned(&[("outcome", outcome)])),
        }
    }

    pub(crate) fn processors_used(&self, time: Duration, computed: bool) {
        let [of_computed, of_others] = &self.processor_seconds;
        if computed { of_computed } else { of_others }.inc_by(time.as_secs_f64());
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
