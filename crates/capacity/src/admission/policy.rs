use std::num::NonZeroUsize;
use std::time::Duration;

use super::{Pace, Refusal, Work, Works};

/// Deadlines that an image has to exceed by itself, at the best pace, to be refused for it: what work it is may be misjudged, too.
const DOUBT: u32 = 2;

/// What waits and what is being computed.
#[derive(Debug, Clone)]
pub struct Load {
    /// Images that wait.
    pub queued: usize,
    /// Images that are being computed.
    pub running: usize,
    /// Pixels of both.
    pub pixels: u64,
    /// Works of both.
    pub works: Works,
    /// How fast it is done.
    pub pace: Pace,
}

impl Load {
    /// Nothing, and nothing measured yet.
    pub const NONE: Self =
        Self { queued: 0, running: 0, pixels: 0, works: Works::NONE, pace: Pace::UNMEASURED };
}

/// The bounds that admission keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Compute threads.
    pub threads: NonZeroUsize,
    /// Images that may wait, beside as many as there are threads.
    pub queue_capacity: usize,
    /// Pixels that may wait or be computed at a time.
    pub pixel_budget: u64,
    /// How long an image may take from its admission.
    pub deadline: Duration,
}

/// Why an image is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is too much now.
    Now {
        /// Of what.
        reason: Refusal,
        /// When it is worth another try: whole seconds, at least one.
        retry_after: Duration,
    },
    /// It could not be done in time if there were nothing else.
    Ever,
}

impl Refused {
    /// As it is counted.
    pub fn reason(&self) -> Refusal {
        match self {
            Self::Now { reason, .. } => *reason,
            Self::Ever => Refusal::TooLong,
        }
    }
}

impl Policy {
    /// Whether one more image may come in. An idle engine lets every image in but what is far from being done in time at the best pace
    /// there ever was: estimates of late may be wrong, and only an image that is computed corrects them.
    ///
    /// # Errors
    /// Why not, and when to come again, if that helps.
    pub fn admit(&self, load: &Load, pixels: u64, work: Work) -> Result<(), Refused> {
        if load.pace.least_time(work, self.threads.get()) > self.deadline.saturating_mul(DOUBT) {
            return Err(Refused::Ever);
        }
        if load.queued + load.running == 0 {
            return Ok(());
        }
        // Not how many threads are at work: between two images, and until they wake, they have yet to take what they will.
        let places = self.threads.get().saturating_add(self.queue_capacity);
        let reason = if load.queued + load.running >= places {
            Refusal::QueueFull
        } else if load.pixels.saturating_add(pixels) > self.pixel_budget {
            Refusal::PixelBudget
        } else if self.wait(load).saturating_add(load.pace.time(work, 1)) > self.deadline {
            Refusal::Deadline
        } else {
            return Ok(());
        };
        // By then all that is there is done or given up.
        let done = load.pace.time(load.works.total(), self.threads.get()).min(self.deadline);
        Err(Refused::Now { reason, retry_after: whole_seconds(done) })
    }

    /// How long an image that comes now waits for a thread at the most.
    fn wait(&self, load: &Load) -> Duration {
        let threads = self.threads.get();
        if load.queued + load.running < threads {
            return Duration::ZERO;
        }
        // However long some images take, the other threads go on with the rest.
        let beside = (1..=threads).rev().zip(load.works.beside_the_heaviest());
        let soonest = beside.map(|(threads, rest)| load.pace.time(rest, threads)).min();
        soonest.unwrap_or_default().min(self.deadline)
    }

    /// Threads for an image that begins now: its share of all beside the images that are being computed, unless others wait
    /// for a thread.
    pub fn threads_for_next(&self, load: &Load) -> NonZeroUsize {
        let images = if load.queued > 0 { usize::MAX } else { load.running.saturating_add(1) };
        self.share(images)
    }

    /// The most threads that can work on images at a time: each image keeps what it began with, when there were fewer
    /// beside it.
    pub fn most_threads(&self) -> usize {
        (1..=self.threads.get()).map(|images| self.share(images).get()).sum()
    }

    /// Threads of one of so many images.
    fn share(&self, images: usize) -> NonZeroUsize {
        NonZeroUsize::new(self.threads.get().div_ceil(images.max(1))).unwrap_or(NonZeroUsize::MIN)
    }
}

