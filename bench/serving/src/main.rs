//! The least that an upload or an answer can cost over HTTP: hyper without a framework, which `serving.py` sets beside
//! `siftd serve`.
//!
//!     serving ANSWER
//!
//! listens on a free port of 127.0.0.1, prints the address, and serves until it is killed:
//!
//! - `POST /hash` collects the body and answers its SHA-256, as every cached upload needs it;
//! - `POST /collect` collects the body and answers its size: what of `/hash` is HTTP alone;
//! - `GET /answer` answers what the file ANSWER holds: header lines, an empty line, the body, lines ending in CRLF.
#![forbid(unsafe_code)]

mod answer;

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use answer::Answer;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: serving ANSWER")?;
    let answer = Arc::new(Answer::parse(&fs::read(path)?)?);
    let threads = thread::available_parallelism()?.get();
    Builder::new_multi_thread().worker_threads(threads).enable_io().build()?.block_on(serve(answer))
}

async fn serve(answer: Arc<Answer>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, Arc::clone(&answer)));
    }
}

async fn connection(stream: TcpStream, answer: Arc<Answer>) {
    let service = service_fn(|request| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(respond(request, &answer).await) }
    });
    // The load generator drops its connections at the end of a run, which is no fault.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, answer: &Answer) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/answer") => answer.response(),
        (&Method::POST, "/hash") => match request.into_body().collect().await {
            Ok(body) => hashed(&body.to_bytes()),
            Err(_) => empty(StatusCode::BAD_REQUEST),
        },
        (&Method::POST, "/collect") => match request.into_body().collect().await {
            Ok(body) => json(format!("{{\"success\": true, \"bytes\": {}}}", body.to_bytes().len())),
            Err(_) => empty(StatusCode::BAD_REQUEST),
        },
        _ => empty(StatusCode::NOT_FOUND),
    }
}

fn hashed(body: &[u8]) -> Response<Full<Bytes>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    let hex: String = Sha256::digest(body).iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect();
    json(format!("{{\"success\": true, \"bytes\": {}, \"sha256\": \"{hex}\"}}", body.len()))
}

fn json(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
