use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use extract::Stage;
use http::{Method, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue as ProtoKeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span as ProtoSpan, span, status};
use prost::Message;

use super::*;
use crate::route::Route;
use crate::telemetry::access_log::entry::tests::entry;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A collector that answers one request with this status, and gives its first line and its body.
fn collector(status: &'static str) -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_ascii_lowercase());
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        (&stream).write_all(answer.as_bytes()).unwrap();
        sender.send((head[0].clone(), body)).unwrap();
    });
    (address, received)
}

fn traces(endpoint: &str) -> Traces {
    Traces::from_env(|name| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.to_owned()))
        .unwrap()
        .unwrap()
}

fn request() -> Entry {
    let mut request = entry(StatusCode::OK);
    request.method = Method::POST;
    request.route = Route::Detect;
    request.path = "/api/v1/features/detect".to_owned();
    request.client = Some([192, 0, 2, 7].into());
    request.cache = Some("miss");
    request.keypoints = Some(1247);
    request.duration = Duration::from_millis(40);
    request.stages.add(Stage::Decode, Duration::from_millis(10));
    request.stages.add(Stage::Detect, Duration::from_millis(25));
    request
}

fn spans(body: &[u8]) -> Vec<ProtoSpan> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let [resource_spans] = &request.resource_spans[..] else { panic!("one resource") };
    let resource = values(&resource_spans.resource.as_ref().unwrap().attributes);
    assert_eq!(resource["service.name"], Value::StringValue("siftd".to_owned()));
    let scopes = resource_spans.scope_spans.iter();
    scopes.flat_map(|scope| scope.spans.clone()).collect()
}

fn values(attributes: &[ProtoKeyValue]) -> HashMap<&str, Value> {
    let value = |pair: &ProtoKeyValue| pair.value.clone().unwrap().value.unwrap();
    attributes.iter().map(|pair| (pair.key.as_str(), value(pair))).collect()
}

fn named<'a>(spans: &'a [ProtoSpan], name: &str) -> &'a ProtoSpan {
    spans.iter().find(|span| span.name == name).unwrap()
}

#[test]
fn a_request_and_its_stages_arrive_under_the_callers_span() {
    let (endpoint, received) = collector("200 OK");
    let traces = traces(&endpoint);
    let parent = ParentSpan { trace_id: 0xfeed << 64, span_id: 0xbeef, sampled: true };
    assert_eq!(traces.record(&request(), Some(parent)), Some(parent.trace_id));
    assert!(traces.shutdown(TIMEOUT));
    let (head, body) = received.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(head, "post /v1/traces http/1.1");
    let spans = spans(&body);
    assert_eq!(spans.len(), 3);

    let server = named(&spans, "POST /api/v1/features/detect");
    assert_eq!(server.kind, span::SpanKind::Server as i32);
    assert_eq!(server.trace_id, parent.trace_id.to_be_bytes());
    assert_eq!(server.parent_span_id, parent.span_id.to_be_bytes());
    assert_eq!(server.end_time_unix_nano, 1_700_000_000_123_000_000);
    assert_eq!(server.end_time_unix_nano - server.start_time_unix_nano, 40_000_000);
    let attributes = values(&server.attributes);
    let text = |value: &str| Value::StringValue(value.to_owned());
    assert_eq!(attributes["http.request.method"], text("POST"));
    assert_eq!(attributes["http.route"], text("/api/v1/features/detect"));
    assert_eq!(attributes["http.response.status_code"], Value::IntValue(200));
    assert_eq!(attributes["url.path"], text("/api/v1/features/detect"));
    assert_eq!(attributes["client.address"], text("192.0.2.7"));
    assert_eq!(attributes["siftd.request_id"], text("r-1"));
    assert_eq!(attributes["siftd.cache"], text("miss"));
    assert_eq!(attributes["siftd.keypoints"], Value::IntValue(1247));
    assert!(!attributes.contains_key("error.type"));

    let (decode, detect) = (named(&spans, "decode"), named(&spans, "detect"));
    for stage in [decode, detect] {
        assert_eq!(stage.trace_id, server.trace_id);
        assert_eq!(stage.parent_span_id, server.span_id);
    }
    assert_eq!(decode.start_time_unix_nano, server.start_time_unix_nano);
    assert_eq!(decode.end_time_unix_nano, detect.start_time_unix_nano);
    assert_eq!(detect.end_time_unix_nano - decode.start_time_unix_nano, 35_000_000);
    assert_eq!(traces.lost().get(), 0);
}

#[test]
fn without_a_caller_a_trace_begins_and_an_error_is_marked() {
    let (endpoint, received) = collector("200 OK");
    let traces = traces(&endpoint);
    let mut failed = request();
    failed.status = StatusCode::GATEWAY_TIMEOUT;
    failed.error_code = Some("SERVICE_TIMEOUT");
    failed.route = Route::Other;
    failed.method = Method::from_bytes(b"MADE-UP").unwrap();
    // A computation may have begun before the request that waited for it.
    failed.stages.add(Stage::Denoise, Duration::from_secs(1));
    let trace_id = traces.record(&failed, None).unwrap();
    assert!(traces.shutdown(TIMEOUT));
    let spans = spans(&received.recv_timeout(TIMEOUT).unwrap().1);
    let server = named(&spans, "HTTP");
    assert_eq!(server.trace_id, trace_id.to_be_bytes());
    assert!(server.parent_span_id.is_empty());
    let status = server.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (status::StatusCode::Error as i32, "SERVICE_TIMEOUT"));
    let attributes = values(&server.attributes);
    assert_eq!(attributes["http.request.method"], Value::StringValue("_OTHER".to_owned()));
    assert_eq!(attributes["http.request.method_original"], Value::StringValue("MADE-UP".to_owned()));
    assert_eq!(attributes["error.type"], Value::StringValue("504".to_owned()));
    assert!(!attributes.contains_key("http.route"));
    assert!(spans.iter().all(|span| span.end_time_unix_nano <= server.end_time_unix_nano));
}

#[test]
fn what_the_caller_does_not_record_is_not_sent_and_keeps_its_trace() {
    let (endpoint, received) = collector("200 OK");
    let traces = traces(&endpoint);
    let unsampled = ParentSpan { trace_id: 7, span_id: 8, sampled: false };
    assert_eq!(traces.record(&request(), Some(unsampled)), Some(7));
    traces.record(&request(), Some(ParentSpan { trace_id: 9, ..unsampled }));
    let recorded = traces.record(&request(), None).unwrap();
    assert!(traces.shutdown(TIMEOUT));
    assert_eq!(traces.record(&request(), None), None, "it has ended");
    let spans = spans(&received.recv_timeout(TIMEOUT).unwrap().1);
    assert!(spans.iter().all(|span| span.trace_id == recorded.to_be_bytes()));
}

#[test]
fn what_the_collector_refuses_is_counted() {
    let (endpoint, received) = collector("400 Bad Request");
    let traces = traces(&endpoint);
    traces.record(&request(), None);
    traces.shutdown(TIMEOUT);
    received.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(traces.lost().get(), 3);
}

#[tokio::test]
async fn it_can_be_started_and_dropped_within_a_runtime() {
    let (endpoint, received) = collector("200 OK");
    let traces = traces(&endpoint);
    traces.record(&request(), None);
    drop(traces);
    assert_eq!(spans(&received.recv_timeout(TIMEOUT).unwrap().1).len(), 3);
}
