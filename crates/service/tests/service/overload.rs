//! Too much at once: who is refused, why, and until when.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::Value;
use service::RateLimit;

use crate::http::{BATCH, Connection, DETECT, Form, Response, Service, get, post};
use crate::pictures::{noise, photograph, slow, slow_target, small};

/// Keeps the compute thread busy as long as the connection lives.
fn occupy(service: &Service) -> Connection {
    let mut connection = service.connect();
    connection.write(slow(0).bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    connection
}

#[track_caller]
fn assert_overloaded(answer: &Response, reason: &str) {
    let problem = answer.problem(503, "OVERLOADED");
    assert_eq!(problem["details"]["reason"], reason);
    let wait: u64 = answer.expect("retry-after").parse().unwrap();
    assert!(wait >= 1);
    assert_eq!(problem["details"]["retry_after_seconds"], wait);
}

#[test]
fn a_full_queue_refuses_and_hits_go_on() {
    let service = Service::with(|setup| setup.engine.queue_capacity = 0);
    service.ask(&post(DETECT, small())).ok();
    let _busy = occupy(&service);
    assert_overloaded(&service.ask(&post(DETECT, photograph())), "queue_full");
    assert_eq!(service.ask(&post(DETECT, small())).ok().json()["cached"], true);
    assert_eq!(service.metric("siftd_rejected_total{reason=\"queue_full\"}"), 1.0);
    let lines = service.ask(&post(BATCH, []).form(Form::image(&photograph()))).ok().lines();
    assert_eq!(
        (&lines[0]["error_code"], &lines[0]["details"]["reason"]),
        (&"OVERLOADED".into(), &"queue_full".into())
    );
}

#[test]
fn pixels_in_flight_have_a_budget() {
    let service = Service::with(|setup| {
        setup.engine.limits.max_pixels = 1500 * 1500;
        setup.engine.pixel_budget = 1500 * 1500;
    });
    let _busy = occupy(&service);
    assert_overloaded(&service.ask(&post(DETECT, small())), "pixel_budget");
}

#[test]
fn what_could_not_be_done_in_time_is_not_begun() {
    let service = Service::with(|setup| setup.engine.deadline = Duration::from_secs(60));
    let _busy = occupy(&service);
    assert_overloaded(&service.ask(&post(DETECT, small())), "deadline");
}

#[test]
fn what_was_begun_and_is_not_done_in_time_is_given_up() {
    let service = Service::with(|setup| setup.engine.deadline = Duration::from_millis(250));
    let problem = service.ask(&slow(1)).problem(504, "SERVICE_TIMEOUT");
    assert_eq!(problem["details"]["deadline_seconds"], 0.25);
    service.until(&[("siftd_compute_busy_threads", 0.0), ("siftd_inflight_pixels", 0.0)]);
}

#[test]
fn what_could_not_be_done_in_time_even_alone_is_told_at_once() {
    let service = Service::with(|setup| setup.engine.deadline = Duration::from_secs(2));
    service.ask(&post(DETECT, small())).ok();
    service.ask(&post(DETECT, noise(150, 0))).ok();
    let endless = format!("{DETECT}?search_window=2901");
    let answer = service.ask(&post(endless, photograph()));
    let problem = answer.problem(504, "SERVICE_TIMEOUT");
    assert!(problem["detail"].as_str().unwrap().contains("even alone"), "{problem}");
    assert!(answer.header("retry-after").is_none());
    let form = Form::image(&photograph()).file("image", "other.pgm", &noise(151, 0));
    let lines = service.ask(&post(format!("{BATCH}?search_window=2901"), []).form(form)).ok().lines();
    assert_eq!(lines.len(), 2);
    assert!(
        lines.iter().any(|line| line["error_code"] == "SERVICE_TIMEOUT" && line["index"] == 0),
        "{lines:?}"
    );
    assert!(service.metric("siftd_rejected_total{reason=\"too_long\"}") >= 2.0);
}

#[test]
fn bodies_have_a_budget() {
    let room = slow(0).bytes().len() as u64;
    let service = Service::with(|setup| {
        setup.engine.limits.max_bytes = room;
        setup.config.bounds.body_budget = room + 10_000;
    });
    let busy = occupy(&service);
    assert_overloaded(&service.ask(&post(DETECT, photograph())), "body_budget");
    assert_overloaded(&service.ask(&post(DETECT, photograph()).chunked()), "body_budget");
    let lines = service.ask(&post(BATCH, []).form(Form::image(&photograph()))).ok().lines();
    assert_eq!(lines[0]["details"]["reason"], "body_budget", "{lines:?}");
    assert_eq!(service.metric("siftd_rejected_total{reason=\"body_budget\"}"), 3.0);
    drop(busy);
    service.until(&[("siftd_body_bytes_in_flight", 0.0)]);
    service.ask(&post(DETECT, small())).ok();
}

/// The bytes of an image that waits to be computed are held as long as it does, which ends with its client.
#[test]
fn a_body_counts_until_it_is_let_go_of() {
    let service = Service::start();
    let _busy = occupy(&service);
    let held = service.metric("siftd_body_bytes_in_flight");
    let waiting = noise(300, 0);
    let mut gone = service.connect();
    gone.write(post(DETECT, waiting.as_slice()).bytes());
    service.until(&[("siftd_compute_queue_depth", 1.0)]);
    assert_eq!(service.metric("siftd_body_bytes_in_flight"), held + waiting.len() as f64);
    drop(gone);
    service.until(&[("siftd_compute_queue_depth", 0.0), ("siftd_body_bytes_in_flight", held)]);
}

/// A batch is not refused for its own sake.
#[test]
fn a_batch_takes_turns_with_itself() {
    let service = Service::with(|setup| {
        setup.engine.queue_capacity = 0;
        setup.engine.limits.max_pixels = 100 * 100;
        setup.engine.pixel_budget = 100 * 100;
    });
    let form = (1..12)
        .fold(Form::image(&noise(100, 0)), |form, seed| form.file("image", "noise.pgm", &noise(100, seed)));
    let lines = service.ask(&post(BATCH, []).form(form)).ok().lines();
    assert_eq!(lines.len(), 12);
    assert!(lines.iter().all(|line| line["success"] == true), "{lines:?}");
    // Whatever it waited: nobody was refused, and each was looked up once.
    for reason in ["queue_full", "pixel_budget", "deadline", "too_long"] {
        assert_eq!(service.metric(&format!("siftd_rejected_total{{reason=\"{reason}\"}}")), 0.0);
    }
    let misses = "siftd_cache_requests_total{tier=\"memory\",result=\"miss\"}";
    assert_eq!(service.metric(misses), 12.0);
}

/// A client that names its files at length takes its own answer's room, and none beyond the budget.
#[test]
fn lines_of_a_batch_count_as_bodies() {
    let service = Service::with(|setup| {
        setup.engine.limits.max_bytes = 4_000;
        setup.config.bounds.body_budget = 5_000;
    });
    // Each takes six characters in JSON.
    let name = "\u{1}".repeat(6_000);
    let form = Form::image(&small()).file("image", &name, &small());
    let lines = service.ask(&post(BATCH, []).form(form)).ok().lines();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["details"]["reason"], &last["index"]),
        (&"body_budget".into(), &Value::Null),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line["file_name"] != name), "{lines:?}");
    service.until(&[("siftd_body_bytes_in_flight", 0.0)]);
}

