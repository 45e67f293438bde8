//! HTTP/2 with prior knowledge.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::http::{BATCH, DETECT, Form, PATIENCE, Service, post};
use crate::pictures::{noise, photograph, slow_target, small};

type Sender = SendRequest<Full<Bytes>>;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A connection, and the task that drives it to its end.
async fn connect(address: SocketAddr) -> (Sender, JoinHandle<hyper::Result<()>>) {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn request(target: &str, body: Option<Vec<u8>>) -> http::Request<Full<Bytes>> {
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = http::Request::builder().method(method).uri(format!("http://siftd{target}"));
    request.body(Full::from(body.unwrap_or_default())).unwrap()
}

async fn ask(sender: &mut Sender, request: http::Request<Full<Bytes>>) -> (http::response::Parts, Bytes) {
    sender.ready().await.unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

#[test]
fn many_requests_share_a_connection() {
    let service = Service::start();
    block_on(async {
        let (mut sender, _driven) = connect(service.address).await;
        let asked: Vec<_> = (0..50)
            .map(|seed| {
                let mut sender = sender.clone();
                let target = format!("{DETECT}?denoise=none");
                tokio::spawn(
                    async move { ask(&mut sender, request(&target, Some(noise(100, seed % 10)))).await },
                )
            })
            .collect();
        let (live, _) = ask(&mut sender, request("/health/live", None)).await;
        assert_eq!(live.status, 200);
        for answer in asked {
            let (parts, body) = answer.await.unwrap();
            assert_eq!(parts.status, 200, "{body:?}");
            let summary: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(summary["request_id"], parts.headers["x-request-id"].to_str().unwrap());
        }
    });
    assert_eq!(service.metric("siftd_image_pixels_count"), 10.0);
}

#[test]
fn errors_are_the_same_documents() {
    let service = Service::start();
    block_on(async {
        let (mut sender, _driven) = connect(service.address).await;
        for (target, body, status, code) in [
            ("/nowhere", None, 404, "NOT_FOUND"),
            (DETECT, None, 405, "METHOD_NOT_ALLOWED"),
            (DETECT, Some(b"hello".to_vec()), 400, "INVALID_IMAGE"),
            (DETECT, Some(vec![0; 10_000_001]), 413, "IMAGE_TOO_LARGE"),
        ] {
            let (parts, body) = ask(&mut sender, request(target, body)).await;
            assert_eq!(parts.status, status);
            let document: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(document["error_code"], code);
            assert_eq!(document["request_id"], parts.headers["x-request-id"].to_str().unwrap());
        }
    });
}

#[test]
fn a_batch_streams_its_lines() {
    let service = Service::start();
    let (content_type, body) = Form::image(&small()).file("image", "b", &photograph()).end();
    let mut request = request(BATCH, Some(body));
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    let (parts, body) = block_on(async {
        let (mut sender, _driven) = connect(service.address).await;
        ask(&mut sender, request).await
    });
    assert_eq!(parts.status, 200);
    assert_eq!(body.iter().filter(|&&byte| byte == b'\n').count(), 2);
}

#[test]
fn one_request_that_is_given_up_frees_the_compute_thread_and_the_connection_goes_on() {
    let service = Service::start();
    block_on(async {
        let (mut sender, _driven) = connect(service.address).await;
        let (target, picture) = slow_target(0);
        let given_up = tokio::spawn(sender.send_request(request(&target, Some(picture))));
        let is_at_work = async {
            let mut scraped = Bytes::new();
            while !String::from_utf8_lossy(&scraped).contains("siftd_compute_busy_threads 1\n") {
                scraped = ask(&mut sender, request("/metrics", None)).await.1;
            }
        };
        timeout(PATIENCE, is_at_work).await.expect("the compute thread is busy");
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        let (parts, _) = ask(&mut sender, request(DETECT, Some(small()))).await;
        assert_eq!(parts.status, 200);
    });
}

#[test]
fn an_idle_connection_is_closed() {
    let service = Service::with(|setup| setup.config.bounds.header_timeout = Duration::from_millis(200));
    block_on(async {
        let (mut sender, driven) = connect(service.address).await;
        assert_eq!(ask(&mut sender, request("/health/live", None)).await.0.status, 200);
        driven.await.unwrap().unwrap();
    });
    service.until(&[("siftd_connections", 1.0)]);
}

/// A client that takes no more of a large answer is cut, and the answer's memory given back.
#[test]
fn a_client_that_never_reads_is_cut() {
    let service = Service::with(|setup| setup.config.bounds.body_timeout = Duration::from_millis(200));
    let answer = service.ask(&post(format!("{DETECT}?format=json&denoise=none"), noise(300, 0))).ok();
    let location = answer.expect("content-location").to_owned();
    block_on(async {
        let stream = TokioIo::new(TcpStream::connect(service.address).await.unwrap());
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let (mut deaf, connection) =
            builder.initial_stream_window_size(1000).handshake::<_, Full<Bytes>>(stream).await.unwrap();
        let driven = tokio::spawn(connection);
        let unread = deaf.send_request(request(&location, None)).await.unwrap();
        assert_eq!(unread.status(), 200);
        let _ = driven.await.unwrap();
    });
    service.until(&[("siftd_connections", 1.0), ("siftd_body_bytes_in_flight", 0.0)]);
}

/// A connection that has a request is not idle, however long that takes.
#[test]
fn a_connection_that_waits_for_its_answer_stays() {
    let service = Service::with(|setup| {
        setup.config.bounds.header_timeout = Duration::from_millis(50);
        setup.engine.deadline = Duration::from_millis(500);
    });
    block_on(async {
        let (mut sender, _driven) = connect(service.address).await;
        let (target, picture) = slow_target(0);
        let (parts, _) = ask(&mut sender, request(&target, Some(picture))).await;
        assert_eq!(parts.status, 504);
    });
}
