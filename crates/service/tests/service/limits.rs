//! Images that are too large, by bytes and by pixels.

use serde_json::json;

use crate::http::{BATCH, Connection, DETECT, Form, Response, Service, post};
use crate::pictures::{fixture, noise, small};

const MOST: u64 = 100_000;

fn service() -> Service {
    Service::with(|setup| setup.engine.limits.max_bytes = MOST)
}

#[track_caller]
fn assert_too_large(answer: &Response) {
    let problem = answer.problem(413, "IMAGE_TOO_LARGE");
    assert_eq!(problem["details"], json!({"max_bytes": MOST, "max_pixels": 50_000_000}));
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_is_sent() {
    let service = service();
    let request = post(DETECT, vec![0; 100_001]);
    let mut connection = service.connect();
    connection.write(request.head());
    assert_too_large(&connection.answer());
    // The body still belongs to it.
    connection.write(vec![0; 100_001]);
    connection.ask(&post(DETECT, small())).ok();
}

#[test]
fn a_body_in_chunks_is_refused_as_soon_as_it_is_too_large() {
    let service = service();
    let body = post(DETECT, vec![0; 150_000]).chunked().bytes();
    let mut connection = service.connect();
    connection.write(&body[..body.len() - b"0\r\n\r\n".len()]);
    assert_too_large(&connection.answer());
    connection.write("0\r\n\r\n");
    connection.ask(&post(DETECT, small())).ok();
}

#[test]
fn a_form_may_be_larger_than_its_image_but_not_by_much() {
    let service = service();
    let largest = noise(316, 1);
    assert!(largest.len() < 100_000 && largest.len() > 99_000);
    let padded = Form::default().file("note", "a", &[b'.'; 50_000]).file("image", "b", &largest);
    service.ask(&post(DETECT, []).form(padded)).ok();

    assert_too_large(&service.ask(&post(DETECT, []).form(Form::image(&[0; 100_001]))));
    let chunked = post(DETECT, []).form(Form::image(&[0; 100_001])).chunked();
    assert_too_large(&service.ask(&chunked));
    let padded = Form::default().file("note", "a", &[b'.'; 170_000]).file("image", "b", &small());
    let request = post(DETECT, []).form(padded);
    assert_too_large(&service.ask(&request));
    assert_too_large(&service.ask(&request.chunked()));
}

#[test]
fn an_image_of_the_largest_size_is_taken() {
    let service = service();
    let mut largest = noise(316, 1);
    largest.resize(100_000, 0);
    service.ask(&post(DETECT, largest.clone())).ok();
    service.ask(&post(DETECT, largest.clone()).chunked()).ok();
    largest.push(0);
    assert_too_large(&service.ask(&post(DETECT, largest)));
}

#[test]
fn pixels_are_limited_whatever_the_bytes() {
    let service = Service::with(|setup| setup.engine.limits.max_pixels = 30 * 22);
    service.ask(&post(DETECT, small())).ok();
    for picture in [fixture("broken/png-huge"), fixture("broken/jpeg-huge"), noise(26, 0)] {
        let problem = service.ask(&post(DETECT, picture)).problem(413, "IMAGE_TOO_LARGE");
        assert_eq!(problem["details"], json!({"max_bytes": 10_000_000, "max_pixels": 660}));
        assert!(problem["detail"].as_str().unwrap().contains("more than the 660 allowed"), "{problem}");
    }
}

#[test]
fn in_a_batch_one_image_that_is_too_large_is_told_and_the_others_go_on() {
    let service = service();
    let form = Form::image(&small()).file("image", "large", &[0; 200_000]).file("image", "c", &small());
    let mut lines = service.ask(&post(BATCH, []).form(form)).ok().lines();
    lines.sort_by_key(|line| line["index"].as_u64());
    assert_eq!(lines.iter().map(|line| &line["success"]).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(lines[1]["error_code"], "IMAGE_TOO_LARGE");
    assert_eq!(lines[1]["details"]["max_bytes"], MOST);
}

/// No 100 for a body that would be refused.
#[test]
fn whoever_asks_first_is_refused_without_having_sent_anything() {
    let service = service();
    for request in [
        post(DETECT, vec![0; 100_001]),
        post(format!("{DETECT}?sigma=0"), small()),
        post(DETECT, small()).header("Content-Encoding", "br"),
        post("/nowhere", small()),
    ] {
        let mut connection: Connection = service.connect();
        connection.write(request.header("Expect", "100-continue").head());
        let answer = connection.answer();
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert_eq!(answer.expect("content-type"), "application/problem+json");
    }
}
