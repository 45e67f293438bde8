//! What every request passes: who asks, whether he may, how it went.

mod cors;
mod received;
mod record;
mod streamed;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Request};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::api_key::AuthError;
use crate::app::App;
use crate::client_address::client_address;
use crate::context::Context;
use crate::problem::{ErrorCode, Problem};
use crate::rate_limit::CallerId;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::upload;

use received::Received;
use record::Record;

/// Scripts, styles and pictures of the pages come from the service itself, and nobody frames them.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The way into the routes.
#[derive(Clone)]
pub(crate) struct Gate {
    app: Arc<App>,
    routes: TowerToHyperService<Router>,
}

impl Gate {
    pub(crate) fn new(app: Arc<App>, routes: Router) -> Self {
        Self { app, routes: TowerToHyperService::new(routes) }
    }

    /// Answers a request of a peer.
    pub(crate) async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response {
        let route = Route::of(request.uri().path());
        let context = Context { id: RequestId::of(request.headers()), started: Instant::now() };
        let client = client_address(peer, request.headers(), &self.app.config.trusted_proxies);
        let record = Record::begin(&self.app, route, &context, client, &request);
        let origin = cors::allowed_origin(&self.app.config.cors_origins, request.headers());

        let mut response = match self.admit(route, client, &request) {
            Err(problem) => {
                let (parts, body) = request.into_parts();
                upload::refuse(&parts.headers, Body::new(body));
                problem.into_response()
            }
            Ok(()) if origin.is_some() && cors::is_preflight(&request) => cors::preflight(),
            Ok(()) => self.route(context.clone(), request, record.received()).await,
        };
        let status = response.status();
        let problem = response.extensions_mut().remove::<Problem>();
        let problem = problem.or_else(|| Problem::of_status(status, &response));
        if let Some(problem) = &problem {
            problem.complete(&mut response, context.id.as_str());
        }
        let headers = response.headers_mut();
        headers.insert(RequestId::HEADER, context.id.header_value());
        protect(headers, route);
        cors::complete(headers, &self.app.config.cors_origins, origin);
        record.end(response, problem.as_ref())
    }

    async fn route(&self, context: Context, mut request: Request<Incoming>, received: &Received) -> Response {
        request.extensions_mut().insert(context);
        match self.routes.call(request.map(|body| received::count(body, received))).await {
            Ok(response) => response,
            Err(never) => {
                let never: Infallible = never;
                match never {}
            }
        }
    }

    /// Whether the caller may ask for this now.
    fn admit(&self, route: Route, client: IpAddr, request: &Request<Incoming>) -> Result<(), Problem> {
        if !route.is_guarded() || cors::is_preflight(request) {
            return Ok(());
        }
        let caller = self.app.keys.check(request.headers()).map_err(|error| {
            let code = match error {
                AuthError::Missing => ErrorCode::Unauthorized,
                AuthError::Wrong => ErrorCode::Forbidden,
            };
            Problem::new(code, error.to_string())
        })?;
        let Some(limiter) = &self.app.limiter else { return Ok(()) };
        limiter.check(CallerId::new(caller, client), Instant::now()).map_err(|wait| {
            let seconds = wait.0.as_secs() + u64::from(wait.0.subsec_nanos() > 0);
            self.app.rate_limited.inc();
            Problem::new(ErrorCode::RateLimited, "more requests than this caller may make")
                .retry_after(std::time::Duration::from_secs(seconds.max(1)))
        })
    }
}

fn protect(headers: &mut HeaderMap, route: Route) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(route, Route::Page | Route::Docs) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}
