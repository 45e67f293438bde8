//! When a thread that computes yields its processor.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// Between two times: less than a tick of most kernels' clocks (4 ms), and long enough that two threads which compute on one
/// processor and take turns seldom take the caches from each other.
const INTERVAL: Duration = Duration::from_millis(1);

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Yields if the last time was long enough ago. Whether it did.
pub(crate) fn yield_if_due() -> bool {
    let due = LAST.get().is_none_or(|last| last.elapsed() >= INTERVAL);
    if due {
        thread::yield_now();
        LAST.set(Some(Instant::now()));
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_an_interval_apart() {
        assert!(yield_if_due());
        let first = LAST.get().unwrap();
        while !yield_if_due() {}
        assert!(LAST.get().unwrap() - first >= INTERVAL);
        // Each thread counts for itself.
        assert!(thread::spawn(yield_if_due).join().unwrap());
    }
}
