use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::text;

use crate::app::App;
use crate::problem::{ErrorCode, Problem};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "OpenMetrics", body = String, content_type = "application/openmetrics-text")),
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mut encoded = String::new();
    text::encode(&mut encoded, &app.registry)
        .map_err(|error| Problem::new(ErrorCode::InternalError, error.to_string()))?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], encoded).into_response())
}
