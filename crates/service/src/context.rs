//! What is known of a request before it is routed, and of its answer after.

use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use extract::StageTimes;
use http::request::Parts;

use crate::problem::{ErrorCode, Problem};
use crate::rate_limit::CallerId;
use crate::request_id::RequestId;

/// What handlers are told of their request.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) id: RequestId,
    /// When its head was there.
    pub(crate) started: Instant,
    /// Who is held to a rate for it.
    pub(crate) caller: CallerId,
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(ErrorCode::InternalError, "a request came past the gate");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// What a handler tells of its answer, for log, traces and metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcome {
    /// As in the log: `hit memory`, `miss`.
    pub(crate) cache: Option<&'static str>,
    pub(crate) stages: StageTimes,
    pub(crate) keypoints: Option<u32>,
    /// Width and height, px.
    pub(crate) size: Option<(u32, u32)>,
}

/// An answer with what its handler tells of it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) response: Response,
    pub(crate) outcome: Outcome,
}

/// What a router's response brings along.
impl From<Response> for Answered {
    fn from(mut response: Response) -> Self {
        let outcome = response.extensions_mut().remove().unwrap_or_default();
        Self { response, outcome }
    }
}

/// For the way through a router.
impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let Self { mut response, outcome } = self;
        response.extensions_mut().insert(outcome);
        response
    }
}
