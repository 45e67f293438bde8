//! Clients that leave before they are answered.

use std::num::NonZeroUsize;

use crate::http::{DETECT, Service, post};
use crate::pictures::{photograph, slow};

#[test]
fn what_nobody_waits_for_is_not_computed_to_its_end() {
    let service = Service::start();
    let mut gone = service.connect();
    gone.write(slow(0).header("X-Request-ID", "gone").bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    drop(gone);
    service.until(&[
        ("siftd_compute_busy_threads", 0.0),
        ("siftd_inflight_pixels", 0.0),
        ("siftd_body_bytes_in_flight", 0.0),
        ("siftd_requests_in_flight", 1.0),
    ]);
    let line = service.log.request("gone");
    assert_eq!((&line["status"], &line["path"]), (&499.into(), &DETECT.into()));
    service.ask(&post(DETECT, photograph())).ok();
    assert_eq!(service.metric("siftd_requests_total{route=\"detect\",status=\"499\"}"), 1.0);
}

#[test]
fn one_of_two_who_leaves_does_not_take_the_others_answer() {
    let service = Service::with(|setup| setup.engine.threads = NonZeroUsize::MIN);
    let mut busy = service.connect();
    busy.write(slow(0).bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    let (mut first, mut second) = (service.connect(), service.connect());
    first.write(post(DETECT, photograph()).header("X-Request-ID", "first").bytes());
    service.until(&[("siftd_compute_queue_depth", 1.0)]);
    second.write(post(DETECT, photograph()).bytes());
    let misses = "siftd_cache_requests_total{tier=\"memory\",result=\"miss\"}";
    service.until(&[(misses, 3.0), ("siftd_requests_in_flight", 4.0)]);
    drop(first);
    assert_eq!(service.log.request("first")["status"], 499);
    drop(busy);
    let answer = second.answer().ok();
    assert_eq!(answer.expect("cache-status"), "siftd; fwd=miss; collapsed");
}

#[test]
fn many_who_leave_leave_nothing_behind() {
    let service = Service::start();
    for seed in 0..30 {
        let mut gone = service.connect();
        let bytes = slow(seed).bytes();
        let sent = if seed % 3 == 0 { bytes.len() / 2 } else { bytes.len() };
        gone.write(&bytes[..sent]);
    }
    service.until(&[
        ("siftd_compute_busy_threads", 0.0),
        ("siftd_compute_queue_depth", 0.0),
        ("siftd_inflight_pixels", 0.0),
        ("siftd_body_bytes_in_flight", 0.0),
        ("siftd_requests_in_flight", 1.0),
        ("siftd_connections", 1.0),
    ]);
    service.ask(&post(DETECT, photograph())).ok();
}