/// While others take the budget, each image of a batch is told of, and those that fit are seen to.
#[test]
fn what_others_take_does_not_end_a_batch() {
    let occupied = slow_target(0).1.len() as u64;
    let (tiny, large) = (noise(8, 0), noise(300, 0));
    let service = Service::with(|setup| {
        setup.engine.limits.max_bytes = occupied;
        // Less than a line takes.
        setup.config.bounds.body_budget = occupied + 100;
    });
    service.ask(&post(DETECT, tiny.as_slice())).ok();
    let _busy = occupy(&service);
    let form = Form::image(&tiny).file("image", "large", &large).file("image", "large, too", &large);
    let lines = service.ask(&post(BATCH, []).form(form)).ok().lines();
    let told = |index: usize| lines.iter().find(|line| line["index"] == index).unwrap();
    assert_eq!((lines.len(), &told(0)["cached"]), (3, &true.into()), "{lines:?}");
    for refused in [told(1), told(2)] {
        assert_eq!(refused["details"]["reason"], "body_budget");
    }
}

/// What an answer takes while it is written counts from then on, not while it waits for others to be written.
#[test]
fn answers_that_wait_to_be_written_take_no_room() {
    const CLIENTS: usize = 12;
    let picture = noise(1000, 0);
    let target = |format: &str| format!("{DETECT}?denoise=none&format={format}");
    let (stored, written) = {
        let service = Service::start();
        let length = |format| service.ask(&post(target(format), picture.as_slice())).ok().body.len();
        (length("siftd"), length("json"))
    };
    // One at a time is written, and all that were may still be on their way.
    let encoding = 6 * stored + 4096;
    let room = encoding + CLIENTS * written;
    assert!(CLIENTS * encoding > room, "{stored} bytes stored, {written} written");
    let service = Service::with(|setup| {
        setup.engine.limits.max_bytes = picture.len() as u64;
        setup.config.bounds.body_budget = room as u64;
    });
    let location = service.ask(&post(target("siftd"), picture)).ok().expect("content-location").to_owned();
    let request = get(location.replace("format=siftd", "format=json"));
    let mut clients: Vec<Connection> = (0..CLIENTS).map(|_| service.connect()).collect();
    clients.iter_mut().for_each(|client| client.write(request.bytes()));
    for client in &mut clients {
        assert_eq!(client.answer().ok().body.len(), written);
    }
    assert_eq!(service.metric("siftd_rejected_total{reason=\"body_budget\"}"), 0.0);
}

