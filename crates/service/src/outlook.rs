//! What this instance can carry, by the models that plans are made with, over its own metrics of the last minute.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use capacity::instance::{Instance, Setup};
use capacity::live::{self, Exposition, Measured};
use capacity::workload::{Hits, Objective, Workload};
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use serde::Serialize;
use serde_json::{Value, json};
use threads::ProcessorClock;
use utoipa::ToSchema;

use crate::telemetry::access_log::{AccessLog, Level};

/// Samples of totals between two outlooks: a minute's.
pub(crate) const EVERY: u32 = 12;

/// What 99 % of answers are to keep, s.
const P99: f64 = 1.0;

/// Share of requests that may be refused.
const REFUSED: f64 = 0.001;

/// Hit ratios that are told beside the measured one.
const RATIOS: [f64; 3] = [0.8, 0.5, 0.2];

/// The latest outlook, and the metrics that the next begins with.
#[derive(Debug)]
pub(crate) struct Outlook {
    state: Mutex<State>,
    /// Processor time of reckoning, which is not that of requests.
    processor_seconds: Counter<f64, AtomicU64>,
}

#[derive(Debug, Default)]
struct State {
    counted: Exposition,
    latest: Option<Carries>,
}

/// What the instance carries, by the models of `siftd plan` over what it measured of the last minute in which it computed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Carries {
    /// Processor time of a request beside computing, mean, ms.
    request_ms: f64,
    /// Processor time of an image, of all threads that work on it, mean, ms.
    compute_ms: f64,
    /// Share of lookups that the cache answered.
    hit_ratio: f64,
    /// Requests a second that the processors can do at that ratio: threads / (request + (1 - hit ratio) x compute).
    requests_per_second_by_processors: f64,
    /// Requests a second at which 99 % of answers come within a second and no more than a thousandth is refused: by
    /// simulation of this instance's admission over its measured times.
    requests_per_second_within_a_second: f64,
    /// Requests a second that the processors can do at other ratios.
    at_hit_ratios: Vec<AtHitRatio>,
}

/// What the processors can do at a hit ratio.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AtHitRatio {
    hit_ratio: f64,
    requests_per_second: f64,
}

impl Outlook {
    /// None yet.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let processor_seconds = Counter::default();
        let help = "Processor time of reckoning what the instance carries";
        registry.register("outlook_cpu_seconds", help, processor_seconds.clone());
        Self { state: Mutex::default(), processor_seconds }
    }

    pub(crate) fn latest(&self) -> Option<Carries> {
        self.lock().latest.clone()
    }

    /// Reckons anew, which takes a processor for some tenths of a second, and logs the outcome. A minute in which nothing was
    /// computed leaves the last outlook as it is.
    pub(crate) fn renew(&self, registry: &Registry, config: &engine::Config, log: &AccessLog) {
        let clock = ProcessorClock::start();
        self.reckon(registry, config, log);
        self.processor_seconds.inc_by(clock.elapsed().unwrap_or_default().as_secs_f64());
    }

    fn reckon(&self, registry: &Registry, config: &engine::Config, log: &AccessLog) {
        let mut encoded = String::new();
        // Writing to a String does not fail.
        if text::encode(&mut encoded, registry).is_err() {
            return;
        }
        let now = Exposition::parse(&encoded);
        let minute = now.since(&std::mem::replace(&mut self.lock().counted, now.clone()));
        let Ok(carries) = Carries::of(&minute, config) else { return };
        log.event(Level::Info, "capacity", &carries.fields());
        self.lock().latest = Some(carries);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carries {
    fn of(minute: &Exposition, config: &engine::Config) -> Result<Self, capacity::Error> {
        let profile = live::profile(minute, "of the last minute", env!("CARGO_PKG_VERSION"))?;
        let hit_ratio = Measured::hit_ratio(minute).unwrap_or(0.0);
        let setup = Setup {
            niceness: config.niceness,
            queue_capacity: config.queue_capacity,
            pixel_budget: config.pixel_budget,
            deadline: config.deadline,
            ..Setup::of(&profile)
        };
        let instance = Instance::new(&profile, setup, &Workload::new(1.0, Hits::Ratio(hit_ratio)))?;
        let objective = Objective { p99: P99, refused: REFUSED };
        let demand = instance.demand(hit_ratio);
        Ok(Self {
            request_ms: rounded(demand.request * 1e3),
            compute_ms: rounded(demand.compute * 1e3),
            hit_ratio: rounded(hit_ratio),
            requests_per_second_by_processors: rounded(instance.bound(hit_ratio)),
            requests_per_second_within_a_second: rounded(instance.greatest_rate(hit_ratio, &objective)),
            at_hit_ratios: RATIOS
                .map(|hit_ratio| AtHitRatio {
                    hit_ratio,
                    requests_per_second: rounded(instance.bound(hit_ratio)),
                })
                .to_vec(),
        })
    }

    fn fields(&self) -> [(&'static str, Value); 5] {
        [
            ("hit_ratio", json!(self.hit_ratio)),
            ("request_ms", json!(self.request_ms)),
            ("compute_ms", json!(self.compute_ms)),
            ("requests_per_second_by_processors", json!(self.requests_per_second_by_processors)),
            ("requests_per_second_within_a_second", json!(self.requests_per_second_within_a_second)),
        ]
    }
}

/// Three decimals: no more was measured.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metrics of 800 hits and 200 misses that took processors 50 ms each, as `/metrics` gives them.
    fn minute() -> String {
        let mut text =
            "siftd_compute_threads 2\nprocess_resident_memory_bytes 5e7\nprocess_cpu_seconds_total 10.2\n\
            siftd_requests_total{route=\"detect\",status=\"200\"} 1000\nsiftd_compute_cpu_seconds_total{outcome=\"computed\"} 10\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"hit\"} 800\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"miss\"} 200\n"
                .to_owned();
        let mut histogram = |name: &str, labels: &str, mean: f64, count: u32| {
            let sum = mean * f64::from(count);
            text += &format!(
                "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}\n\
                 {name}_bucket{{le=\"{mean}\",{labels}}} {count}\n{name}_bucket{{le=\"+Inf\",{labels}}} {count}\n"
            );
        };
        // Two threads, which did it in little more than half of their time.
        histogram("siftd_stage_duration_seconds", "stage=\"denoise\"", 0.03, 200);
        histogram("siftd_stage_duration_seconds", "stage=\"hash\"", 1e-4, 1000);
        histogram("siftd_image_pixels", "", 262_144.0, 200);
        histogram("siftd_image_bytes", "", 150_000.0, 1000);
        histogram("siftd_keypoints", "", 900.0, 200);
        text
    }

    #[test]
    fn what_it_carries_is_told_by_the_models_of_plans() {
        let carries = Carries::of(&Exposition::parse(&minute()), &engine::Config::default()).unwrap();
        assert_eq!((carries.hit_ratio, carries.compute_ms, carries.request_ms), (0.8, 50.0, 0.2));
        let bound = 2.0 / (2e-4 + 0.2 * 0.05);
        assert!((carries.requests_per_second_by_processors - bound).abs() < 1e-3);
        let within = carries.requests_per_second_within_a_second;
        assert!(within > 0.7 * bound && within < bound, "{within} of {bound}");
    }

    #[test]
    fn an_idle_minute_has_no_outlook() {
        let idle = "siftd_compute_threads 2\nprocess_cpu_seconds_total 0.1\n";
        assert!(Carries::of(&Exposition::parse(idle), &engine::Config::default()).is_err());
    }
}
