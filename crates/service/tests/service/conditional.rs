//! Features by SHA-256, as proxies and CDNs ask for them.

use service::ApiKeyHash;

use crate::http::{DETECT, Request, Response, Service, get, post};
use crate::pictures::small;

/// An uploaded image's address.
fn uploaded(service: &Service) -> String {
    service.ask(&post(DETECT, small())).ok().expect("content-location").to_owned()
}

/// The answer's headers but those that differ from request to request.
fn lasting(answer: &Response) -> Vec<&(String, String)> {
    let passing = ["date", "x-request-id", "server-timing"];
    let mut lasting: Vec<_> =
        answer.headers.iter().filter(|(name, _)| !passing.contains(&name.as_str())).collect();
    lasting.sort();
    lasting
}

fn max_age(answer: &Response, scope: &str) -> u32 {
    let control = answer.expect("cache-control");
    control.strip_prefix(scope).unwrap().strip_prefix(", max-age=").unwrap().parse().unwrap()
}

#[test]
fn a_head_is_the_answer_without_its_body() {
    let service = Service::start();
    let address = uploaded(&service);
    let unknown = format!("/api/v1/features/{}", "0".repeat(64));
    for target in
        [address.clone(), format!("{address}?format=npz"), "/openapi.json".into(), "/".into(), unknown]
    {
        let mut connection = service.connect();
        let got = connection.ask(&get(target.clone()));
        let head = connection.ask(&Request::new("HEAD", target.clone()));
        assert_eq!(head.status, got.status);
        let mut pairs = lasting(&got).into_iter().zip(lasting(&head));
        // A second may pass between the two.
        assert!(pairs.all(|(got, head)| got == head || ["cache-control", "cache-status"].contains(&got.0.as_str())));
        assert_eq!(lasting(&got).len(), lasting(&head).len(), "{got:?} {head:?}");
        assert_eq!(head.expect("content-length"), got.body.len().to_string(), "{target}");
        connection.ask(&get("/health/live")).ok();
    }
}

#[test]
fn whoever_has_the_answer_is_not_sent_it_again() {
    let service = Service::start();
    let address = uploaded(&service);
    for target in [address.clone(), format!("{address}?format=npz")] {
        let got = service.ask(&get(target.clone())).ok();
        let tag = got.expect("etag");
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".to_owned()] {
            let answer = service.ask(&get(target.clone()).header("If-None-Match", known.clone()));
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
            for header in ["etag", "content-location", "vary"] {
                assert_eq!(answer.expect(header), got.expect(header));
            }
            assert!(max_age(&answer, "public") <= 3600);
            assert_eq!(answer.header("content-type"), None);
        }
        for other in ["\"a\"", "x", ""] {
            assert_eq!(
                service.ask(&get(target.clone()).header("If-None-Match", other)).status,
                200,
                "{other}"
            );
        }
    }
    let unknown = format!("/api/v1/features/{}", "0".repeat(64));
    service.ask(&get(unknown).header("If-None-Match", "*")).problem(404, "NOT_FOUND");
}

#[test]
fn tags_differ_by_format_and_parameters() {
    let service = Service::start();
    let address = uploaded(&service);
    service.ask(&post(format!("{DETECT}?sigma=2"), small())).ok();
    let targets = ["", "?format=json", "?format=npz", "?format=colmap", "?format=siftd", "?sigma=2"];
    let mut tags: Vec<_> = targets
        .iter()
        .map(|query| service.ask(&get(format!("{address}{query}"))).ok().expect("etag").to_owned())
        .collect();
    assert_eq!(service.ask(&get(format!("{address}?sigma=1.6"))).ok().expect("etag"), tags[0]);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), targets.len());
    service.ask(&get(format!("{address}?sigma=3"))).problem(404, "NOT_FOUND");
}

#[test]
fn anyone_may_keep_the_answer_as_long_as_the_cache_does_and_with_keys_only_who_asked() {
    let service = Service::start();
    let address = uploaded(&service);
    let age = max_age(&service.ask(&get(address.clone())).ok(), "public");
    assert!((3000..=3600).contains(&age), "{age}");

    let service = Service::with(|setup| setup.config.api_keys = vec![ApiKeyHash::of("secret")]);
    service.ask(&post(DETECT, small()).header("X-API-Key", "secret")).ok();
    let answer = service.ask(&get(address.clone()).header("X-API-Key", "secret")).ok();
    assert!(max_age(&answer, "private") <= 3600);
    service.ask(&get(address)).problem(401, "UNAUTHORIZED");
}

#[test]
fn digits_may_be_upper_case() {
    let service = Service::start();
    let address = uploaded(&service);
    let (path, digits) = address.rsplit_once('/').unwrap();
    let answer = service.ask(&get(format!("{path}/{}", digits.to_uppercase()))).ok();
    assert_eq!(answer.expect("content-location"), address);
}
