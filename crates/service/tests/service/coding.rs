//! Compressed bodies.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::http::{BATCH, DETECT, Form, Request, Service, post};
use crate::pictures::{photograph, small};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, body: Vec<u8>) -> Request {
    post(DETECT, body).header("Content-Encoding", coding)
}

fn form(form: Form) -> Request {
    let (content_type, body) = form.end();
    coded("gzip", gzip(&body)).header("Content-Type", content_type)
}

#[test]
fn what_is_compressed_is_the_same_image() {
    let service = Service::start();
    let sha256 = service.ask(&post(DETECT, photograph())).ok().json()["sha256"].clone();
    let picture = photograph();
    let members = [gzip(&picture[..10_000]), gzip(&picture[10_000..])].concat();
    for request in [
        coded("gzip", gzip(&picture)),
        coded("X-GZIP", gzip(&picture)),
        coded("gzip", members),
        coded("deflate", zlib(&picture)),
        coded("deflate", deflate(&picture)),
        coded("identity", picture.clone()),
        coded("gzip", gzip(&picture)).chunked(),
        form(Form::image(&picture)),
        form(Form::image(&picture)).chunked(),
    ] {
        assert_eq!(service.ask(&request).ok().json()["sha256"], sha256, "{}", request.head());
    }
}

#[test]
fn what_is_not_whole_is_a_bad_request() {
    let service = Service::start();
    let whole = gzip(&small());
    let cut = whole[..whole.len() - 1].to_vec();
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for (request, words) in [
        (coded("gzip", cut), "ends too early"),
        (coded("gzip", wrong), "corrupt"),
        (coded("gzip", small()), "corrupt"),
        (coded("gzip", Vec::new()), "ends too early"),
        (coded("deflate", whole), "corrupt"),
    ] {
        let problem = service.ask(&request).problem(400, "BAD_REQUEST");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[test]
fn a_bomb_is_too_large() {
    let service = Service::start();
    let bomb = gzip(&vec![0; 100_000_000]);
    assert!(bomb.len() < 100_000);
    for request in [
        coded("gzip", bomb.clone()),
        coded("deflate", zlib(&vec![0; 100_000_000])),
        coded("gzip", bomb).chunked(),
        form(Form::image(&vec![0; 100_000_000])),
    ] {
        service.ask(&request).problem(413, "IMAGE_TOO_LARGE");
    }
}

#[test]
fn a_bomb_in_a_batch_is_told_and_the_others_go_on() {
    let service = Service::start();
    let bomb =
        Form::image(&small()).file("image", "bomb", &vec![0; 100_000_000]).file("image", "c", &small());
    let (content_type, body) = bomb.end();
    let request =
        post(BATCH, gzip(&body)).header("Content-Type", content_type).header("Content-Encoding", "gzip");
    let mut lines = service.ask(&request).ok().lines();
    lines.sort_by_key(|line| line["index"].as_u64());
    assert_eq!(lines.iter().map(|line| &line["success"]).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(lines[1]["error_code"], "IMAGE_TOO_LARGE");
}
