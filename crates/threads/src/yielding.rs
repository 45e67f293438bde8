//! When a thread that computes yields its processor.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// Between two times: less than a tick of most kernels' clocks (4 ms), and long enough that two threads which compute on one processor
/// and take turns seldom take the caches from each other.
const INTERVAL: Duration = Duration::from_millis(1);

/// Others that keep the processor for longer than this want more than to answer: all there is, or to compute, too.
const TURN: Duration = Duration::from_micros(500);

/// After such a turn. What is yielded is lost for good, up to a slice of some 3 ms, so that a thread which yielded to a saturated
/// processor every millisecond could get far less than its share.
const LONGER_INTERVAL: Duration = Duration::from_millis(32);

thread_local! {
    static DUE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Yields if the last time was long enough ago. Whether it did.
pub(crate) fn yield_if_due() -> bool {
    let now = Instant::now();
    let due = DUE.get().is_none_or(|due| now >= due);
    if due {
        thread::yield_now();
        let back = Instant::now();
        let interval = if back - now > TURN { LONGER_INTERVAL } else { INTERVAL };
        DUE.set(Some(back + interval));
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_an_interval_apart() {
        let before = Instant::now();
        assert!(yield_if_due());
        let due = DUE.get().unwrap();
        assert!(due - before >= INTERVAL);
        while !yield_if_due() {}
        assert!(Instant::now() >= due);
        // Each thread counts for itself.
        assert!(thread::spawn(yield_if_due).join().unwrap());
    }
}
