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
use axum::extract::Request;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::upload;

/// Where everything is.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (router, api) = with_contract().split_for_parts();
    let api = openapi::complete(&api, &app.config);
    let router = router.merge(openapi::router(&api)).merge(page::router());
    with_fallbacks(router).with_state(Arc::clone(app))
}

/// Metrics and probes alone.
pub(crate) fn admin_router(app: &Arc<App>) -> Router {
    let (router, _) = probes().split_for_parts();
    with_fallbacks(router).with_state(Arc::clone(app))
}

/// What the answers of these say is up to the gate.
fn with_fallbacks(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let refuse = |status: StatusCode| {
        move |request: Request| async move {
            let (parts, body) = request.into_parts();
            upload::refuse(&parts.headers, body);
            status
        }
    };
    router
        .fallback(refuse(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(refuse(StatusCode::METHOD_NOT_ALLOWED))
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
