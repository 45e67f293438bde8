//! When a thread that computes lets others have a turn.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// Between two turns of others: less than a tick of most kernels' clocks (4 ms), and long enough that two threads which compute on one
/// processor and take turns seldom take the caches from each other.
pub(crate) const INTERVAL: Duration = Duration::from_millis(1);

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Gives way if the last time was long enough ago. Whether it did.
pub(crate) fn give_way() -> bool {
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
    fn turns_are_an_interval_apart() {
        assert!(give_way());
        let first = LAST.get().unwrap();
        while !give_way() {}
        assert!(LAST.get().unwrap() - first >= INTERVAL);
        // Each thread counts for itself.
        assert!(thread::spawn(give_way).join().unwrap());
    }
}
