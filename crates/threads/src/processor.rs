//! Which processor a thread is on.

use rustix::io;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// The number of the one that this thread is on.
pub(crate) fn current() -> usize {
    sched_getcpu()
}

/// Moves this thread to another processor if it is on this one and may use others. If the system does not let it, it stays: it is
/// a matter of time alone.
pub(crate) fn leave(processor: usize) {
    if current() == processor {
        let _ = elsewhere(processor, || ());
    }
}

/// Does something on another processor than this one. None if there is no other.
fn elsewhere<T>(processor: usize, task: impl FnOnce() -> T) -> io::Result<Option<T>> {
    let allowed = sched_getaffinity(None)?;
    let mut others = allowed;
    if processor < CpuSet::MAX_CPU {
        others.unset(processor);
    }
    if others.count() == 0 {
        return Ok(None);
    }
    sched_setaffinity(None, &others)?;
    let done = task();
    sched_setaffinity(None, &allowed)?;
    Ok(Some(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_moves_to_another_processor_and_may_be_anywhere_afterwards() {
        let before = sched_getaffinity(None).unwrap();
        let here = current();
        let there = elsewhere(here, current).unwrap();
        assert_eq!(there.is_some(), before.count() > 1);
        assert_ne!(there, Some(here));
        leave(current());
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }

    #[test]
    fn a_thread_that_may_use_one_processor_stays() {
        // Affinity is a thread's own, and the test has one for itself.
        let mut one = CpuSet::new();
        let here = current();
        one.set(here);
        sched_setaffinity(None, &one).unwrap();
        assert_eq!(elsewhere(here, current).unwrap(), None);
        leave(here);
        assert_eq!((current(), sched_getaffinity(None).unwrap()), (here, one));
    }
}
