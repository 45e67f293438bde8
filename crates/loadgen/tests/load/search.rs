//! The highest rate that a server of known capacity takes.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use loadgen::{Arrivals, Config, Mix, Objective, Report, find_max};
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
    assert!((20.0..=340.0).contains(&rate), "{search:?}");
    assert!(search.steps.iter().any(|step| step.broken.is_some()));
    assert_eq!(report.counts.failed + report.counts.refused, 0);
}

/// Popular pictures are the same ones at every rate, of which the cache keeps what it has; in another order, as otherwise each rate would
/// ask for what the one before has asked for.
#[test]
fn all_rates_are_about_the_same_popular_pictures_in_another_order() {
    let server = Server::start(|_| async { features(MISS) });
    let objective =
        Objective { from: 20.0, arrivals: Arrivals::Constant, resolution: 1.0, ..Objective::default() };
    let mix = Mix::Popularity { exponent: 0.0, variants: 40 };
    let config = Config { duration: millis(600), mix, ..brief() };
    let stop = CancellationToken::new();
    let mut rates = Vec::new();
    let searched = find_max(&target(&server), &config, &objective, &corpus(), &stop, &mut |progress| {
        rates.extend(progress.rate.filter(|rate| !rates.contains(rate)));
        if rates.len() > 3 {
            stop.cancel();
        }
    });
    assert!(rates.len() > 3 && searched.is_ok());
    let asked: Vec<Bytes> = server.came().into_iter().map(|came| came.body).collect();
    let different: HashSet<&Bytes> = asked.iter().collect();
    assert!(different.len() <= 40, "{} different ones", different.len());
    // 200 ms at 20 a second are four, then come those of the second rate.
    assert_ne!(asked[..4], asked[4..8]);
}

#[test]
fn where_all_is_refused_no_rate_is_found() {
    let server = Server::start(|_| async { status(503) });
    let report = found(&server, 50.0);
    let search = report.search.unwrap();
    assert_eq!(search.rate, None);
    assert!(search.steps.iter().all(|step| step.broken.is_some()), "{search:?}");
}
