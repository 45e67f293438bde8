//! Spans at a collector, as the `OTEL_*` variables name it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::http::{DETECT, Service, post};
use crate::pictures::small;

/// A collector's address, and what the first client of it sends.
fn collector() -> (String, JoinHandle<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let receiving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            match line.trim().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                None if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        ExportTraceServiceRequest::decode(&body[..]).unwrap()
    });
    (address, receiving)
}

#[test]
fn a_request_is_a_span_of_its_callers_trace_and_its_line_names_the_trace() {
    let (address, receiving) = collector();
    let service = Service::with(|setup| setup.collector = Some(address));
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let request = post(DETECT, small()).header("traceparent", format!("00-{trace}-{parent}-01"));
    service.ask(&request.header("X-Request-ID", "traced")).ok();
    assert_eq!(service.log.request("traced")["trace_id"], trace);
    // What waits is sent at the end.
    drop(service);
    let sent = receiving.join().unwrap();
    let spans = sent.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    let spans: Vec<_> = spans.flat_map(|scope| &scope.spans).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(spans.iter().all(|span| hex(&span.trace_id) == trace), "{spans:?}");
    let server = spans.iter().find(|span| span.name == "POST /api/v1/features/detect").unwrap();
    assert_eq!(hex(&server.parent_span_id), parent);
    let stages = spans.iter().filter(|span| span.parent_span_id == server.span_id);
    let mut stages: Vec<_> = stages.map(|span| span.name.as_str()).collect();
    stages.sort_unstable();
    for stage in ["decode", "describe", "detect", "hash", "parse"] {
        assert!(stages.contains(&stage), "{stages:?}");
    }
}
