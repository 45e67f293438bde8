use std::sync::OnceLock;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::route::Route;

/// Upper bounds in seconds: fine about a hit (fractions of a millisecond) and about a computation (tens of them).
const DURATION_BUCKETS: [f64; 20] = [
    50e-6, 100e-6, 200e-6, 300e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 35e-3, 50e-3, 75e-3, 0.1, 0.2,
    0.5, 1.0, 3.0, 10.0, 30.0,
];

/// Statuses that HTTP knows: 100 to 599.
const STATUSES: usize = 500;
const FIRST_STATUS: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

type Durations = Family<RouteLabels, Histogram, fn() -> Histogram>;

/// Requests and connections as numbers.
#[derive(Debug)]
pub(crate) struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Durations,
    /// The counters of `requests`, by route and status, once each was needed: a request looks none up.
    counters: Box<[OnceLock<Counter>]>,
    /// The histograms of `durations`, by route.
    histograms: [OnceLock<Histogram>; Route::ALL.len()],
    connections: Gauge,
    requests_in_flight: Gauge,
    body_bytes_in_flight: Gauge,
}

impl HttpMetrics {
    /// Adds them to a registry, whose prefix is the service's. `log_lines_dropped` counts the lines that the log left
    /// out.
    pub(crate) fn register(registry: &mut Registry, log_lines_dropped: Counter) -> Self {
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
            counters: std::iter::repeat_with(OnceLock::new).take(Route::ALL.len() * STATUSES).collect(),
            histograms: Default::default(),
            connections: Gauge::default(),
            requests_in_flight: Gauge::default(),
            body_bytes_in_flight: Gauge::default(),
        };
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the end of a request's head until its answer is known, of a batch its last line",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register(
            "requests_in_flight",
            "Requests that are not answered yet",
            metrics.requests_in_flight.clone(),
        );
        registry.register(
            "body_bytes_in_flight",
            "Bytes of bodies in memory, of uploads and of answers with features",
            metrics.body_bytes_in_flight.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Log lines left out, because they were too many or could not be written",
            log_lines_dropped,
        );
        // The main series are there from the start, so that a rate over them has a beginning.
        metrics.with_counter(Route::Detect, StatusCode::OK, |_| ());
        metrics.histogram(Route::Detect);
        metrics
    }

    /// Counts an answered request and what it took.
    pub(crate) fn answered(&self, route: Route, status: StatusCode, duration: Duration) {
        self.with_counter(route, status, |counter| {
            counter.inc();
        });
        self.histogram(route).observe(duration.as_secs_f64());
    }

    /// Lends a counter, which is there from then on: a reference of its own would be counted, too.
    fn with_counter(&self, route: Route, status: StatusCode, act: impl FnOnce(&Counter)) {
        let labels = RequestLabels { route: route.name(), status: status.as_u16() };
        let create = || self.requests.get_or_create_owned(&labels);
        let slot = usize::from(labels.status).checked_sub(FIRST_STATUS).filter(|&slot| slot < STATUSES);
        match slot.and_then(|slot| self.counters.get(route as usize * STATUSES + slot)) {
            Some(counter) => act(counter.get_or_init(create)),
            None => act(&create()),
        }
    }

    fn histogram(&self, route: Route) -> &Histogram {
        let create = || self.durations.get_or_create_owned(&RouteLabels { route: route.name() });
        self.histograms[route as usize].get_or_init(create)
    }

    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn connection(&self) -> Held {
        Held::new(&self.connections, 1)
    }

    /// Counts a request as in flight, until it [has ended](Self::ended).
    pub(crate) fn begun(&self) {
        self.requests_in_flight.inc();
    }

    /// A request is in flight no more.
    pub(crate) fn ended(&self) {
        self.requests_in_flight.dec();
    }

    /// Requests that are not answered yet.
    pub(crate) fn in_flight(&self) -> i64 {
        self.requests_in_flight.get()
    }

    /// Counts bytes of bodies, which the guard can add to, as in memory until it is dropped.
    pub(crate) fn body(&self, bytes: u64) -> Held {
        Held::new(&self.body_bytes_in_flight, bytes)
    }
}

