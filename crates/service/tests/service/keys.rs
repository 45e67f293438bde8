//! Who may ask, how often, and who he is.

use std::num::NonZeroU32;

use service::{ApiKeyHash, RateLimit};

use crate::http::{BATCH, DETECT, Form, Request, Service, get, post};
use crate::pictures::small;

fn with_keys() -> Service {
    Service::with(|setup| setup.config.api_keys = vec![ApiKeyHash::of("one"), ApiKeyHash::of("two")])
}

#[test]
fn a_key_is_needed_and_must_be_right() {
    let service = with_keys();
    let asked = || post(DETECT, small());
    for request in [
        asked(),
        asked().header("Authorization", "Basic b25lOg=="),
        asked().header("X-API-Key", ""),
        asked().header("Authorization", "Bearer "),
        get("/nowhere"),
        get(format!("/api/v1/features/{}", "0".repeat(64))),
        Request::new("OPTIONS", DETECT),
        post(BATCH, []).form(Form::image(&small())),
    ] {
        let answer = service.ask(&request);
        answer.problem(401, "UNAUTHORIZED");
        assert_eq!(answer.expect("www-authenticate"), "Bearer");
    }
    for request in [
        asked().header("Authorization", "Bearer three"),
        asked().header("X-API-Key", "ONE"),
        asked().header("Authorization", "Bearer wrong").header("X-API-Key", "one"),
    ] {
        service.ask(&request).problem(403, "FORBIDDEN");
    }
    for request in [
        asked().header("Authorization", "Bearer one"),
        asked().header("authorization", "bearer two"),
        asked().header("X-API-Key", "two"),
        asked().header("Authorization", "Basic b25lOg==").header("X-API-Key", "one"),
    ] {
        service.ask(&request).ok();
    }
}

#[test]
fn probes_metrics_and_pages_need_none() {
    let service = with_keys();
    for path in
        ["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs/", "/", "/page.js"]
    {
        service.ask(&get(path)).ok();
    }
    let contract = service.ask(&get("/openapi.json")).json();
    assert_eq!(contract["components"]["securitySchemes"]["header"]["name"], "X-API-Key");
}

#[test]
fn a_key_is_never_logged() {
    let service = with_keys();
    service.ask(&post(DETECT, small()).header("Authorization", "Bearer hush").header("X-Request-ID", "a"));
    let line = service.log.request("a");
    assert_eq!((&line["status"], &line["error_code"]), (&403.into(), &"FORBIDDEN".into()));
    assert!(service.log.lines().iter().all(|line| !line.to_string().contains("hush")));
}

#[test]
fn each_key_has_its_own_rate() {
    let service = Service::with(|setup| {
        setup.config.api_keys = vec![ApiKeyHash::of("one"), ApiKeyHash::of("two")];
        setup.config.rate_limit = Some(RateLimit { per_second: 1e-3, burst: NonZeroU32::new(2).unwrap() });
    });
    let asked = |key: &str| service.ask(&post(DETECT, small()).header("X-API-Key", key));
    for _ in 0..2 {
        asked("one").ok();
        asked("wrong").problem(403, "FORBIDDEN");
    }
    asked("one").problem(429, "RATE_LIMITED");
    asked("two").ok();
    asked("two").ok();
    asked("two").problem(429, "RATE_LIMITED");
}

#[test]
fn without_keys_each_address_has_its_own_rate() {
    let service = Service::with(|setup| {
        setup.config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        setup.config.rate_limit = Some(RateLimit { per_second: 1e-3, burst: NonZeroU32::MIN });
    });
    let asked = |client: &str| service.ask(&post(DETECT, small()).header("X-Forwarded-For", client));
    asked("192.0.2.1").ok();
    asked("192.0.2.1").problem(429, "RATE_LIMITED");
    asked("192.0.2.2").ok();
    asked("203.0.113.9, 192.0.2.2").problem(429, "RATE_LIMITED");
}

#[test]
fn only_proxies_that_are_trusted_say_who_asks() {
    let client = |service: &Service, forwarded: &str, id: &str| {
        service.ask(&get("/nowhere").header("X-Forwarded-For", forwarded).header("X-Request-ID", id));
        service.log.request(id)["client"].clone()
    };
    let service = Service::start();
    assert_eq!(client(&service, "192.0.2.1", "a"), "127.0.0.1");
    let service = Service::with(|setup| {
        setup.config.trusted_proxies =
            ["127.0.0.1", "10.0.0.0/24"].map(|proxy| proxy.parse().unwrap()).into();
    });
    assert_eq!(client(&service, "192.0.2.1", "a"), "192.0.2.1");
    assert_eq!(client(&service, "6.6.6.6, 192.0.2.1, 10.0.0.1", "b"), "192.0.2.1");
    assert_eq!(client(&service, "unknown", "c"), "127.0.0.1");
}

#[test]
fn who_guesses_keys_is_held_to_a_rate() {
    let service = Service::with(|setup| {
        setup.config.api_keys = vec![ApiKeyHash::of("right")];
        let burst = NonZeroU32::new(3).unwrap();
        setup.config.rate_limit = Some(RateLimit { per_second: 0.001, burst });
    });
    let guess = || post(DETECT, small()).header("X-API-Key", "wrong");
    for _ in 0..3 {
        service.ask(&guess()).problem(403, "FORBIDDEN");
    }
    service.ask(&guess()).problem(429, "RATE_LIMITED");
    service.ask(&post(DETECT, small()).header("X-API-Key", "right")).ok();
}
