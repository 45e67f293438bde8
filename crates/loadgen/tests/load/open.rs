//! Open loops: what a server's stall does to those that come meanwhile.

use std::time::Instant;

use loadgen::{Arrivals, Config, Report, Traffic};

use crate::server::{Server, features};
use crate::{MISS, brief, load, millis};

/// Answers at once, but from the 50th request on nothing for a second.
fn stalling() -> Server {
    let stalled = std::sync::OnceLock::new();
    Server::start(move |came| {
        let until = (came.number >= 50).then(|| *stalled.get_or_init(|| Instant::now() + millis(1000)));
        async move {
            if let Some(until) = until {
                tokio::time::sleep_until(until.into()).await;
            }
            features(MISS)
        }
    })
}

fn constant(rate: f64) -> Config {
    Config {
        traffic: Traffic::Open { rate, arrivals: Arrivals::Constant },
        duration: millis(3000),
        ..brief()
    }
}

/// 300 requests at 100 a second, of which 100 are to start during the stall and wait for 0 to 1 s. A generator that waits for
/// answers before it sends would see one of them.
fn assert_seen(report: &Report) {
    let answered = report.latency.answered.as_ref().unwrap();
    assert_eq!((report.counts.sent, answered.count), (300, 300));
    assert!(answered.p90_ms >= 500.0, "{}", answered.p90_ms);
    assert!(answered.max_ms >= 950.0, "{}", answered.max_ms);
    let during = report.series.iter().filter(|moment| moment.p99_ms.is_some_and(|p99| p99 >= 500.0));
    assert!(during.count() >= 1);
}

#[test]
fn all_who_come_during_a_stall_are_seen_to_wait() {
    let report = load(&stalling(), &constant(100.0)).unwrap();
    assert_seen(&report);
    assert_eq!(report.generator.waited_for_connection, 0);
}

#[test]
fn so_are_those_who_have_no_connection_meanwhile() {
    let report = load(&stalling(), &Config { connections: 1, ..constant(100.0) }).unwrap();
    assert_seen(&report);
    assert!(report.generator.waited_for_connection >= 90, "{}", report.generator.waited_for_connection);
    assert!(report.warnings.iter().any(|warning| warning.contains("--connections")), "{:?}", report.warnings);
}

/// More than a generator can send in that time: those that it is behind with are the ones that have waited longest.
#[test]
fn what_is_late_at_the_end_is_sent_all_the_same() {
    let server = Server::start(|_| async { features(MISS) });
    let config = Config { duration: millis(30), ..constant(20_000.0) };
    let report = load(&server, &config).unwrap();
    assert_eq!((report.counts.sent, report.counts.answered, server.came().len()), (600, 600, 600));
}

#[test]
fn threads_share_the_rate() {
    let server = Server::start(|_| async { features(MISS) });
    let report = load(&server, &Config { threads: 3, ..constant(200.0) }).unwrap();
    assert_eq!((report.counts.sent, report.counts.miss), (600, 600));
    assert_eq!(report.generator.threads, 3);
}

#[test]
fn what_the_warm_up_sends_does_not_count() {
    let server = Server::start(|_| async { features(MISS) });
    let report =
        load(&server, &Config { warm_up: millis(500), duration: millis(1000), ..constant(100.0) }).unwrap();
    assert_eq!(report.counts.sent, 100);
    assert_eq!(server.came().len(), 150);
}
