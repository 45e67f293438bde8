//! Identical uploads at the same time.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use crate::http::{Connection, DETECT, Response, Service, post};
use crate::pictures::{noise, photograph};

/// How many answers came from where.
fn sources<'a>(answers: impl IntoIterator<Item = &'a Response>) -> BTreeMap<&'a str, usize> {
    let mut sources = BTreeMap::new();
    for answer in answers {
        let status = answer.expect("cache-status");
        let source = match status {
            "siftd; fwd=miss; stored" => "miss",
            "siftd; fwd=miss; collapsed" => "coalesced",
            _ if status.starts_with("siftd; hit; ") => "hit",
            _ => panic!("{status}"),
        };
        *sources.entry(source).or_default() += 1;
    }
    sources
}

#[test]
fn simultaneous_uploads_of_an_image_are_computed_once_and_all_answered() {
    const CLIENTS: usize = 32;
    let service = Service::start();
    let request = post(DETECT, photograph());
    let together = Barrier::new(CLIENTS);
    let answers: Vec<_> = thread::scope(|scope| {
        let client = || {
            let mut connection = service.connect();
            together.wait();
            connection.ask(&request).ok()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(sources(&answers).get("miss"), Some(&1));
    let keypoints = answers[0].json()["keypoints"].clone();
    assert!(answers.iter().all(|answer| answer.json()["keypoints"] == keypoints));
    assert_eq!(service.metric("siftd_image_pixels_count"), 1.0);
}

/// While it is certain that all ask before it is done.
#[test]
fn whoever_asks_while_it_is_computed_gets_that_answer() {
    const CLIENTS: usize = 8;
    let service = Service::start();
    let mut busy = service.connect();
    busy.write(crate::pictures::slow(0).bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    let mut clients: Vec<Connection> = (0..CLIENTS).map(|_| service.connect()).collect();
    clients.iter_mut().for_each(|client| client.write(post(DETECT, photograph()).bytes()));
    // All of them, the busy one and the scrape itself; each has been hashed and looked up.
    service.until(&[
        ("siftd_requests_in_flight", (CLIENTS + 2) as f64),
        ("siftd_cache_requests_total{tier=\"memory\",result=\"miss\"}", (CLIENTS + 1) as f64),
        ("siftd_compute_queue_depth", 1.0),
    ]);
    drop(busy);
    let answers: Vec<_> = clients.iter_mut().map(|client| client.answer().ok()).collect();
    assert_eq!(sources(&answers), BTreeMap::from([("miss", 1), ("coalesced", CLIENTS - 1)]));
    assert_eq!(service.metric("siftd_image_pixels_count"), 1.0);
}

/// Uploads that arrive just as the computation ends, again and again.
#[test]
fn nobody_is_forgotten_at_the_end_of_a_computation() {
    const CLIENTS: usize = 8;
    let service = Service::start();
    let together = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut connection = service.connect();
                for seed in 0..200 {
                    let request = post(format!("{DETECT}?denoise=none"), noise(20, seed));
                    together.wait();
                    connection.ask(&request).ok();
                }
            });
        }
    });
    assert_eq!(service.metric("siftd_image_pixels_count"), 200.0);
}
