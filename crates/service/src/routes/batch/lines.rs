//! Lines of a batch on their way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::problem::Problem;
use crate::upload::Share;

/// Bytes of a batch's lines that may be on their way even while all bodies together take what they may: a batch whose client
/// reads does not end for what others take.
const FREE: u64 = 32 << 10;

/// Where the lines are put, as many as there are images: a client that sends all of them before it reads a line must not be
/// kept from it.
#[derive(Clone)]
pub(super) struct LineSender {
    lines: UnboundedSender<Bytes>,
    /// Bytes on their way.
    unread: Arc<AtomicU64>,
}

/// The lines as a body.
pub(super) struct Lines(UnboundedReceiver<Bytes>);

/// A line until it is sent on.
struct Line {
    bytes: Bytes,
    share: Share,
    unread: Arc<AtomicU64>,
}

pub(super) fn channel() -> (LineSender, Lines) {
    let (lines, receiver) = mpsc::unbounded_channel();
    (LineSender { lines, unread: Arc::default() }, Lines(receiver))
}

impl LineSender {
    /// Sends a line, which has its share of the budget until it is sent on.
    pub(super) fn send(&self, bytes: Bytes, share: Share) -> Result<(), Problem> {
        let length = bytes.len() as u64;
        let unread = self.unread.fetch_add(length, Ordering::Relaxed) + length;
        let mut line = Line { bytes, share, unread: Arc::clone(&self.unread) };
        if unread > FREE {
            line.share.take(length)?;
        } else {
            line.share.count(length);
        }
        // Where nobody reads it any more, the batch is about to end.
        let _ = self.lines.send(Bytes::from_owner(line));
        Ok(())
    }

    /// Sends the line that tells why there are no more.
    pub(super) fn end(&self, line: Bytes) {
        let _ = self.lines.send(line);
    }

    /// Waits until nobody reads the lines any more.
    pub(super) async fn closed(&self) {
        self.lines.closed().await;
    }
}

impl AsRef<[u8]> for Line {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.unread.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::telemetry::http_metrics::HttpMetrics;
    use crate::upload::BodyBudget;

    #[tokio::test]
    async fn unread_lines_end_a_batch_and_what_others_take_does_not() {
        let metrics = HttpMetrics::register(&mut Registry::default(), Counter::default());
        let budget = Arc::new(BodyBudget::new(100_000, Counter::default()));
        let mut others = budget.share(metrics.body(0));
        others.take(100_000).unwrap();
        let (sender, mut lines) = channel();
        let send = || sender.send(Bytes::from(vec![b'x'; FREE as usize / 4]), budget.share(metrics.body(0)));
        for _ in 0..4 {
            send().unwrap();
        }
        assert_eq!(budget.taken(), 100_000 + FREE, "they count");
        assert_eq!(send().unwrap_err().details["reason"], "body_budget");
        for _ in 0..100 {
            lines.frame().await.unwrap().unwrap();
            send().unwrap();
        }
        drop(others);
        for _ in 0..4 {
            send().unwrap();
        }
        drop((sender, lines));
        assert_eq!(budget.taken(), 0);
    }
}
