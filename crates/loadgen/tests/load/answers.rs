//! What becomes of requests, by what the answers say.

use loadgen::{Config, OnRefusal, Traffic};

use crate::server::{Answer, Server, features, status};
use crate::{HIT, MISS, brief, load, millis};

/// One after another, again and again.
fn script(number: u64) -> Answer {
    match number % 8 {
        0 => features(HIT),
        1 => features(MISS),
        2 => features("siftd; fwd=miss; collapsed"),
        3 => status(200),
        4 => status(429),
        5 => status(503),
        6 => status(500),
        _ => None,
    }
}

#[test]
fn a_load_that_nobody_ends_is_never_told_to_be_interrupted() {
    let server = Server::start(|_| async { features(MISS) });
    for _ in 0..20 {
        load(&server, &Config { duration: millis(30), ..brief() }).unwrap();
    }
}

#[test]
fn every_request_is_counted_as_what_became_of_it() {
    let server = Server::start(|came| async move { script(came.number) });
    let report = load(&server, &brief()).unwrap();
    let counts = report.counts;
    let rounds = counts.sent / 8;
    assert!(rounds >= 1, "{counts:?}");
    for (count, of_eight) in [
        (counts.hit, 1),
        (counts.miss, 1),
        (counts.coalesced, 1),
        (counts.unlabelled, 1),
        (counts.answered, 4),
        (counts.refused, 2),
        (counts.failed, 2),
    ] {
        assert!((of_eight * rounds..=of_eight * (rounds + 1)).contains(&count), "{counts:?}");
    }
    assert_eq!(counts.sent, counts.answered + counts.refused + counts.failed);
    assert_eq!(report.failures.keys().collect::<Vec<_>>(), ["connection closed", "status 500"]);
    let told = (counts.hit + counts.miss + counts.coalesced) as f64;
    assert_eq!(report.hit_ratio, Some(counts.hit as f64 / told));
}

#[test]
fn refused_clients_stay_away_as_they_are_told() {
    let refuse = || {
        Server::start(|_| async {
            let mut refusal = status(503);
            if let Some(answer) = &mut refusal {
                answer.headers_mut().insert("retry-after", "1".parse().unwrap());
            }
            refusal
        })
    };
    let sent = |on_refusal| {
        let traffic = Traffic::Closed { clients: 2, on_refusal };
        load(&refuse(), &Config { traffic, duration: millis(1500), ..brief() }).unwrap().counts.sent
    };
    let obedient = sent(OnRefusal::Wait);
    assert!((2..=4).contains(&obedient), "{obedient}");
    assert!(sent(OnRefusal::AtOnce) > obedient);
}

#[test]
fn a_server_that_never_answers_times_out() {
    let server = Server::start(|_| std::future::pending());
    let report = load(&server, &Config { timeout: millis(100), ..brief() }).unwrap();
    assert!(report.counts.failed >= 1);
    assert_eq!(report.failures.keys().collect::<Vec<_>>(), ["timeout"]);
    assert!(report.latency.failed.unwrap().min_ms >= 99.0);
}

#[test]
fn connections_that_the_server_closes_are_opened_anew() {
    let server = Server::start(|_| async {
        let mut answer = features(MISS);
        if let Some(answer) = &mut answer {
            answer.headers_mut().insert("connection", "close".parse().unwrap());
        }
        answer
    });
    let report = load(&server, &brief()).unwrap();
    assert_eq!(report.counts.failed, 0, "{:?}", report.failures);
    assert!(report.counts.miss >= 2);
}
