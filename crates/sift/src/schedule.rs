//! Which thread takes which blocks of rows of an octave.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Fewest blocks that are worth taking from another thread: a strip that begins anew computes rows above its first.
const MIN_STOLEN: usize = 8;

/// The fewest for the first worker, which does better to go on to the next octave: one in so many of all blocks.
const LEADER_STOLEN: usize = 8;

/// No more than this are the fewest for it, however many there are.
const MAX_LEADER_STOLEN: usize = 16;

/// The first worker's share, in percent of an equal one.
const LEADER_SHARE: usize = 90;

/// How blocks are shared out at first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shares {
    /// Equally.
    Equal,
    /// The first worker has somewhat less, as it goes on to the next octave, of which the others find less to do then.
    Leading,
    /// The first worker has everything: the others are most likely still at the octave before, and take from it when they come.
    Whole,
}

/// Numbered blocks, shared out to workers. Each goes through a share of consecutive ones, which is what a strip is good
/// at; one that is done takes the second half of what another has left.
#[derive(Debug)]
pub(crate) struct Schedule {
    shares: Mutex<Vec<Range<usize>>>,
    /// How many workers have come.
    joined: AtomicUsize,
    /// How many there are to come at most.
    present: AtomicUsize,
    /// The fewest blocks that the first worker takes from another.
    leader_stolen: usize,
}

impl Schedule {
    /// Shares for so many workers, the first from the first block on.
    pub(crate) fn new(blocks: usize, workers: usize, shares: Shares) -> Self {
        let (first, stolen) = match shares {
            Shares::Equal => (blocks / workers, MIN_STOLEN),
            Shares::Leading => (blocks * LEADER_SHARE / (100 * workers), blocks / LEADER_STOLEN),
            Shares::Whole => (blocks, blocks / LEADER_STOLEN),
        };
        let first = if workers == 1 { blocks } else { first };
        // The rest goes equally to the others.
        let start = |other: usize| first + (blocks - first) * other / (workers - 1).max(1);
        let others = (1..workers).map(|worker| start(worker - 1)..start(worker));
        Self {
            shares: Mutex::new(std::iter::once(0..first).chain(others).collect()),
            joined: AtomicUsize::new(0),
            present: AtomicUsize::new(usize::MAX),
            leader_stolen: stolen.clamp(MIN_STOLEN, MAX_LEADER_STOLEN),
        }
    }

    /// Two shares, the second from a block on.
    #[cfg(test)]
    pub(crate) fn parted_at(blocks: usize, block: usize) -> Self {
        let shares = Mutex::new(vec![0..block, block..blocks]);
        let (joined, present) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Self { shares, joined, present, leader_stolen: MIN_STOLEN }
    }

    /// How many workers there are shares for.
    pub(crate) fn workers(&self) -> usize {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// No more than so many workers will come: who comes after this is known does all that is left of the others' shares.
    pub(crate) fn limit(&self, workers: usize) {
        self.present.store(workers, Ordering::Relaxed);
    }

    /// The number of a worker that comes to take part, in the order in which they come: what the first share needs is
    /// there the earliest. None where there are enough of them.
    pub(crate) fn join(&self) -> Option<usize> {
        let worker = self.joined.fetch_add(1, Ordering::Relaxed);
        (worker < self.workers()).then_some(worker)
    }

    /// The next block for a worker; none when nothing is left that is worth taking.
    pub(crate) fn next(&self, worker: usize) -> Option<usize> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares[worker].is_empty() {
            let present = self.present.load(Ordering::Relaxed).min(shares.len());
            let half = match shares[present..].iter_mut().find(|share| !Range::is_empty(share)) {
                Some(orphaned) => take_end(orphaned, orphaned.len().div_ceil(2)),
                None => {
                    let largest = shares.iter_mut().max_by_key(|share| share.len())?;
                    let stolen = largest.len() / 2;
                    let least = if worker == 0 { self.leader_stolen } else { MIN_STOLEN };
                    if stolen < least {
                        return None;
                    }
                    take_end(largest, stolen)
                }
            };
            shares[worker] = half;
        }
        shares[worker].next()
    }
}

