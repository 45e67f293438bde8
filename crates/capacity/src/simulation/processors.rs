use crate::usl::Usl;

/// Weights of the kernel's fair scheduler for `nice` 0 to 19 (Linux, `sched_prio_to_weight`): each step is about 1.25.
const WEIGHTS: [f64; 20] = [
    1024.0, 820.0, 655.0, 526.0, 423.0, 335.0, 272.0, 215.0, 172.0, 137.0, 110.0, 87.0, 70.0, 56.0, 45.0,
    36.0, 29.0, 23.0, 18.0, 15.0,
];

/// Processors shared by threads that answer and threads that compute: generalised processor sharing.
///
/// Each runnable thread gets its share of all processors by its weight, but never more than one processor; what it cannot use
/// goes to the others. A kernel approaches this fluid limit over some scheduling slices (milliseconds): it gives one
/// processor to one thread at a time, and a thread that wakes up may wait for a slice's end. So waits of less than a slice
/// are told too short where computing threads fill all processors.
///
/// A. K. Parekh and R. G. Gallager, *A generalized processor sharing approach to flow control*, 1993.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Processors {
    /// Processors, or the share of them that a quota allows. Above 0.
    pub cores: f64,
    /// `nice` value of the computing threads; those that answer have 0.
    pub niceness: u8,
    /// How computing on several processors slows each.
    pub contention: Usl,
}

/// How fast threads go, in seconds of processor time a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speeds {
    pub(super) answering: f64,
    pub(super) computing: f64,
    /// Processors that are busy.
    pub(super) busy: f64,
}

impl Processors {
    /// Processor time a second that a thread has which answers alone beside so many that compute.
    pub fn answering_speed(&self, computing: usize) -> f64 {
        self.speeds(1, computing).answering
    }

    pub(super) fn speeds(&self, answering: usize, computing: usize) -> Speeds {
        let (answering, computing) = (answering as f64, computing as f64);
        if answering + computing <= self.cores {
            return Speeds { answering: 1.0, computing: 1.0, busy: answering + computing };
        }
        let weight = WEIGHTS.get(usize::from(self.niceness)).copied().unwrap_or(15.0) / 1024.0;
        // The greater weight is the first to have a processor of its own.
        let fast = (self.cores / (answering + weight * computing)).min(1.0);
        let left = self.cores - fast * answering;
        let slow = if computing > 0.0 { (left / computing).clamp(0.0, 1.0) } else { 0.0 };
        Speeds { answering: fast, computing: slow, busy: fast * answering + slow * computing }
    }

    /// How much slower a picture on so many threads is computed than alone on the machine, while so many processors are busy.
    pub(super) fn slowing(&self, threads: u32, busy: f64) -> f64 {
        let alone = self.contention.efficiency(f64::from(threads).min(self.cores));
        (self.contention.efficiency(busy) / alone).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVEN: Usl = Usl { lambda: 1.0, sigma: 0.0, kappa: 0.0 };

    fn two(niceness: u8) -> Processors {
        Processors { cores: 2.0, niceness, contention: EVEN }
    }

    #[test]
    fn while_there_are_processors_nobody_waits() {
        assert_eq!(two(5).speeds(1, 1), Speeds { answering: 1.0, computing: 1.0, busy: 2.0 });
    }

    #[test]
    fn weights_share_what_is_short() {
        let even = two(0).speeds(2, 2);
        assert_eq!((even.answering, even.computing), (0.5, 0.5));
        let nice = two(5).speeds(4, 2);
        assert!((nice.answering / nice.computing - 1024.0 / 335.0).abs() < 1e-9, "{nice:?}");
        // One that answers cannot use more than a processor.
        let one = two(19).speeds(1, 2);
        assert_eq!((one.answering, one.computing), (1.0, 0.5));
    }

    #[test]
    fn contention_counts_against_what_was_measured_with_as_many_threads() {
        let processors = Processors { contention: Usl { sigma: 0.2, ..EVEN }, ..two(5) };
        assert_eq!(processors.slowing(1, 1.0), 1.0);
        assert!((processors.slowing(1, 2.0) - 1.0 / 1.2).abs() < 1e-12);
        assert_eq!(processors.slowing(2, 2.0), 1.0);
    }

    proptest! {
        #[test]
        fn no_processor_is_idle_while_a_thread_waits(answering in 0_usize..40, computing in 0_usize..40, nice in 0_u8..20) {
            let speeds = two(nice).speeds(answering, computing);
            let wanted = ((answering + computing) as f64).min(2.0);
            prop_assert!((speeds.busy - wanted).abs() < 1e-9);
            prop_assert!(speeds.answering <= 1.0 && speeds.computing <= speeds.answering.max(1.0));
        }
    }
}
