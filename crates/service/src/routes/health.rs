use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Document, Problem};

/// The state of the instance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: Status,
    /// Always `siftd`.
    service: &'static str,
    version: &'static str,
    /// Whether features can be computed.
    feature_detector_ready: bool,
    /// Whether the cache's store, if there is one, answered when it was last asked. A lost one makes the instance degraded,
    /// as does one that refused something or had a corrupt value in the last 5 s. It serves on.
    cache_connected: bool,
    uptime_seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Healthy,
    Degraded,
    Unhealthy,
}

/// State of the instance
#[utoipa::path(
    get, path = "/health", tag = "operation",
    responses(
        (status = 200, description = "Healthy, or degraded and still serving", body = Health),
        (status = 503, description = "Unhealthy", body = Health),
    ),
)]
pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    let ready = app.readiness();
    let tiers = app.engine.tiers();
    let cache_connected = tiers.is_store_answering();
    let health = Health {
        status: match (ready, cache_connected && !tiers.is_store_impaired()) {
            (Err(_), _) => Status::Unhealthy,
            (Ok(()), false) => Status::Degraded,
            (Ok(()), true) => Status::Healthy,
        },
        service: "siftd",
        version: env!("CARGO_PKG_VERSION"),
        feature_detector_ready: ready.is_ok(),
        cache_connected,
        uptime_seconds: app.started.elapsed().as_millis() as f64 / 1e3,
    };
    let status = if ready.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

/// Whether a probe found what it asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Probe {
    status: &'static str,
}

/// Whether the process lives
///
/// Never depends on anything else: who gets no answer may restart the process.
#[utoipa::path(
    get, path = "/health/live", tag = "operation",
    responses((status = 200, description = "It does", body = Probe)),
)]
pub(super) async fn live() -> Json<Probe> {
    Json(Probe { status: "alive" })
}

/// Whether requests should be sent here
#[utoipa::path(
    get, path = "/health/ready", tag = "operation",
    responses(
        (status = 200, description = "They should", body = Probe),
        (status = 503, description = "Starting, draining, or compute threads are stuck", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Probe>, Problem> {
    Ok(app.readiness().map(|()| Json(Probe { status: "ready" }))?)
}