/// Takes so many blocks from the end of a share.
fn take_end(share: &mut Range<usize>, blocks: usize) -> Range<usize> {
    let end = share.end;
    share.end -= blocks;
    share.end..end
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Shares};

    const ALL: [Shares; 3] = [Shares::Equal, Shares::Leading, Shares::Whole];

    #[test]
    fn every_block_is_taken_once_whoever_is_faster() {
        for (blocks, workers) in [(0, 1), (0, 2), (1, 3), (100, 1), (100, 2), (1000, 7)] {
            // One worker is as fast as all others together.
            for (shares, fast) in
                ALL.into_iter().flat_map(|shares| [0, workers - 1].map(|fast| (shares, fast)))
            {
                let schedule = Schedule::new(blocks, workers, shares);
                let mut taken = vec![0; blocks];
                let turns = (0..workers).flat_map(|worker| [fast, worker]).cycle();
                for worker in turns.take(4 * (blocks + workers)) {
                    if let Some(block) = schedule.next(worker) {
                        taken[block] += 1;
                    }
                }
                let case =
                    format!("{shares:?}, {blocks} blocks, {workers} workers, {fast} is faster: {taken:?}");
                assert!(taken.iter().all(|&times| times == 1), "{case}");
            }
        }
    }

    #[test]
    fn those_that_came_do_the_shares_of_those_that_never_do() {
        for (blocks, workers, present) in [(64, 2, 1), (100, 5, 3), (1000, 7, 1), (30, 3, 2)] {
            for shares in ALL {
                let schedule = Schedule::new(blocks, workers, shares);
                let mut taken = vec![0; blocks];
                let mut go = |worker: usize| {
                    while let Some(block) = schedule.next(worker) {
                        taken[block] += 1;
                    }
                };
                // All but the first are there, and gone, before it is known that there are no more.
                (1..present).for_each(&mut go);
                schedule.limit(present);
                go(0);
                assert!(
                    taken.iter().all(|&times| times == 1),
                    "{shares:?}, {present} of {workers}: {taken:?}"
                );
            }
        }
    }

    #[test]
    fn there_is_a_share_for_each_of_the_first_workers() {
        let schedule = Schedule::new(64, 2, Shares::Equal);
        assert_eq!([0; 3].map(|_| schedule.join()), [Some(0), Some(1), None]);
    }

    #[test]
    fn a_share_is_gone_through_in_order() {
        for (shares, second) in [(Shares::Equal, 32), (Shares::Leading, 28)] {
            let schedule = Schedule::new(64, 2, shares);
            assert_eq!((schedule.next(0), schedule.next(1)), (Some(0), Some(second)));
            assert_eq!((schedule.next(0), schedule.next(1)), (Some(1), Some(second + 1)));
        }
    }

    #[test]
    fn who_comes_later_takes_half_of_what_is_left_of_the_whole() {
        let schedule = Schedule::new(64, 3, Shares::Whole);
        for block in 0..4 {
            assert_eq!(schedule.next(0), Some(block));
        }
        assert_eq!((schedule.next(1), schedule.next(2)), (Some(34), Some(19)));
        assert_eq!(schedule.next(0), Some(4));
    }

    #[test]
    fn the_first_worker_goes_on_rather_than_take_a_little() {
        // The first share of 200 blocks, and what the first worker takes of as many as the second one has left.
        for (shares, own, left, taken) in [
            (Shares::Equal, 100, 30, Some(185)),
            (Shares::Leading, 90, 30, None),
            (Shares::Leading, 90, 32, Some(184)),
        ] {
            let schedule = Schedule::new(200, 2, shares);
            go_through(&schedule, 0, own - 1);
            go_through(&schedule, 1, 199 - left);
            assert_eq!(schedule.next(0), taken, "half of {left} blocks, {shares:?}");
        }
        // What was taken from it, too: of 64 blocks the second worker takes 32, and of as many as it has left, half again.
        for (left, taken) in [(14, None), (16, Some(56))] {
            let schedule = Schedule::new(64, 2, Shares::Whole);
            assert_eq!(schedule.next(1), Some(32));
            go_through(&schedule, 0, 31);
            go_through(&schedule, 1, 63 - left);
            assert_eq!(schedule.next(0), taken, "half of {left} blocks");
        }
    }

    /// Takes blocks up to one that is the worker's.
    fn go_through(schedule: &Schedule, worker: usize, last: usize) {
        assert!((0..=last).any(|_| schedule.next(worker) == Some(last)), "block {last} for worker {worker}");
    }
}
