use std::collections::BTreeMap;

use super::request::Request;
use crate::admission::{Load, Refusal};

/// What came of the requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Requests that the cache answered.
    pub hits: Latencies,
    /// Requests that were computed.
    pub misses: Latencies,
    /// Requests that were refused at once, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Requests that were let in, but not done by their deadline.
    pub expired: u64,
    /// Time that these figures are of, s.
    pub seconds: f64,
    /// Integrals over that time: of busy processors, of busy compute threads' images, of images that wait, of pixels.
    busy: f64,
    computing: f64,
    queued: f64,
    pixels: f64,
    /// Most images that waited at a time.
    pub most_queued: usize,
    /// Most pixels that were in flight at a time.
    pub most_pixels: u64,
    /// Answers in that time.
    answers: u64,
    /// Whether time counts at the moment.
    open: bool,
    /// Processors that are busy at the moment.
    pub(super) speeds: f64,
}

/// Times from a request's arrival to its answer, s.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Latencies {
    /// In ascending order.
    seconds: Vec<f64>,
}

impl Latencies {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.seconds.len()
    }

    /// Mean, s; 0 if there are none.
    pub fn mean(&self) -> f64 {
        self.seconds.iter().sum::<f64>() / (self.seconds.len() as f64).max(1.0)
    }

    /// The time that a share of them does not exceed, s; 0 if there are none.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = (share * self.seconds.len() as f64).ceil() as usize;
        self.seconds.get(place.saturating_sub(1)).or(self.seconds.last()).copied().unwrap_or(0.0)
    }

    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self { seconds }
    }
}

impl Outcome {
    /// Hits and misses together, as clients see them.
    pub fn answered(&self) -> Latencies {
        Latencies::of([&self.hits.seconds[..], &self.misses.seconds].concat())
    }

    /// Share of all requests that were refused.
    pub fn refused_share(&self) -> f64 {
        let refused = self.refused.values().sum::<u64>() as f64;
        let all = refused + (self.hits.count() + self.misses.count()) as f64 + self.expired as f64;
        if all > 0.0 { refused / all } else { 0.0 }
    }

    /// Share of the requests that were let in that were not done by their deadline.
    pub fn late_share(&self) -> f64 {
        let late = self.expired as f64;
        late / (late + (self.hits.count() + self.misses.count()) as f64).max(1.0)
    }

    /// Answers a second: those that came in the time that counts, whenever they were asked for.
    pub fn throughput(&self) -> f64 {
        self.over_time(self.answers as f64)
    }

    /// Processors that were busy, mean.
    pub fn busy_processors(&self) -> f64 {
        self.over_time(self.busy)
    }

    /// Images that were being computed, mean.
    pub fn mean_computing(&self) -> f64 {
        self.over_time(self.computing)
    }

    /// Images that waited, mean.
    pub fn mean_queued(&self) -> f64 {
        self.over_time(self.queued)
    }

    /// Pixels in flight, mean.
    pub fn mean_pixels(&self) -> f64 {
        self.over_time(self.pixels)
    }

    fn over_time(&self, integral: f64) -> f64 {
        integral / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// Time passes, which may count.
    pub(super) fn passed(&mut self, seconds: f64, load: &Load, counts: bool) {
        self.open = counts;
        if !counts {
            return;
        }
        self.seconds += seconds;
        self.busy += self.speeds * seconds;
        self.computing += load.running as f64 * seconds;
        self.queued += load.queued as f64 * seconds;
        self.pixels += load.pixels as f64 * seconds;
        self.most_queued = self.most_queued.max(load.queued);
        self.most_pixels = self.most_pixels.max(load.pixels);
    }

    pub(super) fn hit(&mut self, request: &Request, now: f64) {
        self.answers += u64::from(self.open);
        if request.counts {
            self.hits.seconds.push((now - request.arrived + request.delay).max(0.0));
        }
    }

    pub(super) fn miss(&mut self, request: &Request, now: f64) {
        self.answers += u64::from(self.open);
        if request.counts {
            self.misses.seconds.push((now - request.arrived + request.delay).max(0.0));
        }
    }

    pub(super) fn refuse(&mut self, request: &Request, reason: Refusal) {
        *self.refused.entry(reason).or_default() += u64::from(request.counts);
    }

    pub(super) fn expire(&mut self, request: &Request) {
        self.expired += u64::from(request.counts);
    }

    pub(super) fn sort(&mut self) {
        self.hits = Latencies::of(std::mem::take(&mut self.hits.seconds));
        self.misses = Latencies::of(std::mem::take(&mut self.misses.seconds));
    }
}
