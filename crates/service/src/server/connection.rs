//! One connection: HTTP/1.1, or HTTP/2 with prior knowledge.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time;

use super::head_timer::HeadTimer;
use super::sending::Sending;
use super::stream::{Presence, watched};
use crate::Bounds;
use crate::gate::Gate;

/// What a connection with HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How soon to look again where a connection began with a part of the preface.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);

/// Most requests of one connection at a time.
const STREAMS: u32 = 128;

/// Most bytes of a request's headers.
const HEADERS: usize = 64 << 10;

/// How often to look whether a client that waits is still there.
const PRESENCE_LOOK: Duration = Duration::from_secs(1);

/// Times that a limit is looked at until it is over, so that it is kept to within that part of it.
const LOOKS: u32 = 4;

/// What requests of one connection have in common: with references of its own, so that counting them keeps no other
/// connection waiting.
struct Client {
    address: IpAddr,
    gate: Arc<Gate>,
    watched: Watched,
}

/// Requests of a connection: how many there were, and how many are not answered.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Serves a connection to its end: the client's, its idle time, or the service's.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    gate: Gate,
    bounds: &Bounds,
    mut stopped: watch::Receiver<bool>,
) {
    prepare(&stream, bounds);
    let begins = tokio::select! {
        begins = time::timeout(bounds.header_timeout, speaks_http2(&stream)) => begins,
        // Whoever has asked nothing yet is not waited for.
        _ = stopped.wait_for(|&stopped| stopped) => return,
    };
    let Ok(Ok(http2)) = begins else { return };
    let client = Arc::new(Client { address: peer.ip(), gate: Arc::new(gate), watched: Watched::default() });
    let asking = Arc::clone(&client);
    let service = service_fn(move |request: Request<Incoming>| {
        let client = Arc::clone(&asking);
        async move {
            let running = client.watched.activity.request();
            let answer = client.gate.answer(client.address, request).await;
            Ok::<_, Infallible>(answer.map(|body| client.watched.sending.watch(body, running)))
        }
    });
    let (stream, presence) = watched(stream);
    let io = TokioIo::new(stream);
    if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADERS as u32);
        builder.keep_alive_interval(bounds.header_timeout).keep_alive_timeout(bounds.header_timeout);
        client.watched.drive(builder.serve_connection(io, service), &presence, bounds, stopped).await;
    } else {
        let mut builder = http1::Builder::new();
        builder.timer(HeadTimer).header_read_timeout(bounds.header_timeout).max_buf_size(HEADERS);
        client.watched.drive(builder.serve_connection(io, service), &presence, bounds, stopped).await;
    }
}

/// A client that does not take what is sent to it is cut, as one that does not send is.
fn prepare(stream: &TcpStream, bounds: &Bounds) {
    // Where they cannot be set, answers come later or stalled clients stay longer, and all else is as before.
    let _ = stream.set_nodelay(true);
    let timeout = u32::try_from(bounds.body_timeout.as_millis()).unwrap_or(u32::MAX);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, timeout);
}

/// Looks at the first bytes without taking them.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(start.get(..length).unwrap_or_default()) {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        time::sleep(PREFACE_PAUSE).await;
    }
}

/// A connection whose client may do nothing.
#[derive(Debug, Default)]
struct Watched {
    activity: Arc<Activity>,
    sending: Arc<Sending>,
}

/// What becomes of a connection.
enum Verdict {
    /// It takes no more requests, and ends once those that it has are answered.
    Finish,
    /// It ends.
    Cut,
}

type Judging<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

impl Watched {
    /// Serves until the end. A connection without requests is closed after the time for headers; one whose client takes no
    /// piece of any answer within the time for bodies is cut, as is one whose client has left while requests are not answered: where
    /// their bodies are not read to the end, reading does not tell. Each look at these times is also one at the connection, which
    /// [`HeadTimer`] needs.
    async fn drive<C: GracefulConnection>(
        &self,
        connection: C,
        presence: &Presence,
        bounds: &Bounds,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut connection = pin!(connection);
        // Only what has something to say is asked, and not each of them whenever a request comes.
        let mut verdicts = FuturesUnordered::<Judging<'_>>::new();
        verdicts.push(Box::pin(async move {
            let _ = stopped.wait_for(|&stopped| stopped).await;
            Verdict::Finish
        }));
        verdicts.push(Box::pin(async {
            self.idle(bounds.header_timeout).await;
            Verdict::Finish
        }));
        verdicts.push(Box::pin(async {
            self.stalled(bounds.body_timeout).await;
            Verdict::Cut
        }));
        verdicts.push(Box::pin(async {
            self.left(presence).await;
            Verdict::Cut
        }));
        let mut finishing = false;
        loop {
            let verdict = tokio::select! {
                biased;
                // How a connection breaks is the client's affair.
                _ = connection.as_mut() => return,
                Some(verdict) = verdicts.next() => verdict,
            };
            match verdict {
                Verdict::Cut => return,
                Verdict::Finish if finishing => {}
                Verdict::Finish => {
                    finishing = true;
                    connection.as_mut().graceful_shutdown();
                    verdicts.push(Box::pin(async {
                        self.answered(bounds.body_timeout).await;
                        Verdict::Cut
                    }));
                }
            }
        }
    }

    /// Waits until there was no request for so long.
    async fn idle(&self, timeout: Duration) {
        unchanged(timeout, || self.activity.idle()).await;
    }

    /// Waits until all answers have been given to the connection, and for so long that the client could take them.
    async fn answered(&self, timeout: Duration) {
        unchanged(timeout, || self.activity.idle().filter(|_| self.sending.waits_at().is_none())).await;
    }

    /// Waits until the client has left a request unanswered. One that closes its end as soon as it has asked still has what is
    /// answered at once.
    async fn left(&self, presence: &Presence) {
        loop {
            time::sleep(PRESENCE_LOOK).await;
            if self.activity.idle().is_none() && presence.has_left() {
                return;
            }
        }
    }

    /// Waits until an answer has waited for the client for so long.
    async fn stalled(&self, timeout: Duration) {
        unchanged(timeout, || self.sending.waits_at()).await;
    }
}

/// Waits until looks have found the same state, and not none, for as long as the limit.
async fn unchanged(limit: Duration, look: impl Fn() -> Option<u64>) {
    let (mut before, mut alike) = (None, 0);
    while alike < LOOKS {
        time::sleep(limit / LOOKS).await;
        let now = look();
        alike = if now.is_some() && now == before { alike + 1 } else { 0 };
        before = now;
    }
}

impl Activity {
    fn request(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// How many requests there were, if all are answered.
    fn idle(&self) -> Option<u64> {
        let begun = self.begun.load(Ordering::Relaxed);
        (begun == self.ended.load(Ordering::Relaxed)).then_some(begun)
    }
}

/// A request whose answer is not given to the connection yet.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
