//! The formats of an answer, by query and by `Accept`.

use extract::{Control, Extractor, Limits, OutputFormat, Params};

use crate::http::{DETECT, Response, Service, get, post};
use crate::pictures::photograph;

const FORMATS: [(OutputFormat, &str, &str); 4] = [
    (OutputFormat::Json, "application/json;profile=full", "application/json"),
    (OutputFormat::Npz, "application/x-npz", "application/x-npz"),
    (OutputFormat::Colmap, "text/plain", "text/plain"),
    (OutputFormat::Siftd, "application/vnd.siftd.features", "application/vnd.siftd.features"),
];

fn encoded(format: OutputFormat) -> Vec<u8> {
    let (params, limits) = (Params::default(), Limits::default());
    let extraction = Extractor::new().extract(&photograph(), &params, &limits, &Control::default()).unwrap();
    let mut out = Vec::new();
    extraction.features.encode(format, &mut out).unwrap();
    out
}

#[test]
fn each_is_what_the_command_writes() {
    let service = Service::start();
    for (format, accepted, media_type) in FORMATS {
        let expected = encoded(format);
        let by_query = service.ask(&post(format!("{DETECT}?format={format}"), photograph())).ok();
        let by_accept = service.ask(&post(DETECT, photograph()).header("Accept", accepted)).ok();
        for answer in [&by_query, &by_accept] {
            assert_eq!(answer.expect("content-type"), media_type);
            assert!(answer.body == expected, "{format}");
        }
        assert_eq!(by_query.expect("etag"), by_accept.expect("etag"));
    }
}

#[test]
fn where_the_answer_is_said_to_be_it_is() {
    let service = Service::start();
    for (format, ..) in FORMATS {
        let query = format!("format={format}&contrast_threshold=0.02&denoise=none");
        let answer = service.ask(&post(format!("{DETECT}?{query}"), photograph())).ok();
        let again = service.ask(&get(answer.expect("content-location"))).ok();
        assert!(again.body == answer.body, "{format}");
        for header in ["etag", "content-type", "content-location"] {
            assert_eq!(again.expect(header), answer.expect(header), "{format}");
        }
    }
    let summary = service.ask(&post(DETECT, photograph())).ok();
    let again = service.ask(&get(summary.expect("content-location"))).ok();
    assert_eq!(summary.expect("etag"), format!("W/{}", again.expect("etag")));
    for member in ["success", "keypoints", "descriptors_shape", "width", "height", "sha256"] {
        assert_eq!(again.json()[member], summary.json()[member], "{member}");
    }
}

#[test]
fn the_format_of_the_highest_quality_is_chosen() {
    let service = Service::start();
    let answer = |accepted: &str| -> Response {
        service.ask(&post(DETECT, photograph()).header("Accept", accepted)).ok()
    };
    let is_summary = |answer: &Response| answer.json()["request_id"].is_string();
    for accepted in ["*/*", "application/*", "application/json", "text/html, */*;q=0.1", ";", ""] {
        assert!(is_summary(&answer(accepted)), "{accepted}");
    }
    for (accepted, media_type) in [
        ("application/x-npz;q=0.5, text/plain", "text/plain"),
        ("application/x-npz;q=0.5, text/plain;q=0.4", "application/x-npz"),
        ("text/*, application/json;q=0.9", "text/plain"),
        ("*/*;q=0.1, APPLICATION/X-NPZ;q=0.2", "application/x-npz"),
    ] {
        assert_eq!(answer(accepted).expect("content-type"), media_type, "{accepted}");
    }
    let full = answer("application/json;profile=full, application/json;q=0.9");
    assert!(full.json()["descriptors"].is_array());
    let query = post(format!("{DETECT}?format=colmap"), photograph()).header("Accept", "image/png");
    assert_eq!(service.ask(&query).ok().expect("content-type"), "text/plain", "the query comes first");
}
