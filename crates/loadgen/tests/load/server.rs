//! A real HTTP server that does as a test tells it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio_util::sync::CancellationToken;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) number: u64,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// None: the connection is closed without an answer.
pub(crate) type Answer = Option<Response<Full<Bytes>>>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Serves until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers requests, which are numbered from 0, as this function says.
    pub(crate) fn start<F>(answer: impl Fn(Came) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let answer = Arc::new(move |came| Box::pin(answer(came)) as Answering);
        let came = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, stopped) = (Arc::clone(&came), stop.clone());
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, answer, taken) => {}
                    () = stopped.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { address, came, stop, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order in which they came.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.thread.take().unwrap().join().unwrap();
    }
}

async fn serve(
    listener: TcpListener,
    answer: Arc<impl Fn(Came) -> Answering + Send + Sync + 'static>,
    came: Arc<Mutex<Vec<Came>>>,
) {
    let numbers = Arc::new(AtomicU64::new(0));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (answer, came, numbers) = (Arc::clone(&answer), Arc::clone(&came), Arc::clone(&numbers));
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let (answer, came) = (Arc::clone(&answer), Arc::clone(&came));
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                let (method, target, headers) = (head.method, head.uri.to_string(), head.headers);
                let taken = Came { number, method, target, headers, body };
                came.lock().unwrap().push(taken.clone());
                answer(taken).await.ok_or_else(|| io::Error::other("closed on purpose"))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// 200 with this `Cache-Status`.
pub(crate) fn features(cache_status: &str) -> Answer {
    let response = Response::builder()
        .header("cache-status", cache_status)
        .header("content-location", "/api/v1/features/0123");
    Some(response.body(Full::from("{}")).unwrap())
}

/// A status and nothing else.
pub(crate) fn status(status: u16) -> Answer {
    Some(Response::builder().status(status).body(Full::default()).unwrap())
}
