//! Processor time of a thread, with that of the threads it has started.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

thread_local! {
    /// Of the threads that this one has started and that have ended, ns.
    static STARTED: RefCell<Arc<AtomicU64>> = RefCell::default();
}

/// Of this thread and of those that it has started, so far.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let own = Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0));
    own + Duration::from_nanos(STARTED.with_borrow(|started| started.load(Ordering::Relaxed)))
}

/// Accounts for a thread: made by the one that starts it, dropped by the started one when it is done, by a panic, too.
pub(crate) struct Account(Arc<AtomicU64>);

impl Account {
    pub(crate) fn open() -> Self {
        Self(STARTED.with_borrow(Arc::clone))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let nanoseconds = u64::try_from(processor_time().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::{panic, thread};

    use super::*;
    use crate::spawn_elsewhere;

    /// Works until this thread alone has taken so long.
    fn work(time: Duration) {
        let end = processor_time() + time;
        while processor_time() < end {
            black_box((0..1000).fold(0, |sum, i| black_box(sum ^ i)));
        }
    }

    #[test]
    fn threads_count_for_those_that_started_them() {
        const TIME: Duration = Duration::from_millis(20);
        let before = processor_time();
        thread::scope(|scope| {
            let nested = spawn_elsewhere(scope, || {
                work(TIME);
                thread::scope(|scope| drop(spawn_elsewhere(scope, || work(TIME)).unwrap().join()));
            });
            nested.unwrap();
            work(TIME);
        });
        assert!(processor_time() - before >= TIME * 3);
    }

    #[test]
    fn a_thread_that_panics_counts() {
        const TIME: Duration = Duration::from_millis(10);
        let before = processor_time();
        let ended = thread::scope(|scope| {
            let worker = spawn_elsewhere(scope, || {
                work(TIME);
                panic::resume_unwind(Box::new("as a test does"));
            });
            worker.unwrap().join().is_err()
        });
        assert!(ended && processor_time() - before >= TIME);
    }
}
