use std::borrow::Cow;

use http::Method;
use opentelemetry::KeyValue;

use crate::telemetry::access_log::Entry;

/// Methods that go by their names; others, which callers may make up, are `_OTHER`.
const KNOWN_METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The name of a request's span: method and route.
pub(super) fn span_name(request: &Entry) -> Cow<'static, str> {
    let method = known_method(&request.method).unwrap_or("HTTP");
    match request.route.template() {
        Some(route) => Cow::Owned(format!("{method} {route}")),
        None => Cow::Borrowed(method),
    }
}

/// What is known of a request, under the names of the semantic conventions for HTTP servers, and under `siftd.` where
/// they have none.
pub(super) fn attributes(request: &Entry) -> Vec<KeyValue> {
    let method = known_method(&request.method);
    let status = request.status.as_u16();
    let optional = [
        method.is_none().then(|| text("http.request.method_original", request.method.as_str())),
        request.route.template().map(|route| KeyValue::new("http.route", route)),
        request.client.map(|client| KeyValue::new("client.address", client.to_string())),
        request.status.is_server_error().then(|| KeyValue::new("error.type", status.to_string())),
        request.error_code.map(|code| KeyValue::new("siftd.error_code", code)),
        request.cache.map(|cache| KeyValue::new("siftd.cache", cache)),
        request.width.map(|width| KeyValue::new("siftd.image.width", i64::from(width))),
        request.height.map(|height| KeyValue::new("siftd.image.height", i64::from(height))),
        request.keypoints.map(|count| KeyValue::new("siftd.keypoints", i64::from(count))),
    ];
    let always = [
        KeyValue::new("http.request.method", method.unwrap_or("_OTHER")),
        KeyValue::new("http.response.status_code", i64::from(status)),
        KeyValue::new("url.scheme", "http"),
        text("url.path", request.short_path()),
        size("http.request.body.size", request.bytes_in),
        size("http.response.body.size", request.bytes_out),
        text("siftd.request_id", &request.request_id),
    ];
    always.into_iter().chain(optional.into_iter().flatten()).collect()
}

fn text(name: &'static str, value: &str) -> KeyValue {
    KeyValue::new(name, value.to_owned())
}

fn size(name: &'static str, bytes: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn known_method(method: &Method) -> Option<&'static str> {
    KNOWN_METHODS.into_iter().find(|name| *name == method.as_str())
}
