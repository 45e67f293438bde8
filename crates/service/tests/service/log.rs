//! A line for each request, and no more lines than allowed.

use std::num::NonZeroU32;

use crate::http::{BATCH, DETECT, Form, Service, get, post};
use crate::pictures::{photograph, small};

#[test]
fn a_line_tells_what_became_of_a_request() {
    let service = Service::start();
    let picture = photograph();
    let answer = service.ask(&post(DETECT, picture.clone()).header("X-Request-ID", "miss")).ok();
    let line = service.log.request("miss");
    let summary = answer.json();
    for (field, value) in [
        ("level", "info".into()),
        ("message", "request".into()),
        ("client", "127.0.0.1".into()),
        ("method", "POST".into()),
        ("route", "detect".into()),
        ("path", DETECT.into()),
        ("status", 200.into()),
        ("cache", "miss".into()),
        ("bytes_in", picture.len().into()),
        ("bytes_out", answer.body.len().into()),
        ("width", 451.into()),
        ("height", 300.into()),
        ("keypoints", summary["keypoints"].clone()),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    let time = line["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
    let stages = line["stages_ms"].as_object().unwrap();
    for stage in
        ["parse", "hash", "cache_get", "queue", "decode", "denoise", "detect", "describe", "cache_set"]
    {
        assert!(stages[stage].as_f64().is_some_and(|took| took >= 0.0), "{stage}: {line}");
    }
    assert!(line["duration_ms"].as_f64().unwrap() >= stages["denoise"].as_f64().unwrap());
    assert_eq!(line.get("error_code"), None);

    service.ask(&post(DETECT, photograph()).header("X-Request-ID", "hit")).ok();
    assert_eq!(service.log.request("hit")["cache"], "hit memory");
}

#[test]
fn a_line_of_an_error_has_its_code() {
    let service = Service::start();
    service.ask(&post(DETECT, "hello").header("X-Request-ID", "a"));
    let line = service.log.request("a");
    assert_eq!((&line["error_code"], &line["status"]), (&"INVALID_IMAGE".into(), &400.into()));
    service.ask(&get("/a?b=secret").header("X-Request-ID", "b"));
    let line = service.log.request("b");
    assert_eq!((&line["path"], &line["route"]), (&"/a".into(), &"other".into()));
}

/// When its last line has been sent, and with all its bytes.
#[test]
fn a_line_of_a_batch_comes_at_its_end() {
    let service = Service::start();
    let form = Form::image(&small()).file("image", "b", &photograph());
    let answer = service.ask(&post(BATCH, []).form(form).header("X-Request-ID", "a")).ok();
    let line = service.log.request("a");
    assert_eq!((&line["route"], &line["status"]), (&"batch".into(), &200.into()));
    assert_eq!(line["bytes_out"], answer.body.len());
    let slowest =
        answer.lines().iter().map(|line| line["processing_time_ms"].as_f64().unwrap()).fold(0.0, f64::max);
    assert!(line["duration_ms"].as_f64().unwrap() >= slowest);
}

#[test]
fn probes_are_not_logged() {
    let service = Service::start();
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        service.ask(&get(path)).ok();
    }
    service.ask(&get("/").header("X-Request-ID", "last")).ok();
    service.log.request("last");
    let requests = service.log.lines().into_iter().filter(|line| line["message"] == "request");
    assert_eq!(requests.count(), 1);
}

#[test]
fn a_flood_is_cut_and_what_was_left_out_is_told() {
    const REQUESTS: usize = 500;
    let mut service =
        Service::with(|setup| setup.config.access_log.lines_per_second = NonZeroU32::new(10).unwrap());
    let mut connection = service.connect();
    connection.write(get("/nowhere").bytes().repeat(REQUESTS));
    for _ in 0..REQUESTS {
        connection.answer().problem(404, "NOT_FOUND");
    }
    let left_out = service.metric("siftd_log_lines_dropped_total");
    service.shut_down();
    drop(connection);
    assert!(service.finished());
    let lines = service.log.lines();
    let written = lines.iter().filter(|line| line["message"] == "request").count();
    assert!(written > 0);
    assert_eq!(written + left_out as usize, REQUESTS);
    let told = lines.iter().filter(|line| line["message"] == "log lines left out").collect::<Vec<_>>();
    assert!(!told.is_empty() && told.iter().all(|line| line["level"] == "warn"));
    let counts = told.iter().map(|line| line["count"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((counts as f64, told.last().unwrap()["total"].as_f64()), (left_out, Some(left_out)));
}

#[test]
fn a_log_that_is_off_has_the_turns_of_the_service_alone() {
    let mut service = Service::with(|setup| setup.config.access_log.enabled = false);
    service.ask(&post(DETECT, small())).ok();
    service.shut_down();
    assert!(service.finished());
    let messages: Vec<_> = service.log.lines().iter().map(|line| line["message"].clone()).collect();
    assert_eq!(messages, ["listening", "draining", "stopped"]);
}
