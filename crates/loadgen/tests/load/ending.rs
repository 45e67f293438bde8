//! Ends: in time, early, and late.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loadgen::{Arrivals, Config, LoadError, Phase, Traffic, run};
use tokio_util::sync::CancellationToken;

use crate::server::{Server, features};
use crate::{MISS, brief, corpus, millis, target};

#[test]
fn a_load_that_is_ended_tells_what_it_measured() {
    let server = Server::start(|came| async move {
        if came.number >= 3 {
            std::future::pending::<()>().await;
        }
        features(MISS)
    });
    let stop = CancellationToken::new();
    let config = Config { duration: millis(3_600_000), ..brief() };
    let report = run(&target(&server), &config, &corpus(), &stop, &mut |progress| {
        if progress.phase == Phase::Measuring && server.came().len() > 3 {
            stop.cancel();
        }
    });
    let report = report.unwrap();
    assert!(report.interrupted);
    // That it is unstable is no news.
    let told = ["1 requests were given up, which no latency includes"];
    assert_eq!(report.warnings, told);
    assert_eq!((report.counts.sent, report.counts.miss, report.counts.unfinished), (4, 3, 1));
    assert!(report.measured_seconds < 3600.0);
}

/// What was to come later counts for nothing.
#[test]
fn an_open_loop_that_is_ended_begins_nothing_more() {
    let server = Server::start(|_| async { features(MISS) });
    let stop = CancellationToken::new();
    let traffic = Traffic::Open { rate: 100.0, arrivals: Arrivals::Constant };
    let config = Config { traffic, duration: millis(3_600_000), ..brief() };
    let report = run(&target(&server), &config, &corpus(), &stop, &mut |progress| {
        if progress.phase == Phase::Measuring && server.came().len() > 3 {
            stop.cancel();
        }
    });
    let report = report.unwrap();
    let due = (report.measured_seconds * 100.0).ceil() as u64;
    assert!(report.interrupted && report.counts.sent <= due, "{} of {due}", report.counts.sent);
}

/// The report is of what is over; without what is not, it tells so.
#[test]
fn a_wait_for_what_is_under_way_that_is_ended_is_told() {
    let server = Server::start(|came| async move {
        if came.number >= 3 {
            std::future::pending::<()>().await;
        }
        features(MISS)
    });
    let stop = CancellationToken::new();
    let report = run(&target(&server), &brief(), &corpus(), &stop, &mut |progress| {
        if progress.phase == Phase::Draining {
            stop.cancel();
        }
    });
    let report = report.unwrap();
    assert!(report.interrupted);
    assert_eq!((report.counts.sent, report.counts.miss, report.counts.unfinished), (4, 3, 1));
}

#[test]
fn one_that_is_ended_before_it_measures_has_nothing_to_tell() {
    let server = Server::start(|_| async { features(MISS) });
    let stop = CancellationToken::new();
    let config = Config { warm_up: millis(3_600_000), ..brief() };
    let ended = run(&target(&server), &config, &corpus(), &stop, &mut |progress| {
        if progress.phase == Phase::WarmUp {
            stop.cancel();
        }
    });
    assert!(matches!(ended, Err(LoadError::Interrupted(_))), "{ended:?}");
}

#[test]
fn patience_goes_on_until_the_windows_agree_and_reports_the_last_three() {
    // Each takes half as long again as the one before, so that no two windows of those are alike; then all are even.
    let uneven = 13;
    let server = Server::start(move |came| async move {
        let growing = |number: u64| Duration::from_secs_f64(2e-3 * 1.5_f64.powi(number as i32));
        tokio::time::sleep(if came.number < uneven { growing(came.number) } else { millis(40) }).await;
        features(MISS)
    });
    let config = Config { duration: millis(900), patience: 20, ..brief() };
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let report = run(&target(&server), &config, &corpus(), &CancellationToken::new(), &mut |_| {}).unwrap();
    assert!((report.measured_seconds - 0.9).abs() < 1e-6, "{}", report.measured_seconds);
    assert_eq!(report.stability.windows.len(), 3);
    // Either they agree, or patience came to its end on a machine that is busy; the first windows, a third of a second each, never do.
    assert!(report.started_at - begun >= 0.3, "{}", report.started_at - begun);
}

#[test]
fn nobody_at_the_address_is_told_at_once() {
    let server = Server::start(|_| async { features(MISS) });
    let target = target(&server);
    drop(server);
    let error = run(&target, &brief(), &corpus(), &CancellationToken::new(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, LoadError::Connect { .. }), "{error}");
}
