//! What is sent.

use std::collections::HashSet;
use std::fs;

use extract::{Limits, OutputFormat, decode};
use http::Method;
use loadgen::{Config, LoadError, Mix, Target, Via, run};
use tokio_util::sync::CancellationToken;

use crate::server::{Server, features, status};
use crate::{HIT, MISS, brief, corpus, load, millis, pictures};

fn server() -> Server {
    Server::start(|_| async { features(HIT) })
}

/// The six photographs.
fn photographs() -> Vec<Vec<u8>> {
    let entries = fs::read_dir(pictures()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    entries.filter(|bytes| extract::Format::sniff(bytes).is_ok()).collect()
}

#[test]
fn hits_are_photographs_and_misses_are_new_bytes_with_the_same_pixels() {
    let server = server();
    load(&server, &Config { via: Via::Raw, mix: Mix::HitRatio(0.5), duration: millis(600), ..brief() })
        .unwrap();
    let photographs = photographs();
    let pixels: Vec<_> = photographs.iter().map(|bytes| decode(bytes, &Limits::default()).unwrap()).collect();
    let mut variants = HashSet::new();
    for came in server.came() {
        if !photographs.iter().any(|photograph| *photograph == came.body) {
            assert!(pixels.contains(&decode(&came.body, &Limits::default()).unwrap()));
            assert!(variants.insert(came.body), "sent twice");
        }
    }
    assert!(!variants.is_empty());
}

#[test]
fn forms_have_the_image_alone_and_tell_their_length() {
    let server = server();
    load(&server, &Config { via: Via::Multipart, mix: Mix::HitRatio(0.5), ..brief() }).unwrap();
    for came in server.came() {
        let content_type = came.headers["content-type"].to_str().unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let head = format!("--{boundary}\r\n");
        let tail = format!("\r\n--{boundary}--\r\n");
        let part = came.body.strip_prefix(head.as_bytes()).unwrap().strip_suffix(tail.as_bytes()).unwrap();
        let end_of_head = part.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        assert!(part.starts_with(b"Content-Disposition: form-data; name=\"image\"; filename="));
        assert!(decode(&part[end_of_head + 4..], &Limits::default()).is_ok());
        assert_eq!(came.headers["content-length"], came.body.len().to_string());
    }
}

#[test]
fn hits_can_be_asked_for_where_the_upload_said_they_are() {
    let server = server();
    let target = Target::new(&format!("{}/below/?h=5", server.url()), Some("secret")).unwrap();
    let format = Some(OutputFormat::Npz);
    let config = Config { via: Via::Get, mix: Mix::HitRatio(1.0), format, ..brief() };
    run(&target, &config, &corpus(), &CancellationToken::new(), &mut |_| {}).unwrap();
    let came = server.came();
    let (uploads, gets) = came.split_at(photographs().len());
    assert!(uploads.iter().all(|came| came.target == "/below/api/v1/features/detect?h=5&format=npz"));
    assert!(!gets.is_empty());
    assert!(
        gets.iter().all(|came| came.method == Method::GET && came.target == "/below/api/v1/features/0123")
    );
    assert!(came.iter().all(|came| came.headers["authorization"] == "Bearer secret"));
    assert!(came.iter().all(|came| came.headers["host"] == server.address.to_string()));
}

#[test]
fn popular_variants_are_sent_again_and_again() {
    let server = Server::start(|_| async { features(MISS) });
    let mix = Mix::Popularity { exponent: 1.0, variants: 20 };
    load(&server, &Config { mix, via: Via::Raw, duration: millis(600), ..brief() }).unwrap();
    let came = server.came();
    let different: HashSet<_> = came.iter().map(|came| came.body.clone()).collect();
    assert!(different.len() <= 20 && (different.len() < came.len() || came.len() < 5), "{}", different.len());
}

#[test]
fn a_picture_that_the_service_does_not_take_is_named() {
    let server = Server::start(|_| async { status(400) });
    let error = load(&server, &Config { mix: Mix::HitRatio(0.5), ..brief() }).unwrap_err();
    assert!(matches!(error, LoadError::WarmUp { .. }));
    let message = error.to_string();
    assert!(message.contains("astronaut.jpg") && message.ends_with("answers 400 Bad Request"), "{message}");
}
