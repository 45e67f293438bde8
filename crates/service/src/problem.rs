//! Errors as RFC 9457 problem documents.

mod code;

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use extract::{ErrorKind, ExtractError, Limits};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::multipart::MultipartError;

pub(crate) use code::ErrorCode;

/// Media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request is not answered as asked. As a response it has no body yet: [`Problem::document`] needs the request's id,
/// which only the gate knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: ErrorCode,
    pub(crate) detail: String,
    pub(crate) details: Map<String, Value>,
    pub(crate) retry_after: Option<Duration>,
}

/// A problem as it is written (RFC 9457 with the members of this service).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// Names the kind of the problem.
    #[schema(example = "urn:siftd:problem:INVALID_IMAGE")]
    r#type: String,
    /// The kind of the problem in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong, and what is allowed.
    detail: &'a str,
    /// Always false.
    success: bool,
    error_code: ErrorCode,
    /// As `detail`.
    message: &'a str,
    /// What the message tells, for programs.
    #[schema(value_type = Object)]
    details: &'a Map<String, Value>,
    /// As in `X-Request-ID`.
    request_id: &'a str,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), details: Map::new(), retry_after: None }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, detail)
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self.with("retry_after_seconds", wait.as_secs())
    }

    /// An image beyond the limits; both are named, whichever it is.
    pub(crate) fn too_large(detail: impl Into<String>, limits: &Limits) -> Self {
        Self::new(ErrorCode::ImageTooLarge, detail)
            .with("max_bytes", limits.max_bytes)
            .with("max_pixels", limits.max_pixels)
    }

    /// Why the engine gave no features.
    pub(crate) fn of(error: &engine::Error, limits: &Limits) -> Self {
        match error {
            engine::Error::Extract(error) => Self::of_image(error, limits),
            engine::Error::Overloaded { reason, retry_after } => {
                Self::overloaded(error.to_string(), reason.name()).retry_after(*retry_after)
            }
            engine::Error::Closing => {
                Self::new(ErrorCode::ServiceNotReady, error.to_string()).retry_after(Duration::from_secs(1))
            }
            engine::Error::DeadlineExceeded { deadline } | engine::Error::TooLong { deadline } => {
                Self::new(ErrorCode::ServiceTimeout, error.to_string())
                    .with("deadline_seconds", deadline.as_secs_f64())
            }
            _ => Self::new(ErrorCode::InternalError, error.to_string()),
        }
    }

    pub(crate) fn overloaded(detail: impl Into<String>, reason: &'static str) -> Self {
        Self::new(ErrorCode::Overloaded, detail).with("reason", reason)
    }

    fn of_image(error: &ExtractError, limits: &Limits) -> Self {
        let code = match error.kind() {
            ErrorKind::Params => ErrorCode::BadRequest,
            ErrorKind::Unsupported => ErrorCode::UnsupportedMediaType,
            ErrorKind::Limit => return Self::too_large(error.to_string(), limits),
            ErrorKind::Stopped => ErrorCode::ServiceTimeout,
            _ => ErrorCode::InvalidImage,
        };
        Self::new(code, error.to_string())
    }

    /// The problem as a document for the request of this id.
    pub(crate) fn document<'a>(&'a self, request_id: &'a str) -> Document<'a> {
        let Self { code, detail, details, .. } = self;
        Document {
            r#type: format!("urn:siftd:problem:{}", code.name()),
            title: code.title(),
            status: code.status().as_u16(),
            detail,
            success: false,
            error_code: *code,
            message: detail,
            details,
            request_id,
        }
    }

    /// The problem of an answer that a router gave by itself.
    pub(crate) fn of_status(status: StatusCode, response: &Response) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::new(ErrorCode::NotFound, "there is nothing at this path")),
            StatusCode::METHOD_NOT_ALLOWED => {
                let allowed = response.headers().get(ALLOW).and_then(|allowed| allowed.to_str().ok());
                let allowed = allowed.unwrap_or("no method");
                let problem = Self::new(ErrorCode::MethodNotAllowed, format!("allowed here: {allowed}"));
                Some(problem.with("allowed", allowed.split(',').collect::<Vec<_>>()))
            }
            _ => None,
        }
    }

    /// Writes the document into the response, with the headers that go with it.
    pub(crate) fn complete(&self, response: &mut Response, request_id: &str) {
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        // That of the empty body before.
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        if self.code == ErrorCode::Unauthorized {
            headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let document = serde_json::to_vec(&self.document(request_id)).unwrap_or_default();
        *response.body_mut() = Body::from(document);
    }
}

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Why bytes of bodies are not taken.
pub(crate) const BODY_BUDGET: &str = "body_budget";

#[cfg(test)]
mod tests {
    use engine::Refusal;
    use serde_json::json;

    use super::*;

    const LIMITS: Limits = Limits { max_bytes: 10, max_pixels: 20 };

    #[test]
    fn a_document_has_the_members_of_the_contract() {
        let error = engine::Error::Extract(ExtractError::TooManyBytes { actual: 11, allowed: 10 });
        let problem = Problem::of(&error, &LIMITS);
        let expected = json!({
            "type": "urn:siftd:problem:IMAGE_TOO_LARGE",
            "title": "The image is too large",
            "status": 413,
            "detail": "the image has 11 bytes, more than the 10 allowed",
            "success": false,
            "error_code": "IMAGE_TOO_LARGE",
            "message": "the image has 11 bytes, more than the 10 allowed",
            "details": {"max_bytes": 10, "max_pixels": 20},
            "request_id": "a",
        });
        assert_eq!(serde_json::to_value(problem.document("a")).unwrap(), expected);
    }

    #[test]
    fn every_error_of_the_engine_has_its_status() {
        let deadline = Duration::from_secs(30);
        for error in [engine::Error::TooLong { deadline }, engine::Error::DeadlineExceeded { deadline }] {
            let problem = Problem::of(&error, &Limits::default());
            assert_eq!(
                (problem.code, &problem.details["deadline_seconds"]),
                (ErrorCode::ServiceTimeout, &30.0.into())
            );
        }
        let overloaded =
            engine::Error::Overloaded { reason: Refusal::QueueFull, retry_after: Duration::from_secs(3) };
        let cases = [
            (engine::Error::Extract(ExtractError::Empty), 400),
            (engine::Error::Extract(ExtractError::UnsupportedFormat { format: "GIF" }), 415),
            (engine::Error::Extract(ExtractError::Cancelled), 504),
            (overloaded.clone(), 503),
            (engine::Error::Closing, 503),
            (engine::Error::DeadlineExceeded { deadline: Duration::from_secs(30) }, 504),
            (engine::Error::Fault, 500),
        ];
        for (error, status) in cases {
            assert_eq!(Problem::of(&error, &LIMITS).code.status().as_u16(), status, "{error}");
        }
        let problem = Problem::of(&overloaded, &LIMITS);
        assert_eq!(problem.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(problem.details["reason"], "queue_full");
    }
}
