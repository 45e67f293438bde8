//! What every request passes: who asks, whether he may, how it went.

mod cors;
mod received;
mod record;
mod streamed;

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Request, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::api_key::{AuthError, Caller};
use crate::app::{App, NotReady, Phase};
use crate::client_address::client_address;
use crate::context::{Answered, Context};
use crate::problem::{ErrorCode, Problem};
use crate::rate_limit::CallerId;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::routes::Routes;
use crate::upload;

use record::Record;
use streamed::Streamed;

/// Scripts, styles and pictures of the pages come from the service itself, and nobody frames them.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The way into the routes.
#[derive(Clone)]
pub(crate) struct Gate {
    app: Arc<App>,
    routes: Routes,
}

impl Gate {
    pub(crate) fn new(app: Arc<App>, routes: Routes) -> Self {
        Self { app, routes }
    }

    /// Answers a request of a peer.
    pub(crate) async fn answer(self: &Arc<Self>, peer: IpAddr, request: Request<Incoming>) -> Response {
        let route = Route::of(request.uri().path());
        let client = client_address(peer, request.headers(), &self.app.config.trusted_proxies);
        let caller = CallerId::new(Caller::Anyone, client);
        let mut context = Context { id: RequestId::of(request.headers()), started: Instant::now(), caller };
        let record = Record::begin(&self.app, route, &context, client, &request);
        let origin = cors::allowed_origin(&self.app.config.cors_origins, request.headers());

        let mut answered = match self.admit(route, caller, &request) {
            Err(problem) => {
                let (parts, body) = request.into_parts();
                upload::refuse(&parts.headers, Body::new(body));
                problem.into_response().into()
            }
            Ok(_) if origin.is_some() && cors::is_preflight(&request) => cors::preflight().into(),
            Ok(caller) => {
                context.caller = caller;
                let request = request.map(|body| received::count(body, record.received()));
                let answered = contained(pin!(self.routes.answer(context.clone(), request))).await;
                answered.unwrap_or_else(|code| {
                    Problem::new(code, engine::Error::Fault.to_string()).into_response().into()
                })
            }
        };
        let response = &mut answered.response;
        let status = response.status();
        let problem = response.extensions_mut().remove::<Problem>();
        let problem = problem.or_else(|| Problem::of_status(status, response));
        if let Some(problem) = &problem {
            problem.complete(response, context.id.as_str());
        }
        let headers = response.headers_mut();
        headers.insert(RequestId::HEADER, context.id.header_value());
        protect(headers, route);
        cors::complete(headers, &self.app.config.cors_origins, origin);
        end(record, answered, problem.as_ref())
    }

    /// Whether the caller may ask for this now.
    fn admit(
        &self,
        route: Route,
        caller: CallerId,
        request: &Request<Incoming>,
    ) -> Result<CallerId, Problem> {
        if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
            return Err(Problem::bad_request("a request by HTTP/1.1 must have a header Host"));
        }
        if route.is_of_features() && self.app.lifecycle.phase() == Phase::Starting {
            return Err(NotReady::Starting.into());
        }
        if !route.is_guarded() || cors::is_preflight(request) {
            return Ok(caller);
        }
        let caller = match self.app.keys.check(request.headers()) {
            Ok(Caller::Anyone) => caller,
            Ok(Caller::Key(key)) => CallerId::Key(key),
            Err(error) => {
                // Who guesses keys is held to a rate, too.
                self.app.charge(caller)?;
                let code = match error {
                    AuthError::Missing => ErrorCode::Unauthorized,
                    AuthError::Wrong => ErrorCode::Forbidden,
                };
                return Err(Problem::new(code, error.to_string()));
            }
        };
        self.app.charge(caller)?;
        Ok(caller)
    }
}

/// Ends a record with the answer, or with its body where that is still to come.
fn end(mut record: Record, answered: Answered, problem: Option<&Problem>) -> Response {
    let Answered { response, outcome } = answered;
    let status = response.status();
    if let Some(bytes) = response.body().size_hint().exact() {
        record.finish(status, &outcome, bytes, problem.map(|problem| problem.code.name()));
        return response;
    }
    response.map(|body| Body::new(Streamed { body, record, status, outcome, bytes: 0 }))
}

/// What a future gives, or that it panicked, which has been printed.
fn contained<F: Future>(mut future: Pin<&mut F>) -> impl Future<Output = Result<F::Output, ErrorCode>> {
    poll_fn(move |context: &mut TaskContext<'_>| {
        let polled = panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or(Poll::Ready(Err(ErrorCode::InternalError)), |polled| polled.map(Ok))
    })
}

fn protect(headers: &mut HeaderMap, route: Route) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(route, Route::Page | Route::Docs) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}
