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
use axum::response::IntoResponse;
use http::StatusCode;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::context::{Answered, Context};
use crate::problem::Problem;
use crate::upload;

/// What a listener answers.
#[derive(Clone)]
pub(crate) struct Routes {
    router: TowerToHyperService<Router>,
    /// Where features are served.
    features: Option<Arc<App>>,
}

impl Routes {
    /// Everything.
    pub(crate) fn new(app: &Arc<App>) -> Self {
        let (router, api) = with_contract().split_for_parts();
        let api = openapi::complete(&api, &app.config);
        let router = router.merge(openapi::router(&api)).merge(page::router());
        let router = with_fallbacks(router).with_state(Arc::clone(app));
        Self { router: TowerToHyperService::new(router), features: Some(Arc::clone(app)) }
    }

    /// Metrics and probes alone.
    pub(crate) fn of_probes(app: &Arc<App>) -> Self {
        let (router, _) = probes().split_for_parts();
        let router = with_fallbacks(router).with_state(Arc::clone(app));
        Self { router: TowerToHyperService::new(router), features: None }
    }

    /// Answers a request. The two that make up the traffic don't pass the router, which they are part of for the contract and
    /// for all their other forms: its layers allocate a dozen times for each.
    pub(crate) async fn answer(&self, context: Context, mut request: Request) -> Answered {
        let refused = |problem: Problem| problem.into_response().into();
        if let Some(app) = &self.features {
            if let Some(sha256) = get::asked_for(&request) {
                let (parts, _) = request.into_parts();
                return get::by_sha256(app, sha256, &parts).await.unwrap_or_else(refused);
            }
            if detect::is_asked_for(&request) {
                // Boxed, as it is large and every request's future would be moved with room for it.
                return Box::pin(detect::by_upload(app, &context, request)).await.unwrap_or_else(refused);
            }
        }
        request.extensions_mut().insert(context);
        match Box::pin(self.router.call(request)).await {
            Ok(response) => response.into(),
            Err(never) => match never {},
        }
    }
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
