use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as _, Frame};

use super::record::Record;
use crate::context::{Answered, Outcome};
use crate::problem::Problem;

/// Ends a record with the answer, or with its body where that is still to come.
pub(super) fn end(mut record: Record, answered: Answered, problem: Option<&Problem>) -> Response {
    let Answered { response, outcome } = answered;
    let status = response.status();
    if let Some(bytes) = response.body().size_hint().exact() {
        record.finish(status, &outcome, bytes, problem.map(|problem| problem.code.name()));
        return response;
    }
    response.map(|body| Body::new(Streamed { body, record, status, outcome, bytes: 0 }))
}

/// A body of unknown length with the record of its request, which ends with it. If it is dropped before, the client has
/// gone.
struct Streamed {
    body: Body,
    record: Record,
    status: StatusCode,
    outcome: Outcome,
    /// Bytes so far.
    bytes: u64,
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => {}
            None => {
                let Self { record, status, outcome, bytes, .. } = &mut *self;
                record.finish(*status, outcome, *bytes, None);
            }
        }
        Poll::Ready(frame)
    }
}
