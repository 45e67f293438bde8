//! The handlers, and the router that they make.

mod batch;
mod capacity;
mod detect;
mod get;
mod health;
mod metrics;
mod openapi;
mod page;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// Where everything is.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (router, api) = with_contract().split_for_parts();
    let api = openapi::complete(&api, &app.config);
    router.merge(openapi::router(&api)).merge(page::router()).with_state(Arc::clone(app))
}

/// Metrics and probes alone.
pub(crate) fn admin_router(app: &Arc<App>) -> Router {
    let (router, _) = probes().split_for_parts();
    router.with_state(Arc::clone(app))
}

fn with_contract() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(detect::detect))
        .routes(routes!(get::get))
        .routes(routes!(batch::batch))
        .routes(routes!(capacity::capacity))
        .merge(probes())
}

fn probes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
}
