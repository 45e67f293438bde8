use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;

use super::record::Record;
use crate::context::Outcome;

/// A body of unknown length with the record of its request, which ends with it. If it is dropped before, the client has
/// gone.
pub(super) struct Streamed {
    pub(super) body: Body,
    pub(super) record: Record,
    pub(super) status: StatusCode,
    pub(super) outcome: Outcome,
    /// Bytes so far.
    pub(super) bytes: u64,
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