/// A wait as `Retry-After` tells it: whole seconds, rounded up, at least one.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(capacity::admission::whole_seconds(Duration::from_millis(1_001)).as_secs(), 2);
/// assert_eq!(capacity::admission::whole_seconds(Duration::ZERO).as_secs(), 1);
/// ```
pub fn whole_seconds(wait: Duration) -> Duration {
    let begun = u64::from(wait.subsec_nanos() > 0);
    Duration::from_secs(wait.as_secs().saturating_add(begun).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: u64 = 1_000_000;

    fn policy() -> Policy {
        Policy {
            threads: NonZeroUsize::new(2).unwrap(),
            queue_capacity: 3,
            pixel_budget: 50_000_000,
            deadline: Duration::from_secs(5),
        }
    }

    fn work() -> Work {
        Work::units(PIXELS as f64)
    }

    fn load(queued: usize, running: usize) -> Load {
        let mut load = Load { queued, running, ..Load::NONE };
        for _ in 0..queued + running {
            load.pixels += PIXELS;
            load.works.add(work());
        }
        load
    }

    #[test]
    fn as_many_wait_as_may() {
        let policy = policy();
        assert_eq!(policy.admit(&load(2, 2), PIXELS, work()), Ok(()));
        let refused = policy.admit(&load(3, 2), PIXELS, work()).unwrap_err();
        let retry_after = Duration::from_secs(1);
        let expected = Refused::Now { reason: Refusal::QueueFull, retry_after };
        assert_eq!(refused, expected, "five images of 0.4 s on two threads");
    }

    #[test]
    fn without_a_queue_an_image_needs_a_thread_that_is_free() {
        let policy = Policy { queue_capacity: 0, ..policy() };
        assert_eq!(policy.admit(&load(0, 1), PIXELS, work()), Ok(()));
        assert_eq!(policy.admit(&load(0, 2), PIXELS, work()).unwrap_err().reason(), Refusal::QueueFull);
    }

    /// Where a thread is between two images, and where a burst comes before any has begun.
    #[test]
    fn threads_that_have_yet_to_take_an_image_make_no_room_beyond_theirs() {
        let admitted = |policy: Policy, queued, running| {
            policy.admit(&load(queued, running), PIXELS, work()).map_err(|refused| refused.reason())
        };
        let none = Policy { queue_capacity: 0, ..policy() };
        assert_eq!(admitted(none, 1, 0), Ok(()));
        assert_eq!(admitted(none, 2, 0), Err(Refusal::QueueFull));
        assert_eq!(admitted(none, 5, 1), Err(Refusal::QueueFull));
        assert_eq!(admitted(policy(), 3, 1), Ok(()));
        assert_eq!(admitted(policy(), 4, 1), Err(Refusal::QueueFull));
        let unbounded = Policy { queue_capacity: usize::MAX, ..policy() };
        assert_eq!(admitted(unbounded, 5, 2), Ok(()));
    }

    #[test]
    fn pixels_in_flight_are_bounded() {
        let loaded = Load { pixels: 49_500_000, ..load(0, 1) };
        let refused = policy().admit(&loaded, PIXELS, work()).unwrap_err();
        assert_eq!(refused.reason(), Refusal::PixelBudget);
        assert_eq!(policy().admit(&loaded, 500_000, work()), Ok(()));
    }

    #[test]
    fn what_could_not_be_done_in_time_is_not_begun() {
        let mut loaded = load(0, 2);
        for _ in 0..30 {
            loaded.works.add(work());
        }
        let refused = policy().admit(&loaded, PIXELS, work()).unwrap_err();
        let expected = Refused::Now { reason: Refusal::Deadline, retry_after: Duration::from_secs(5) };
        assert_eq!(refused, expected, "32 images of 0.4 s, but none has longer");
    }

    #[test]
    fn heavy_images_keep_a_thread_each_from_the_others() {
        let admitted = |policy: Policy, (queued, running), heavy| {
            let mut loaded = load(queued, running);
            for _ in 0..heavy {
                loaded.works.remove(work());
                loaded.works.add(Work::units(1e9));
            }
            policy.admit(&loaded, PIXELS, work()).map_err(|refused| refused.reason())
        };
        let threads = |threads| Policy { threads: NonZeroUsize::new(threads).unwrap(), ..policy() };
        assert_eq!(admitted(threads(2), (0, 1), 1), Ok(()), "a thread is free");
        assert_eq!(admitted(threads(2), (2, 2), 1), Ok(()), "three images of 0.4 s on the other thread");
        assert_eq!(admitted(threads(2), (0, 2), 2), Err(Refusal::Deadline), "there is no other thread");
        assert_eq!(admitted(threads(1), (0, 1), 1), Err(Refusal::Deadline));
        assert_eq!(admitted(threads(4), (2, 4), 3), Ok(()));
        assert_eq!(admitted(threads(4), (2, 4), 4), Err(Refusal::Deadline));
    }

    #[test]
    fn what_could_never_be_done_in_time_is_told_so() {
        let mut idle = Load::NONE;
        idle.pace.measured(work(), Duration::from_millis(100));
        let admitted = |seconds: f64| policy().admit(&idle, PIXELS, Work::units(seconds * 1e7));
        assert_eq!(admitted(19.9), Ok(()), "on two threads, for twice as long as it has");
        assert_eq!(admitted(20.1), Err(Refused::Ever));
    }

    #[test]
    fn an_idle_engine_that_has_measured_nothing_lets_every_image_in() {
        let huge = Work::units(1e9);
        assert_eq!(policy().admit(&Load::NONE, 1_000_000_000, huge), Ok(()));
    }

    #[test]
    fn an_image_gets_its_share_of_threads_unless_others_wait() {
        let policy = Policy { threads: NonZeroUsize::new(8).unwrap(), ..policy() };
        let threads = |queued, running| policy.threads_for_next(&load(queued, running)).get();
        assert_eq!([0, 1, 2, 3, 4, 7].map(|running| threads(0, running)), [8, 4, 3, 2, 2, 1]);
        assert_eq!(threads(1, 0), 1);
        assert_eq!(policy.most_threads(), 8 + 4 + 3 + 2 + 2 + 2 + 2 + 1);
    }
}
