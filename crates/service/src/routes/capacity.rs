use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use capacity::limits::PROCESSORS;
use capacity::throughput::Demand;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::outlook::{Carries, rounded};
use crate::recent::Window;

/// Utilisation from which waiting grows steeply: at 80 % a random arrival waits for four service times (M/M/1).
const BUSY: f64 = 0.8;

/// What the instance measures of itself and can carry.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Capacity {
    /// What all figures but the queue's are measured over: at most the last minute, s.
    window_seconds: f64,
    compute_threads: usize,
    /// Share of the compute threads' time that they had an image.
    utilisation: f64,
    /// Images that wait for a thread now.
    queue_depth: usize,
    /// Share of lookups that the cache answered; none if there were none.
    hit_ratio: Option<f64>,
    /// Lookups a second.
    requests_per_second: f64,
    /// Processor time of one image, of all threads that work on it, mean, ms; none if none was computed.
    compute_ms: Option<f64>,
    /// Misses that the threads can compute a second: threads / time for one.
    misses_per_second: Option<f64>,
    /// Requests that can be answered a second at this hit ratio, if nothing but computing bounds them: misses a second /
    /// (1 - hit ratio).
    requests_per_second_by_compute: Option<f64>,
    bottleneck: Bottleneck,
    /// What to do.
    advice: &'static str,
    /// What the instance carries, by the models of `siftd plan`; none before the first minute in which it computed.
    carries: Option<Carries>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Bottleneck {
    /// Nothing is short.
    None,
    /// Compute threads.
    Compute,
}

/// What the instance measures of itself, and can carry
#[utoipa::path(
    get, path = "/api/v1/capacity", tag = "operation",
    responses((status = 200, description = "Figures of the last minute", body = Capacity)),
)]
pub(super) async fn capacity(State(app): State<Arc<App>>) -> Json<Capacity> {
    let window = app.recent.window(&app.engine);
    let load = app.engine.load();
    let carries = app.outlook.latest();
    Json(Capacity { carries, ..Capacity::of(&window, load.threads, load.queued) })
}

impl Capacity {
    fn of(window: &Window, threads: usize, queue_depth: usize) -> Self {
        let seconds = window.length.as_secs_f64().max(1e-3);
        let lookups = window.hits + window.misses;
        let hit_ratio = (lookups > 0).then(|| window.hits as f64 / lookups as f64);
        let compute = (window.computed > 0).then(|| window.computing.as_secs_f64() / window.computed as f64);
        let misses_per_second = compute.map(|seconds| threads as f64 / seconds);
        let by_compute = misses_per_second.zip(hit_ratio).filter(|(_, hit_ratio)| *hit_ratio < 1.0).map(
            |(_, hit_ratio)| {
                Demand { request: 0.0, compute: compute.unwrap_or(0.0) }.bound(hit_ratio, threads as f64)
            },
        );
        // Images that began before the window count whole in it.
        let utilisation = (window.busy.as_secs_f64() / (seconds * threads as f64)).min(1.0);
        let (bottleneck, advice) = if queue_depth > 0 || utilisation >= BUSY {
            (Bottleneck::Compute, PROCESSORS.remedy)
        } else {
            (Bottleneck::None, "nothing is short")
        };
        Self {
            window_seconds: rounded(seconds),
            compute_threads: threads,
            utilisation: rounded(utilisation),
            queue_depth,
            hit_ratio: hit_ratio.map(rounded),
            requests_per_second: rounded(lookups as f64 / seconds),
            compute_ms: compute.map(|seconds| rounded(seconds * 1e3)),
            misses_per_second: misses_per_second.map(rounded),
            requests_per_second_by_compute: by_compute.map(rounded),
            bottleneck,
            advice,
            carries: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WINDOW: Window = Window {
        length: Duration::from_secs(10),
        hits: 80,
        misses: 20,
        computed: 20,
        busy: Duration::from_secs(2),
        computing: Duration::from_secs(1),
    };

    #[test]
    fn rates_follow_from_the_mean_of_times() {
        let capacity = Capacity::of(&WINDOW, 2, 0);
        assert_eq!(capacity.hit_ratio, Some(0.8));
        assert_eq!(capacity.requests_per_second, 10.0);
        assert_eq!(capacity.compute_ms, Some(50.0));
        assert_eq!(capacity.misses_per_second, Some(40.0));
        assert_eq!(capacity.requests_per_second_by_compute, Some(200.0));
        assert_eq!(capacity.utilisation, 0.1);
        assert_eq!(capacity.bottleneck, Bottleneck::None);
        assert_eq!(Capacity::of(&WINDOW, 2, 1).bottleneck, Bottleneck::Compute);
    }

    #[test]
    fn what_was_not_measured_is_not_told() {
        let idle = Window { hits: 0, misses: 0, computed: 0, ..WINDOW };
        let capacity = Capacity::of(&idle, 2, 0);
        assert_eq!((capacity.hit_ratio, capacity.compute_ms), (None, None));
        assert_eq!(capacity.requests_per_second_by_compute, None);
    }
}
