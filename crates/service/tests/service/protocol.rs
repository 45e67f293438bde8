//! HTTP/1.1 as clients use it, well and badly.

use std::thread;

use service::Bounds;

use crate::http::{BATCH, DETECT, Form, Request, Service, get, post};
use crate::pictures::{noise, photograph, slow, small};

#[test]
fn a_connection_serves_many_requests() {
    let service = Service::start();
    let mut connection = service.connect();
    for _ in 0..10 {
        connection.ask(&post(DETECT, small())).ok();
        connection.ask(&post(DETECT, []).form(Form::image(&small())).chunked()).ok();
        connection.ask(&get("/nowhere")).problem(404, "NOT_FOUND");
        assert_eq!(connection.ask(&Request::new("HEAD", "/health")).status, 200);
        connection.ask(&post(BATCH, []).form(Form::image(&small()))).ok();
    }
    assert_eq!(service.metric("siftd_connections"), 2.0, "this one, and that of the scrape");
}

#[test]
fn requests_in_one_write_are_answered_in_order() {
    let service = Service::start();
    let requests = [
        post(DETECT, photograph()).header("X-Request-ID", "1"),
        get("/health/live").header("X-Request-ID", "2"),
        post(DETECT, "hello").header("X-Request-ID", "3"),
        post(DETECT, []).form(Form::image(&small())).chunked().header("X-Request-ID", "4"),
        get("/nowhere").header("X-Request-ID", "5"),
    ];
    let mut connection = service.connect();
    connection.write(requests.iter().flat_map(Request::bytes).collect::<Vec<_>>());
    for (id, status) in [("1", 200), ("2", 200), ("3", 400), ("4", 200), ("5", 404)] {
        let answer = connection.answer();
        assert_eq!((answer.expect("x-request-id"), answer.status), (id, status));
    }
}

#[test]
fn a_request_may_come_in_any_pieces() {
    let service = Service::start();
    for request in [
        post(DETECT, []).form(Form::image(&small())),
        post(DETECT, []).form(Form::image(&small())).chunked(),
        post(DETECT, small()),
    ] {
        let mut connection = service.connect();
        for byte in request.bytes() {
            connection.write([byte]);
        }
        connection.answer().ok();
    }
}

#[test]
fn who_asks_whether_to_send_is_told_to() {
    let service = Service::start();
    for request in [
        post(DETECT, photograph()),
        post(DETECT, []).form(Form::image(&photograph())),
        post(DETECT, photograph()).chunked(),
        post(BATCH, []).form(Form::image(&photograph())),
    ] {
        let request = request.header("Expect", "100-continue");
        let (head, bytes) = (request.head(), request.bytes());
        let mut connection = service.connect();
        connection.write(&head);
        assert_eq!(connection.answer().status, 100);
        connection.write(&bytes[head.len()..]);
        connection.answer().ok();
        connection.ask(&get("/health/live")).ok();
    }
}

#[test]
fn a_connection_is_closed_where_the_client_asks_for_it() {
    let service = Service::start();
    let mut connection = service.connect();
    let answer = connection.ask(&post(DETECT, small()).header("Connection", "close")).ok();
    assert_eq!(answer.expect("connection"), "close");
    assert!(connection.rest().is_empty());
}

#[test]
fn half_a_body_harms_nobody() {
    let service = Service::start();
    for request in [
        post(DETECT, photograph()),
        post(DETECT, []).form(Form::image(&photograph())),
        post(DETECT, photograph()).chunked(),
    ] {
        let request = request.header("X-Request-ID", "half");
        let bytes = request.bytes();
        let mut connection = service.connect();
        connection.write(&bytes[..bytes.len() - 20_000]);
        connection.end_sending();
        let answer = connection.rest();
        if !answer.is_empty() {
            assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
        }
    }
    let lines = service.log.wait_for(3, |line| line["request_id"] == "half");
    assert!(lines.iter().all(|line| line["status"] == 400 || line["status"] == 499), "{lines:?}");
    service.until(&[("siftd_body_bytes_in_flight", 0.0), ("siftd_requests_in_flight", 1.0)]);
    service.ask(&post(DETECT, photograph())).ok();
}

#[test]
fn lengths_that_are_wrong_are_bad_requests() {
    let service = Service::start();
    for headers in [
        "Content-Length: x",
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip",
    ] {
        let mut connection = service.connect();
        connection.write(format!("POST {DETECT} HTTP/1.1\r\nHost: siftd\r\n{headers}\r\n\r\n"));
        let answer = connection.rest();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{headers}: {}", answer.escape_ascii());
    }
    let mut connection = service.connect();
    connection.write(format!("POST {DETECT} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"));
    let answer = connection.rest();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
    service.ask(&post(DETECT, small())).ok();
}