/// What does not fit however often it is tried is no matter of load.
#[test]
fn a_format_that_exceeds_the_budget_is_not_acceptable() {
    let service = Service::with(|setup| {
        setup.engine.limits.max_bytes = 60_000;
        setup.config.bounds.body_budget = 70_000;
    });
    let answer = service.ask(&post(format!("{DETECT}?format=json"), photograph()));
    let problem = answer.problem(406, "NOT_ACCEPTABLE");
    assert_eq!(problem["details"]["body_budget"], 70_000);
    assert!(problem["details"]["needed_bytes"].as_u64().unwrap() > 70_000, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("siftd takes "), "{problem}");
    assert_eq!(answer.header("retry-after"), None);
    // 50 KB that were sent and 25 KB of features fit one after the other, not together.
    let stored = service.ask(&post(format!("{DETECT}?format=siftd"), photograph())).ok();
    assert_eq!(extract::FeatureSet::from_siftd(&stored.body).unwrap().keypoints.len(), 165);
    assert_eq!(service.metric("siftd_rejected_total{reason=\"body_budget\"}"), 0.0);
}

#[tokio::test]
async fn a_budget_that_no_image_fits_is_refused_at_the_start() {
    let config = service::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        bounds: service::Bounds { body_budget: 9_999_999, ..Default::default() },
        ..Default::default()
    };
    let (engine, tiers) = (engine::Config::default(), cache::Tiers::none());
    let refused = service::Server::bind(config, engine, tiers, std::io::sink(), |_| None).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, service::Error::BodyBudget { .. }), "{error}");
}

#[test]
fn a_caller_has_a_rate() {
    let service = Service::with(|setup| {
        setup.config.rate_limit = Some(RateLimit { per_second: 1e-3, burst: NonZeroU32::new(3).unwrap() });
    });
    for _ in 0..3 {
        service.ask(&post(DETECT, small())).ok();
    }
    let answer = service.ask(&post(DETECT, small()));
    let problem = answer.problem(429, "RATE_LIMITED");
    let wait: u64 = answer.expect("retry-after").parse().unwrap();
    assert!((900..=1000).contains(&wait), "{wait} s for one in 1000 s");
    assert_eq!(problem["details"]["retry_after_seconds"], wait);
    service.ask(&get("/nowhere")).problem(429, "RATE_LIMITED");
    for path in ["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs/", "/"] {
        service.ask(&get(path)).ok();
    }
}

#[test]
fn every_image_of_a_batch_counts() {
    let rate = RateLimit { per_second: 0.001, burst: NonZeroU32::new(2).unwrap() };
    let service = Service::with(|setup| setup.config.rate_limit = Some(rate));
    let form = Form::image(&small()).file("image", "b", &small()).file("image", "c", &small());
    let mut lines = service.ask(&post(BATCH, []).form(form)).ok().lines();
    lines.sort_by_key(|line| line["index"].as_u64());
    let codes: Vec<_> = lines.iter().map(|line| line["error_code"].as_str()).collect();
    assert_eq!(codes, [None, None, Some("RATE_LIMITED")]);
}
