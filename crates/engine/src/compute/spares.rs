use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use extract::Extractor;

/// An extractor that no image had for this long is given up, and its scratch memory with it.
const IDLE: Duration = Duration::from_secs(20);

/// An extractor with scratch memory for as many threads as the most that an image of it had.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) extractor: Extractor,
    pub(super) threads: NonZeroUsize,
}

/// Extractors that no image has at the moment.
///
/// Images share them so that memory follows the threads that work at a time: were each compute thread to keep its own, each
/// would soon have scratch memory for all threads.
#[derive(Debug, Default)]
pub(super) struct Spares {
    idle: Vec<(Spare, Instant)>,
}

impl Spares {
    /// One for an image on so many threads: the smallest that has memory for them, else the largest, which grows.
    pub(super) fn take(&mut self, threads: NonZeroUsize) -> Option<Spare> {
        let fit = |spare: &Spare| match spare.threads {
            enough if enough >= threads => (0, enough.get()),
            short => (1, usize::MAX - short.get()),
        };
        let (best, _) = self.idle.iter().enumerate().min_by_key(|(_, (spare, _))| fit(spare))?;
        let (spare, _) = self.idle.swap_remove(best);
        Some(Spare { threads: spare.threads.max(threads), ..spare })
    }

    pub(super) fn put(&mut self, spare: Spare, now: Instant) {
        self.idle.push((spare, now));
    }

    /// Takes out what is to be given up: dropping it takes milliseconds, and is for when nobody waits for a lock.
    pub(super) fn take_idle(&mut self, now: Instant) -> Vec<Spare> {
        let idle = |(_, since): &mut (Spare, Instant)| now.saturating_duration_since(*since) >= IDLE;
        self.idle.extract_if(.., idle).map(|(spare, _)| spare).collect()
    }

    /// How long until [`take_idle`](Self::take_idle) has something to give up, if nothing is taken.
    pub(super) fn until_idle(&self, now: Instant) -> Option<Duration> {
        let oldest = self.idle.iter().map(|&(_, since)| since).min()?;
        Some((oldest + IDLE).saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use capacity::admission::{Load, Policy};

    use super::*;
    use crate::Config;

    fn threads(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }

    fn spare(number: usize) -> Spare {
        Spare { extractor: Extractor::new(), threads: threads(number) }
    }

    fn taken(spares: &mut Spares, number: usize) -> Option<usize> {
        spares.take(threads(number)).map(|spare| spare.threads.get())
    }

    #[test]
    fn the_smallest_that_has_enough_memory_is_taken_else_the_largest() {
        let (mut spares, now) = (Spares::default(), Instant::now());
        assert_eq!(taken(&mut spares, 1), None);
        [3, 8, 4, 1].into_iter().for_each(|number| spares.put(spare(number), now));
        assert_eq!(taken(&mut spares, 4), Some(4));
        assert_eq!(taken(&mut spares, 2), Some(3));
        assert_eq!(taken(&mut spares, 12), Some(12), "that of 8 grows");
        assert_eq!(taken(&mut spares, 2), Some(2), "that of 1 grows");
        assert_eq!(taken(&mut spares, 1), None);
    }

    #[test]
    fn what_nothing_had_for_long_is_given_up() {
        let (mut spares, begin) = (Spares::default(), Instant::now());
        assert_eq!(spares.until_idle(begin), None);
        spares.put(spare(1), begin);
        spares.put(spare(2), begin + IDLE / 2);
        assert_eq!(spares.until_idle(begin + IDLE / 4), Some(IDLE - IDLE / 4));
        assert!(spares.take_idle(begin + IDLE / 2).is_empty());
        let given_up: Vec<_> =
            spares.take_idle(begin + IDLE).iter().map(|spare| spare.threads.get()).collect();
        assert_eq!(given_up, [1]);
        assert_eq!(spares.until_idle(begin + IDLE), Some(IDLE / 2));
        assert_eq!(taken(&mut spares, 1), Some(2));
    }

    /// Images begin and end as they like.
    #[test]
    fn memory_is_for_no_more_threads_than_the_policy_lets_work_at_a_time() {
        let policy = Policy { threads: threads(16), ..Config::default().admission() };
        let (mut spares, mut running, mut random) = (Spares::default(), Vec::new(), 1_u64);
        let mut most = 0;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let draw = (random >> 40) as usize;
            if running.len() < 16 && (running.is_empty() || draw % 5 > 1) {
                let load = Load {
                    running: running.len(),
                    queued: usize::from(draw.is_multiple_of(11)),
                    ..Load::NONE
                };
                let threads = policy.threads_for_next(&load);
                let new = || Spare { extractor: Extractor::new(), threads };
                running.push(spares.take(threads).unwrap_or_else(new));
            } else {
                spares.put(running.swap_remove(draw % running.len()), Instant::now());
            }
            let idle = spares.idle.iter().map(|(spare, _)| spare);
            let all: usize = running.iter().chain(idle).map(|spare| spare.threads.get()).sum();
            most = most.max(all);
        }
        assert_eq!(most, policy.most_threads());
    }
}
