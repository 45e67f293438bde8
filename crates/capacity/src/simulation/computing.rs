use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::Processors;
use super::processors::Speeds;
use super::request::Image;

/// Images that are being computed.
///
/// All that have as many threads go equally fast at any time, so that the order in which they end is known when they begin: each group
/// of them has a clock that goes as fast as they do, and its images in the order of the times on it at which they end. What comes first
/// is then found among groups, of which there are few, and not among images.
#[derive(Debug, Default)]
pub(super) struct Computing {
    groups: Vec<Group>,
    /// In the order in which they began, which is that of their deadlines; those that have ended leave when they are the first.
    begun: VecDeque<Running>,
    /// The number of the first of these.
    first: u64,
    threads: usize,
}

/// An image that is being computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    pub(super) image: Image,
    pub(super) threads: u32,
    pub(super) began: f64,
    has_ended: bool,
}

/// Images with as many threads.
#[derive(Debug)]
struct Group {
    threads: u32,
    /// Time that each of them has done since the simulation began, of that which they would take alone on the machine, s.
    done: f64,
    /// How fast that passes now.
    speed: f64,
    ends: BinaryHeap<Reverse<End>>,
}

/// When an image ends, on the clock of its group.
#[derive(Debug, Clone, Copy)]
struct End {
    at: f64,
    number: u64,
}

impl Computing {
    /// Threads that all of them have.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// An image begins that takes so long alone on the machine, s.
    pub(super) fn begin(&mut self, image: Image, threads: u32, alone: f64, now: f64) {
        let number = self.first + self.begun.len() as u64;
        self.begun.push_back(Running { image, threads, began: now, has_ended: false });
        self.threads += threads as usize;
        let known = self.groups.iter().position(|group| group.threads == threads);
        let index = known.unwrap_or_else(|| {
            self.groups.push(Group { threads, done: 0.0, speed: 0.0, ends: BinaryHeap::new() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[index];
        group.ends.push(Reverse(End { at: group.done + alone, number }));
    }

    /// Has each go as fast as the processors let it, and finds how long it is until the first ends.
    pub(super) fn set_speeds(&mut self, speeds: Speeds, processors: &Processors) -> f64 {
        let mut first = f64::INFINITY;
        for group in &mut self.groups {
            group.speed = speeds.computing * processors.slowing(group.threads, speeds.busy);
            if let Some(Reverse(End { at, .. })) = group.ends.peek() {
                first = first.min((at - group.done).max(0.0) / group.speed);
            }
        }
        first
    }

    /// When the first of them began to wait, s.
    pub(super) fn first_admitted(&self) -> Option<f64> {
        self.begun.front().map(|running| running.image.admitted)
    }

    /// Time passes, s.
    pub(super) fn pass(&mut self, after: f64) {
        self.groups.iter_mut().for_each(|group| group.done += group.speed * after);
    }

    /// The one that is done, by the time that has passed.
    pub(super) fn take_done(&mut self) -> Option<Running> {
        let left = |group: &Group| {
            group.ends.peek().map_or(f64::INFINITY, |Reverse(End { at, .. })| (at - group.done) / group.speed)
        };
        let group = self.groups.iter_mut().min_by(|a, b| left(a).total_cmp(&left(b)))?;
        let Reverse(End { number, .. }) = group.ends.pop()?;
        Some(self.end(number))
    }

    /// The one whose deadline has passed.
    pub(super) fn take_first_admitted(&mut self) -> Option<Running> {
        let number = self.first;
        let threads = self.begun.front()?.threads;
        let group = self.groups.iter_mut().find(|group| group.threads == threads)?;
        group.ends.retain(|Reverse(end)| end.number != number);
        Some(self.end(number))
    }

    fn end(&mut self, number: u64) -> Running {
        let running = &mut self.begun[(number - self.first) as usize];
        running.has_ended = true;
        let running = *running;
        self.threads -= running.threads as usize;
        while self.begun.front().is_some_and(|running| running.has_ended) {
            self.begun.pop_front();
            self.first += 1;
        }
        running
    }
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for End {}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.total_cmp(&other.at).then(self.number.cmp(&other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Request;
    use super::*;
    use crate::admission::Work;
    use crate::usl::Usl;

    fn image(admitted: f64) -> Image {
        let request = Request {
            arrived: admitted,
            delay_share: 0.5,
            service_share: 0.5,
            delay: 0.0,
            counts: true,
            picture: Some(0),
        };
        Image { request, picture: 0, pixels: 1, work: Work::NONE, admitted }
    }

    #[test]
    fn the_first_to_end_ends_first_and_the_first_admitted_can_be_given_up() {
        let processors =
            Processors { cores: 4.0, niceness: 0, contention: Usl { lambda: 1.0, sigma: 0.0, kappa: 0.0 } };
        let mut computing = Computing::default();
        let step = |computing: &mut Computing| {
            let after = computing.set_speeds(processors.speeds(0, computing.threads()), &processors);
            computing.pass(after);
            (after, computing.take_done().unwrap().image.admitted)
        };
        for (admitted, threads, alone) in [(0.0, 1, 8.0), (1.0, 2, 2.0), (2.0, 1, 3.0), (3.0, 4, 2.0)] {
            computing.begin(image(admitted), threads, alone, 5.0);
        }
        // Eight threads have four processors: each goes at half its speed, until there are none too many.
        assert_eq!(computing.threads(), 8);
        assert_eq!(step(&mut computing), (4.0, 1.0));
        assert_eq!(computing.threads(), 6);
        assert_eq!(step(&mut computing), (0.0, 3.0));
        assert_eq!(step(&mut computing), (1.0, 2.0));
        computing.begin(image(4.0), 1, 1.0, 10.0);
        assert_eq!(computing.first_admitted(), Some(0.0));
        assert_eq!(computing.take_first_admitted().unwrap().began, 5.0);
        assert_eq!(computing.first_admitted(), Some(4.0));
        assert_eq!(step(&mut computing), (1.0, 4.0));
        assert!(computing.take_done().is_none() && computing.take_first_admitted().is_none());
        assert_eq!(computing.threads(), 0);
    }
}
