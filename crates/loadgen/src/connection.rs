use std::io;
use std::time::{Duration, Instant};

use http::header::CONTENT_LOCATION;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout_at;

use crate::body::Pieces;
use crate::outcome::{Failure, Outcome};
use crate::target::Target;

/// A connection that is open, or is opened when it is needed.
#[derive(Debug, Default)]
pub(crate) struct Connection(Option<SendRequest<Pieces>>);

/// The whole of an answer that is looked into.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<StatusCode>,
    /// `Content-Location`, if it is text.
    pub(crate) location: Option<String>,
    /// The beginning of the body.
    pub(crate) text: String,
}

/// Of answers that are looked into, no more is read.
const LONGEST_LETTER: usize = 64 << 10;

impl Connection {
    /// Whether it is open as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Sends, and reads the answer to its end. What is not over at the deadline is a failure, and ends the connection; what has
    /// waited until then for its turn is not sent.
    pub(crate) async fn exchange(
        &mut self,
        target: &Target,
        request: Request<Pieces>,
        deadline: Instant,
    ) -> Outcome {
        if Instant::now() >= deadline {
            return Outcome::Failed(Failure::Timeout);
        }
        let exchange = async {
            let response = self.response(target, request).await?;
            let outcome = Outcome::of(response.status(), response.headers());
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                frame.map_err(|error| Failure::from(&error))?;
            }
            Ok(outcome)
        };
        let outcome = timeout_at(deadline.into(), exchange).await.unwrap_or(Err(Failure::Timeout));
        outcome.unwrap_or_else(|failure| {
            self.0 = None;
            Outcome::Failed(failure)
        })
    }

    /// The same for an answer that is looked into.
    pub(crate) async fn letter(
        &mut self,
        target: &Target,
        request: Request<Pieces>,
        timeout: Duration,
    ) -> Letter {
        let exchange = async {
            let response = self.response(target, request).await?;
            let (head, body) = response.into_parts();
            let location = head.headers.get(CONTENT_LOCATION).and_then(|value| value.to_str().ok());
            let body = Limited::new(body, LONGEST_LETTER).collect().await;
            let text = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
            Ok(Letter {
                outcome: Outcome::of(head.status, &head.headers),
                status: Some(head.status),
                location: location.map(str::to_owned),
                text: text.unwrap_or_default(),
            })
        };
        let letter = tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(Failure::Timeout));
        letter.unwrap_or_else(|failure| {
            self.0 = None;
            let outcome = Outcome::Failed(failure);
            Letter { outcome, status: None, location: None, text: String::new() }
        })
    }

    /// The open connection, when it takes another request.
    async fn reusable(&mut self) -> Option<SendRequest<Pieces>> {
        let mut sender = self.0.take()?;
        sender.ready().await.ok().map(|()| sender)
    }

    /// The head of the answer. A request that an old connection did not take is sent on a new one.
    async fn response(
        &mut self,
        target: &Target,
        mut request: Request<Pieces>,
    ) -> Result<http::Response<Incoming>, Failure> {
        loop {
            let (mut sender, is_new) = match self.reusable().await {
                Some(sender) => (sender, false),
                None => (open(target).await.map_err(|error| Failure::of_connecting(&error))?, true),
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.0 = Some(sender);
                    return Ok(response);
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(Failure::from(error.error())),
                },
            }
        }
    }
}

async fn open(target: &Target) -> io::Result<SendRequest<Pieces>> {
    let stream = target.connect().await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Its end is seen by the sender.
    tokio::spawn(async { drop(connection.await) });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn what_is_past_its_deadline_touches_nobody() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let target = Target::new(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let request = Request::new(Pieces::from(Bytes::new()));
        let outcome = Connection::default().exchange(&target, request, Instant::now()).await;
        assert_eq!(outcome, Outcome::Failed(Failure::Timeout));
        // Connecting on one host, a connection is in the queue as soon as it is begun.
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