/// A share of a gauge, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    gauge: Gauge,
    amount: i64,
}

impl Held {
    fn new(gauge: &Gauge, amount: u64) -> Self {
        let mut held = Self { gauge: gauge.clone(), amount: 0 };
        held.add(amount);
        held
    }

    /// Takes more.
    pub(crate) fn add(&mut self, amount: u64) {
        let more = i64::try_from(amount).unwrap_or(i64::MAX).min(i64::MAX - self.amount);
        self.amount += more;
        self.gauge.inc_by(more);
    }

    /// Gives some of it back.
    pub(crate) fn give_back(&mut self, amount: u64) {
        let less = i64::try_from(amount).unwrap_or(i64::MAX).min(self.amount);
        self.amount -= less;
        self.gauge.dec_by(less);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.dec_by(self.amount);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    fn registered() -> (Registry, HttpMetrics) {
        let mut registry = Registry::with_prefix("siftd");
        let metrics = HttpMetrics::register(&mut registry, Counter::default());
        (registry, metrics)
    }

    fn encoded(registry: &Registry) -> String {
        let mut encoded = String::new();
        text::encode(&mut encoded, registry).unwrap();
        encoded
    }

    fn assert_has(registry: &Registry, samples: &[&str]) {
        let encoded = encoded(registry);
        for sample in samples {
            assert!(encoded.lines().any(|line| line == *sample), "{sample} is not in\n{encoded}");
        }
    }

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let (registry, metrics) = registered();
        metrics.answered(Route::Get, StatusCode::OK, Duration::from_micros(150));
        metrics.answered(Route::Get, StatusCode::OK, Duration::from_millis(40));
        metrics.answered(Route::Get, StatusCode::NOT_FOUND, Duration::from_secs(60));
        metrics.answered(Route::Other, StatusCode::from_u16(999).unwrap(), Duration::ZERO);
        assert_has(
            &registry,
            &[
                r#"siftd_requests_total{route="detect",status="200"} 0"#,
                r#"siftd_requests_total{route="get",status="200"} 2"#,
                r#"siftd_requests_total{route="get",status="404"} 1"#,
                r#"siftd_requests_total{route="other",status="999"} 1"#,
                r#"siftd_request_duration_seconds_count{route="detect"} 0"#,
                r#"siftd_request_duration_seconds_bucket{le="0.0001",route="get"} 0"#,
                r#"siftd_request_duration_seconds_bucket{le="0.0002",route="get"} 1"#,
                r#"siftd_request_duration_seconds_bucket{le="0.05",route="get"} 2"#,
                r#"siftd_request_duration_seconds_bucket{le="30.0",route="get"} 2"#,
                r#"siftd_request_duration_seconds_count{route="get"} 3"#,
            ],
        );
    }

    #[test]
    fn what_is_held_is_given_back() {
        let (registry, metrics) = registered();
        let connection = metrics.connection();
        metrics.begun();
        let mut body = metrics.body(1000);
        body.add(24);
        assert_has(
            &registry,
            &["siftd_connections 1", "siftd_requests_in_flight 1", "siftd_body_bytes_in_flight 1024"],
        );
        drop((connection, body));
        metrics.ended();
        assert_has(
            &registry,
            &["siftd_connections 0", "siftd_requests_in_flight 0", "siftd_body_bytes_in_flight 0"],
        );
    }

    #[test]
    fn lines_that_the_log_left_out_are_told() {
        let mut registry = Registry::with_prefix("siftd");
        let left_out = Counter::default();
        HttpMetrics::register(&mut registry, left_out.clone());
        left_out.inc_by(7);
        assert_has(&registry, &["siftd_log_lines_dropped_total 7"]);
    }
}
