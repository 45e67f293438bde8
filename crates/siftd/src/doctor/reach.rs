//! What checks of all servers have in common: whether and how fast they answer.

use std::time::{Duration, Instant};

use super::finding::Finding;

/// For a connection, and for each answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);
/// How long it is looked on whether entries are evicted.
pub(super) const WATCHED: Duration = Duration::from_secs(1);
/// Round trips that are timed.
pub(super) const ROUNDS: usize = 100;
/// A hit waits for a round trip.
const SLOW: Duration = Duration::from_millis(10);

pub(super) fn unreachable(
    check: &'static str,
    server: &str,
    error: &dyn ToString,
    command: impl Into<String>,
) -> Finding {
    let why = "every request goes without this tier, as its breaker has it";
    Finding::error(check, format!("{server}: {}", error.to_string()), why, command)
}

/// Times round trips, and tells of them together with the server and its version.
pub(super) fn latency<E>(
    check: &'static str,
    server: &str,
    version: &str,
    mut round_trip: impl FnMut() -> Result<(), E>,
) -> Result<Finding, E> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        round_trip()?;
        times.push(started.elapsed());
    }
    times.sort();
    let at = |share: f64| times.get((share * (ROUNDS - 1) as f64) as usize).copied().unwrap_or_default();
    let (half, most) = (at(0.5), at(0.99));
    let found = format!(
        "{server}: version {version}, round trip {:.2} ms (p50), {:.2} ms (p99)",
        half.as_secs_f64() * 1e3,
        most.as_secs_f64() * 1e3
    );
    if half <= SLOW {
        return Ok(Finding::ok(check, found));
    }
    let why =
        "each hit of this tier waits for a round trip: a tier so far away is hardly faster than computing";
    Ok(Finding::warning(check, found, why, "place the server in the same zone as the service"))
}
