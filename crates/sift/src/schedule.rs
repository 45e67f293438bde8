//! Which thread takes which blocks of rows of an octave.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Fewest blocks that are worth taking from another thread: a strip that begins anew computes rows above its first.
const MIN_STOLEN: usize = 12;

/// Numbered blocks, shared out to workers. Each goes through a share of consecutive ones, which is what a strip is good
/// at; one that is done takes the second half of what another has left.
#[derive(Debug)]
pub(crate) struct Schedule {
    shares: Mutex<Vec<Range<usize>>>,
    /// How many workers there have been.
    workers: AtomicUsize,
}

impl Schedule {
    /// Shares for so many workers, the first from the first block on.
    pub(crate) fn new(blocks: usize, workers: usize) -> Self {
        let start = |worker: usize| blocks * worker / workers;
        Self::of((0..workers).map(|worker| start(worker)..start(worker + 1)).collect())
    }

    fn of(shares: Vec<Range<usize>>) -> Self {
        Self { shares: Mutex::new(shares), workers: AtomicUsize::new(0) }
    }

    /// Two shares, the second from a block on.
    #[cfg(test)]
    pub(crate) fn parted_at(blocks: usize, block: usize) -> Self {
        Self::of(vec![0..block, block..blocks])
    }

    /// How many workers there are shares for.
    pub(crate) fn shares(&self) -> usize {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The number of a worker that comes to take part, in the order in which they come: what the first share needs is
    /// there the earliest. None where there are enough of them.
    pub(crate) fn join(&self) -> Option<usize> {
        let worker = self.workers.fetch_add(1, Ordering::Relaxed);
        (worker < self.shares()).then_some(worker)
    }

    /// The next block for a worker; none when there is nothing left to take.
    pub(crate) fn next(&self, worker: usize) -> Option<usize> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares[worker].is_empty() {
            let largest = shares.iter_mut().max_by_key(|share| share.len())?;
            let stolen = largest.len() / 2;
            if stolen < MIN_STOLEN {
                return None;
            }
            let middle = largest.end - stolen;
            let half = middle..largest.end;
            largest.end = middle;
            shares[worker] = half;
        }
        shares[worker].next()
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn every_block_is_taken_once_whoever_is_faster() {
        for (blocks, workers) in [(0, 1), (1, 3), (100, 1), (100, 2), (1000, 7)] {
            let schedule = Schedule::new(blocks, workers);
            let mut taken = vec![0; blocks];
            // The first worker is as fast as all others together.
            let turns = (0..workers).flat_map(|worker| [0, worker]).cycle();
            for worker in turns.take(4 * (blocks + workers)) {
                if let Some(block) = schedule.next(worker) {
                    taken[block] += 1;
                }
            }
            assert!(taken.iter().all(|&times| times == 1), "{blocks} blocks, {workers} workers: {taken:?}");
        }
    }

    #[test]
    fn there_is_a_share_for_each_of_the_first_workers() {
        let schedule = Schedule::new(64, 2);
        assert_eq!([0; 3].map(|_| schedule.join()), [Some(0), Some(1), None]);
    }

    #[test]
    fn a_share_is_gone_through_in_order() {
        let schedule = Schedule::new(64, 2);
        assert_eq!((schedule.next(0), schedule.next(1)), (Some(0), Some(32)));
        assert_eq!((schedule.next(0), schedule.next(1)), (Some(1), Some(33)));
    }
}
