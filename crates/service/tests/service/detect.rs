//! One image: how it is sent, and what the answer says.

use extract::{Control, Extractor, FeatureSet, Limits, Params, ParamsBuilder};

use crate::http::{DETECT, Form, Response, Service, get, post};
use crate::pictures::{fixture, photograph, small};

fn expected(image: &[u8], params: &Params) -> FeatureSet {
    Extractor::new().extract(image, params, &Limits::default(), &Control::default()).unwrap().features
}

/// The names of the stages, in order.
fn stages(answer: &Response) -> Vec<&str> {
    let entries = answer.expect("server-timing").split(", ").map(|entry| entry.split_once(";dur=").unwrap());
    entries
        .map(|(name, took)| {
            assert!(took.parse::<f64>().unwrap() >= 0.0);
            name
        })
        .collect()
}

#[test]
fn the_summary_tells_of_the_image_and_of_the_request() {
    let service = Service::start();
    let features = expected(&photograph(), &Params::default());
    let answer = service.ask(&post(DETECT, photograph())).ok();
    let summary = answer.json();
    assert_eq!(answer.expect("content-type"), "application/json");
    assert_eq!(summary["success"], true);
    assert_eq!(summary["keypoints"], features.keypoints.len());
    assert_eq!(summary["descriptors_shape"], serde_json::json!([features.keypoints.len(), 128]));
    assert_eq!((&summary["width"], &summary["height"]), (&451.into(), &300.into()));
    assert_eq!(summary["cached"], false);
    assert!(summary["processing_time_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(summary["request_id"], answer.expect("x-request-id"));
    let location = format!("/api/v1/features/{}", summary["sha256"].as_str().unwrap());
    assert_eq!(answer.expect("content-location"), location);
    let hashed = service.ask(&post(DETECT, photograph())).ok().json();
    assert_eq!((&hashed["sha256"], &hashed["cached"]), (&summary["sha256"], &true.into()));
}

#[test]
fn a_picture_without_keypoints_has_an_empty_shape() {
    let flat = [b"P5 20 20 255 ".as_slice(), &[7; 400]].concat();
    let service = Service::start();
    for _ in 0..2 {
        let summary = service.ask(&post(DETECT, flat.clone())).ok().json();
        assert_eq!(summary["descriptors_shape"], serde_json::json!([0, 128]));
    }
}

#[test]
fn a_form_and_a_body_are_the_same_image() {
    let service = Service::start();
    let raw = service.ask(&post(DETECT, small())).ok();
    let requests = [
        post(DETECT, []).form(Form::image(&small())),
        post(DETECT, []).form(Form::default().file("note", "x", b"y").file("image", "a.png", &small())),
        post(DETECT, []).form(Form::image(&small())).chunked(),
        post(DETECT, small()).header("Content-Type", "image/png"),
        post(DETECT, small()).header("Content-Type", "application/x-www-form-urlencoded"),
        post(DETECT, small()).chunked(),
    ];
    for request in requests {
        let answer = service.ask(&request).ok();
        assert_eq!(answer.json()["sha256"], raw.json()["sha256"]);
        assert_eq!(answer.json()["cached"], true);
        assert_eq!(answer.expect("etag"), raw.expect("etag"));
    }
}

#[test]
fn a_miss_is_told_from_a_hit() {
    let service = Service::start();
    let miss = service.ask(&post(DETECT, photograph())).ok();
    assert_eq!(miss.expect("cache-status"), "siftd; fwd=miss; stored");
    let computed =
        ["parse", "hash", "cache_get", "decode", "denoise", "detect", "describe", "cache_set", "queue"];
    assert_eq!(stages(&miss), computed);

    let hit = service.ask(&post(DETECT, photograph())).ok();
    let status = hit.expect("cache-status");
    let ttl = status.strip_prefix("siftd; hit; ttl=").and_then(|rest| rest.strip_suffix("; detail=memory"));
    assert!((1..=3600).contains(&ttl.unwrap().parse::<u32>().unwrap()), "{status}");
    assert_eq!(stages(&hit), ["parse", "hash", "cache_get"]);

    let archive = service.ask(&post(format!("{DETECT}?format=npz"), photograph())).ok();
    assert_eq!(stages(&archive), ["parse", "hash", "cache_get", "serialize"]);
    assert_eq!(archive.expect("vary"), "accept");
}

#[test]
fn parameters_are_those_of_the_query_then_of_the_configuration() {
    let mut own = ParamsBuilder::default();
    own.set("octave_layers", "4").unwrap();
    let own = own.build().unwrap();
    let service = Service::with(|setup| setup.config.params = own.into());
    let stored = |query: &str| {
        let answer = service.ask(&post(format!("{DETECT}?format=siftd{query}"), photograph())).ok();
        (answer.expect("content-location").to_owned(), FeatureSet::from_siftd(&answer.body).unwrap())
    };
    let sha256 = stored("").0[..81].to_owned();
    assert_eq!(stored(""), (format!("{sha256}?format=siftd"), expected(&photograph(), &own)));
    let mut query = ParamsBuilder::from(own);
    query.set("max_features", "50").unwrap();
    query.set("denoise", "none").unwrap();
    let params = query.build().unwrap();
    let (location, features) = stored("&max_features=50&denoise=none");
    assert_eq!(features, expected(&photograph(), &params));
    let asked = format!("{sha256}?denoise=none&max_features=50&format=siftd");
    assert_eq!(location, asked);
    let defaults = stored("&octave_layers=3").1;
    assert_eq!(defaults, expected(&photograph(), &Params::default()));
    assert_ne!(defaults, expected(&photograph(), &own));
    assert_eq!(
        service.ask(&get(location)).ok().expect("cache-status").split("; ttl").next(),
        Some("siftd; hit")
    );
}

#[test]
fn every_input_format_is_read() {
    let service = Service::start();
    for name in ["png-rgb-8", "jpeg-420", "bmp-24", "webp-lossy-60", "tiff-16-rgb", "pnm-p6"] {
        let summary = service.ask(&post(DETECT, fixture(&format!("ok/{name}")))).ok().json();
        assert!(summary["width"].as_u64().unwrap() > 0, "{name}");
    }
}
