//! `X-Request-ID`: the same in the answer, its document and the log.

use crate::http::{DETECT, Service, get, post};
use crate::pictures::small;

#[test]
fn a_sane_identity_is_taken() {
    let service = Service::start();
    let longest = "x".repeat(128);
    for id in ["a", "7f3:4/5+6=7@8_9.0-1", &longest] {
        let answer = service.ask(&post(DETECT, small()).header("X-Request-ID", id)).ok();
        assert_eq!(answer.expect("x-request-id"), id);
        assert_eq!(answer.json()["request_id"], id);
        assert_eq!(service.log.request(id)["path"], DETECT);
        let answer = service.ask(&get("/nowhere").header("x-request-id", id));
        assert_eq!(answer.problem(404, "NOT_FOUND")["request_id"], id);
    }
}

#[test]
fn any_other_is_replaced() {
    let service = Service::start();
    let long = "x".repeat(129);
    let mut seen = Vec::new();
    for id in ["", "a b", "\"a\"", "{a}", "a,b", "a;b", "<a>", "\u{fc}", &long] {
        let answer = service.ask(&get("/health/live").header("X-Request-ID", id)).ok();
        let made = answer.expect("x-request-id").to_owned();
        assert_eq!(
            (made.len(), made.bytes().all(|byte| byte.is_ascii_hexdigit())),
            (32, true),
            "{id}: {made}"
        );
        assert!(!seen.contains(&made));
        seen.push(made);
    }
}

#[test]
fn every_answer_has_one() {
    let service = Service::start();
    for path in ["/", "/docs/", "/docs", "/openapi.json", "/metrics", "/health", "/page.css", "/nowhere"] {
        assert!(service.ask(&get(path)).header("x-request-id").is_some(), "{path}");
    }
}
