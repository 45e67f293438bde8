//! Answers on their way to a client that may not take them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

/// Answers go out in pieces of so many bytes at most: a piece is asked for once there is room for it, which is how it shows
/// that the client takes them. A shorter answer is not watched.
const PIECE: usize = 32 << 10;

/// The answers of one connection.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// Answers of which the next piece is not asked for yet.
    waiting: AtomicUsize,
    /// Pieces that were asked for and given.
    steps: AtomicU64,
}

/// An answer that goes out piece by piece.
struct Pieces<R> {
    body: Body,
    rest: Bytes,
    sending: Arc<Sending>,
    waits: bool,
    _running: R,
}

impl Sending {
    /// The same body, watched. The request runs until the body is given away.
    pub(super) fn watch<R: Send + Unpin + 'static>(self: &Arc<Self>, body: Body, running: R) -> Body {
        if body.size_hint().exact().is_some_and(|length| length <= PIECE as u64) {
            return body;
        }
        Body::new(Pieces {
            body,
            rest: Bytes::new(),
            sending: Arc::clone(self),
            waits: false,
            _running: running,
        })
    }

    /// How far the answers are, if one waits for the client.
    pub(super) fn waits_at(&self) -> Option<u64> {
        (self.waiting.load(Ordering::Relaxed) > 0).then(|| self.steps.load(Ordering::Relaxed))
    }
}

impl<R> Pieces<R> {
    /// Whose turn it is: the client's, or ours.
    fn turn(&mut self, client: bool) {
        self.sending.steps.fetch_add(1, Ordering::Relaxed);
        if client != self.waits {
            self.waits = client;
            if client {
                self.sending.waiting.fetch_add(1, Ordering::Relaxed);
            } else {
                self.sending.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        self.turn(true);
        Frame::data(self.rest.split_to(self.rest.len().min(PIECE)))
    }
}

impl<R: Unpin> http_body::Body for Pieces<R> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.turn(false);
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(self.piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        body.exact().map_or_else(SizeHint::default, |body| SizeHint::with_exact(body + rest))
    }
}

impl<R> Drop for Pieces<R> {
    fn drop(&mut self) {
        self.turn(false);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_comes_in_pieces_and_waits_for_its_client_between_them() {
        let sending = Arc::new(Sending::default());
        let answer: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
        let mut body = sending.watch(Body::from(answer.clone()), ());
        assert_eq!(body.size_hint().exact(), Some(100_000));
        assert_eq!(sending.waits_at(), None);
        let mut received = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
        assert_eq!(received.len(), PIECE);
        let waits_at = sending.waits_at().unwrap();
        assert_eq!(sending.waits_at(), Some(waits_at), "nothing is taken");
        received.extend(body.frame().await.unwrap().unwrap().into_data().unwrap());
        assert!(sending.waits_at().unwrap() > waits_at);
        received.extend(body.collect().await.unwrap().to_bytes());
        assert_eq!(received, answer);
        assert_eq!(sending.waits_at(), None);
    }

    #[tokio::test]
    async fn who_leaves_is_not_waited_for() {
        let sending = Arc::new(Sending::default());
        let mut body = sending.watch(Body::from(vec![0; 100_000]), ());
        body.frame().await.unwrap().unwrap();
        drop(body);
        assert_eq!(sending.waits_at(), None);
    }
}
