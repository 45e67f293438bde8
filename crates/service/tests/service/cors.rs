//! Pages of other origins.

use service::ApiKeyHash;

use crate::http::{DETECT, Request, Response, Service, get, post};
use crate::pictures::small;

const ORIGIN: &str = "https://a.example";

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", DETECT).header("Origin", origin).header("Access-Control-Request-Method", "POST")
}

fn named(origins: &[&str]) -> Service {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    Service::with(|setup| setup.config.cors_origins = origins)
}

#[track_caller]
fn assert_silent(answer: &Response) {
    let told = answer.headers.iter().any(|(name, _)| name.starts_with("access-control-"));
    assert!(!told, "{answer:?}");
}

#[test]
fn by_default_no_page_may_read() {
    let service = Service::start();
    assert_silent(&service.ask(&post(DETECT, small()).header("Origin", ORIGIN)).ok());
    let answer = service.ask(&preflight(ORIGIN));
    answer.problem(405, "METHOD_NOT_ALLOWED");
    assert_silent(&answer);
}

#[test]
fn pages_of_origins_that_are_named_may() {
    let service = named(&[ORIGIN]);
    let answer = service.ask(&post(DETECT, small()).header("Origin", ORIGIN)).ok();
    assert_eq!(answer.expect("access-control-allow-origin"), ORIGIN);
    assert!(answer.expect("access-control-expose-headers").contains("x-request-id"));
    let problem = service.ask(&get("/nowhere").header("Origin", ORIGIN));
    problem.problem(404, "NOT_FOUND");
    assert_eq!(problem.expect("access-control-allow-origin"), ORIGIN, "errors can be read, too");
    for other in ["https://b.example", "https://a.example.evil", "http://a.example", "null"] {
        assert_silent(&service.ask(&post(DETECT, small()).header("Origin", other)).ok());
        assert_silent(&service.ask(&preflight(other)));
    }
    let any = named(&["*"]).ask(&get("/health").header("Origin", "https://b.example")).ok();
    assert_eq!(any.expect("access-control-allow-origin"), "https://b.example");
}

#[test]
fn a_browser_may_ask_beforehand_without_a_key() {
    let service = Service::with(|setup| {
        setup.config.cors_origins = vec![ORIGIN.to_owned()];
        setup.config.api_keys = vec![ApiKeyHash::of("key")];
    });
    let answer = service.ask(&preflight(ORIGIN));
    assert_eq!((answer.status, answer.expect("access-control-allow-origin")), (204, ORIGIN));
    assert!(answer.expect("access-control-allow-methods").contains("POST"));
    for name in ["authorization", "x-api-key", "content-type", "x-request-id"] {
        assert!(answer.expect("access-control-allow-headers").contains(name), "{name}");
    }
    let refused = service.ask(&post(DETECT, small()).header("Origin", ORIGIN));
    refused.problem(401, "UNAUTHORIZED");
    assert_eq!(refused.expect("access-control-allow-origin"), ORIGIN);
}

/// A cache that has the answer to one origin, or to none, must not give it to another.
#[test]
fn caches_are_told_that_the_origin_matters() {
    let service = named(&[ORIGIN]);
    let address = service.ask(&post(DETECT, small())).ok().expect("content-location").to_owned();
    for request in [
        get(address.clone()),
        get(address.clone()).header("Origin", ORIGIN),
        get(address).header("Origin", "null"),
    ] {
        let answer = service.ask(&request).ok();
        let vary: Vec<_> =
            answer.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value).collect();
        assert_eq!(vary, ["accept", "origin"], "{}", request.head());
    }
}
