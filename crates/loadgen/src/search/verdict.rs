use std::time::Duration;

use crate::measure::{self, BUSY};
use crate::outcome::Failure;
use crate::report::Report;

/// Answers may be fewer than requests by this part.
const SHORTFALL: f64 = 0.02;

/// In what a measurement breaks the objective, with what may be the generator's own doing. Where that is the bottleneck, nothing is kept.
pub(super) fn broken(report: &Report, p99: Duration) -> Option<String> {
    let generator = &report.generator;
    if report.failures.contains_key(&Failure::Exhausted.to_string()) {
        return Some(format!("the generator was the bottleneck: {}", Failure::Exhausted));
    }
    match broken_by_answers(report, p99) {
        None if generator.busiest_thread > BUSY || generator.waited_for_connection > 0 => {
            Some("the generator was the bottleneck".to_owned())
        }
        None => None,
        Some(broken) => {
            let doubts = measure::doubts(generator, &report.latency);
            Some(if doubts.is_empty() { broken } else { format!("{broken}; but {}", doubts.join("; ")) })
        }
    }
}

fn broken_by_answers(report: &Report, p99: Duration) -> Option<String> {
    let counts = &report.counts;
    let bound_ms = p99.as_secs_f64() * 1e3;
    if counts.failed > 0 {
        let kinds: Vec<_> = report.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        return Some(format!("{} failed: {}", counts.failed, kinds.join(", ")));
    }
    if counts.refused > 0 {
        return Some(format!("{} were refused", counts.refused));
    }
    let Some(answered) = &report.latency.answered else {
        return Some("no request fell into the measured time: measure for longer".to_owned());
    };
    if answered.p99_ms > bound_ms {
        return Some(format!("p99 was {:.1} ms", answered.p99_ms));
    }
    // What may be under way at the end, within the bound.
    let under_way = report.rates.sent * p99.as_secs_f64();
    let missing = (report.rates.sent - report.rates.answered) * report.measured_seconds;
    if missing > SHORTFALL * counts.sent as f64 + under_way {
        return Some(format!("answers did not keep up: {:.1}/s", report.rates.answered));
    }
    None
}
