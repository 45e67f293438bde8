//! The highest rate that a server of known capacity takes.

use std::sync::Arc;

use loadgen::{Arrivals, Config, Objective, Report, find_max};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::server::{Server, features, status};
use crate::{MISS, brief, corpus, millis, target};

fn found(server: &Server, from: f64) -> Report {
    let objective = Objective { p99: millis(1000), from, arrivals: Arrivals::Constant, resolution: 0.3 };
    let config = Config { duration: millis(1500), ..brief() };
    find_max(&target(server), &config, &objective, &corpus(), &CancellationToken::new(), &mut |_| {}).unwrap()
}

#[test]
fn it_is_not_above_what_the_server_can_do() {
    // One at a time, each 5 ms: no more than 200 a second.
    let turn = Arc::new(Mutex::new(()));
    let server = Server::start(move |_| {
        let turn = Arc::clone(&turn);
        async move {
            let _turn = turn.lock().await;
            tokio::time::sleep(millis(5)).await;
            features(MISS)
        }
    });
    let report = found(&server, 50.0);
    let search = report.search.unwrap();
    // Of a backlog that grows for 1.5 s only what exceeds the bound is seen: at 333 a second, 1 s.
    let rate = search.rate.unwrap_or_else(|| panic!("{:?}", search.steps));
    assert!((0.01..=340.0).contains(&rate), "{search:?}");
    assert!(search.steps.iter().any(|step| step.broken.is_some()));
    assert_eq!(report.counts.failed + report.counts.refused, 0);
}

#[test]
fn where_all_is_refused_no_rate_is_found() {
    let server = Server::start(|_| async { status(503) });
    let report = found(&server, 50.0);
    let search = report.search.unwrap();
    assert_eq!(search.rate, None);
    assert!(search.steps.iter().all(|step| step.broken.is_some()), "{search:?}");
}
