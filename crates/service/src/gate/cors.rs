//! Cross-origin requests (Fetch Standard, 3.2), for the origins that the operator names.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

const METHODS: &str = "GET, HEAD, POST";
const ACCEPTED: &str =
    "authorization, content-encoding, content-type, if-none-match, traceparent, x-api-key, x-request-id";
const EXPOSED: &str = "cache-status, content-location, etag, retry-after, server-timing, x-request-id";
const MAX_AGE_SECONDS: &str = "86400";

/// The origin of the request, if its pages may read the answer.
pub(super) fn allowed_origin(allowed: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    if allowed.is_empty() {
        return None;
    }
    let origin = headers.get(ORIGIN)?;
    allowed
        .iter()
        .any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// Whether a browser asks beforehand what it may send.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

pub(super) fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
    response
}

/// Lets the pages of an origin that is allowed read the answer. Caches are told that it depends on the origin, whoever
/// asks: what they keep for one is not for another.
pub(super) fn complete(headers: &mut HeaderMap, allowed: &[String], origin: Option<HeaderValue>) {
    if !allowed.is_empty() {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_that_are_named_may_read() {
        let from = |origin: &'static str| HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        let named = ["https://a.example".to_owned()];
        assert!(allowed_origin(&named, &from("https://a.example")).is_some());
        assert!(allowed_origin(&named, &from("https://a.example.evil")).is_none());
        assert!(allowed_origin(&named, &HeaderMap::new()).is_none());
        assert!(allowed_origin(&["*".to_owned()], &from("https://b.example")).is_some());
        assert!(allowed_origin(&[], &from("https://a.example")).is_none());
    }
}
