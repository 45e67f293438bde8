//! Clients that take their time are cut, and nobody else notices.

use std::thread;
use std::time::Duration;

use crate::http::{BATCH, DETECT, Form, Service, get, post};
use crate::pictures::{photograph, small};

const SHORT: Duration = Duration::from_millis(200);

fn service() -> Service {
    Service::with(|setup| {
        setup.config.bounds.header_timeout = SHORT;
        setup.config.bounds.body_timeout = SHORT;
    })
}

#[test]
fn a_head_that_does_not_end_is_cut() {
    let service = service();
    for begin in ["", "P", "POST ", "GET / HTTP/1.1\r\nHost: siftd\r\nX-A: b", "GET /"] {
        let mut connection = service.connect();
        connection.write(begin);
        assert_eq!(connection.rest(), b"", "{begin}");
    }
    service.ask(&get("/health/live")).ok();
}

#[test]
fn a_head_after_an_answer_that_does_not_end_is_cut() {
    let service = service();
    let mut connection = service.connect();
    connection.ask(&get("/health/live")).ok();
    connection.write("GET /health/live HTTP/1.1\r\nHost:");
    assert_eq!(connection.rest(), b"");
}

#[test]
fn a_head_byte_by_byte_is_cut_however_steady() {
    let service = service();
    let mut connection = service.connect();
    connection.write("GET / HTTP/1.1\r\n");
    let begin = std::time::Instant::now();
    while connection.try_write("X").is_ok() {
        assert!(begin.elapsed() < crate::http::PATIENCE, "it is never cut");
        std::thread::yield_now();
    }
    service.ask(&get("/health/live")).ok();
}

#[test]
fn a_body_that_does_not_end_is_cut_and_told() {
    let service = service();
    for request in [
        post(DETECT, photograph()),
        post(DETECT, photograph()).chunked(),
        post(DETECT, []).form(Form::image(&photograph())),
    ] {
        let bytes = request.header("X-Request-ID", "late").bytes();
        let mut connection = service.connect();
        connection.write(&bytes[..bytes.len() - 10_000]);
        let problem = connection.answer().problem(408, "REQUEST_TIMEOUT");
        assert_eq!(problem["detail"], "the body did not arrive within 0.2 s");
        assert_eq!(connection.rest(), b"");
    }
    let lines = service.log.wait_for(3, |line| line["request_id"] == "late");
    assert!(lines.iter().all(|line| line["error_code"] == "REQUEST_TIMEOUT"));
    service.until(&[("siftd_connections", 1.0), ("siftd_body_bytes_in_flight", 0.0)]);
}

#[test]
fn a_body_byte_by_byte_is_cut_however_steady() {
    let service = service();
    let mut connection = service.connect();
    let mut writer = connection.writer();
    let sending = std::thread::spawn(move || {
        let begin = std::time::Instant::now();
        let head = post(DETECT, vec![0; 9_000_000]).head();
        let mut sent = std::io::Write::write_all(&mut writer, head.as_bytes());
        while sent.is_ok() && begin.elapsed() < crate::http::PATIENCE {
            sent = std::io::Write::write_all(&mut writer, b"x");
            std::thread::yield_now();
        }
        sent.is_err()
    });
    let problem = connection.answer().problem(408, "REQUEST_TIMEOUT");
    assert_eq!(problem["detail"], "the body did not arrive within 0.2 s");
    connection.rest();
    assert!(sending.join().unwrap(), "it is never cut");
}

#[test]
fn a_batch_has_its_time_for_each_image_and_not_for_none() {
    let service = service();
    let mut connection = service.connect();
    connection.write(post(BATCH, []).header("Content-Type", Form::content_type()).chunked().head());
    let begun = Form::image(&small()).file("image", "late", b"x").begun();
    connection.write(format!("{:x}\r\n", begun.len()));
    connection.write(begun);
    assert_eq!(connection.head().status, 200);
    let mut lines = Vec::new();
    while let Some(chunk) = connection.chunk() {
        lines.extend(chunk);
    }
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.contains("\"success\":true"), "{lines}");
    assert!(lines.contains("the body did not arrive within 0.2 s"), "{lines}");
    assert_eq!(connection.rest(), b"");
}

#[test]
fn an_idle_connection_is_closed() {
    let service = service();
    let mut connection = service.connect();
    connection.ask(&post(DETECT, small())).ok();
    assert_eq!(connection.rest(), b"");
    service.until(&[("siftd_connections", 1.0)]);
}

#[test]
fn half_a_preface_and_silence_is_cut() {
    let service = service();
    for begin in ["PRI * HTTP/2.0\r\n\r\nSM", "PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut connection = service.connect();
        connection.write(begin);
        connection.rest();
    }
    service.until(&[("siftd_connections", 1.0)]);
    service.ask(&get("/health/live")).ok();
}

/// A batch lasts as long as its images come, however short the times for a head and a body are.
#[test]
fn a_batch_that_goes_on_is_not_idle() {
    let service = Service::with(|setup| {
        setup.config.bounds.header_timeout = Duration::from_millis(50);
        setup.config.bounds.body_timeout = Duration::from_millis(400);
    });
    let images = 10;
    let (content_type, body) =
        (1..images).fold(Form::image(&small()), |form, _| form.file("image", "b", &small())).end();
    let mut connection = service.connect();
    connection.write(format!(
        "POST {BATCH} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    ));
    for piece in body.chunks(body.len() / 9) {
        connection.write(piece);
        // The times that the client takes are what is tested.
        thread::sleep(Duration::from_millis(150));
    }
    assert_eq!(connection.answer().ok().lines().len(), images);
}