/// A length beside chunks is how requests are smuggled past a proxy: what follows is not taken for a request.
#[test]
fn a_length_beside_chunks_smuggles_nothing() {
    let service = Service::start();
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: siftd\r\n\r\n";
    let head = format!("POST {DETECT} HTTP/1.1\r\nHost: siftd\r\nConnection: close\r\n");
    let lengths = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
    let mut connection = service.connect();
    connection.write(format!("{head}{lengths}{body}"));
    let answers = connection.rest();
    assert!(answers.starts_with(b"HTTP/1.1 400 "), "{}", answers.escape_ascii());
    service.ask(&get("/nowhere").header("X-Request-ID", "last"));
    service.log.request("last");
    assert!(service.log.lines().iter().all(|line| line["path"] != "/smuggled"));
}

#[test]
fn what_is_no_http_is_answered_and_the_connection_closed() {
    let service = Service::start();
    for nonsense in [
        "\0\0\0\0",
        "hello\r\n\r\n",
        "GET / HTTP/3.7\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\0\x01",
    ] {
        let mut connection = service.connect();
        connection.write(nonsense);
        connection.end_sending();
        let answer = connection.rest();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
    }
    service.ask(&get("/health/live")).ok();
}

#[test]
fn headers_that_are_huge_are_refused() {
    let service = Service::start();
    let huge = get("/health/live").header("X-Huge", "x".repeat(1 << 20));
    let many =
        (0..200).fold(get("/health/live"), |request, index| request.header(&format!("X-{index}"), "x"));
    for request in [huge, many] {
        let mut connection = service.connect();
        // It may be refused before it is written.
        let _ = connection.try_write(request.bytes());
        let answer = connection.try_answer().unwrap();
        assert_eq!(answer.status, 431);
    }
    let long = get(format!("/{}", "x".repeat(60_000)));
    service.ask(&long).problem(404, "NOT_FOUND");
    service.ask(&get("/health/live")).ok();
}

/// A client that sends requests for large answers and reads none of them keeps nobody from being served, and is cut.
#[test]
fn a_client_that_never_reads_is_cut() {
    let service = Service::with(|setup| {
        setup.config.bounds =
            Bounds { body_timeout: std::time::Duration::from_millis(300), ..Bounds::default() };
    });
    let answer = service.ask(&post(format!("{DETECT}?format=json&denoise=none"), noise(300, 0))).ok();
    assert!(answer.body.len() > 100_000, "{}", answer.body.len());
    let location = answer.expect("content-location").to_owned();
    let deaf = service.connect();
    let requests = get(location).bytes().repeat(300);
    let mut writer = deaf.writer();
    thread::scope(|scope| {
        scope.spawn(move || drop(std::io::Write::write_all(&mut writer, &requests)));
        service.ask(&post(DETECT, small())).ok();
    });
    service.until(&[("siftd_connections", 1.0)]);
    drop(deaf);
}

#[test]
fn connections_beyond_the_cap_wait_and_those_for_probes_do_not() {
    let service = Service::with(|setup| {
        setup.config.bounds.connections = std::num::NonZeroUsize::new(2).unwrap();
        setup.config.admin_listen = Some(([127, 0, 0, 1], 0).into());
    });
    let admin = service.admin.unwrap();
    let (mut first, mut second) = (service.connect(), service.connect());
    first.ask(&get("/health/live")).ok();
    second.write(slow(0).bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    let mut third = service.connect();
    third.write(get("/health/live").header("X-Request-ID", "third").bytes());
    for _ in 0..3 {
        let mut probe = crate::http::Connection::open(admin);
        probe.ask(&get("/health/ready")).ok();
        first.ask(&get("/health/live")).ok();
        // The two, this probe's and the scrape's, once the end of an earlier scrape's has been seen.
        service.until(&[("siftd_connections", 4.0)]);
        drop(probe);
        service.until(&[("siftd_connections", 3.0)]);
    }
    drop(first);
    assert_eq!(third.answer().ok().expect("x-request-id"), "third");
    crate::http::Connection::open(admin).ask(&get("/nowhere")).problem(404, "NOT_FOUND");
    crate::http::Connection::open(admin).ask(&post(DETECT, small())).problem(404, "NOT_FOUND");
    drop(second);
}
