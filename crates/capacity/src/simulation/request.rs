use fastrand::Rng;

use super::{Arrivals, Scenario, Span};
use crate::admission::Work;

/// A request on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) arrived: f64,
    /// Share of delays that are at most as long as its own.
    pub(super) delay_share: f64,
    /// Share of times of computing that are at most as long as its own.
    pub(super) service_share: f64,
    /// What it takes longer than the shared processors explain, s; below zero, shorter.
    pub(super) delay: f64,
    /// Whether it counts in the outcome.
    pub(super) counts: bool,
    /// Which picture is to be computed; none for a hit.
    pub(super) picture: Option<usize>,
}

/// An image that was let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Image {
    pub(super) request: Request,
    pub(super) picture: usize,
    pub(super) pixels: u64,
    pub(super) work: Work,
    pub(super) admitted: f64,
}

/// Draws requests, in the order of their arrival.
///
/// Each takes as many random numbers as any other, whatever comes of it: scenarios of one seed that differ in their rate have the same
/// requests, closer together or further apart (common random numbers, synchronised: Law, section 11.2). Waits then grow with the rate as
/// those of one queue do, and not by chance.
pub(super) struct Source<'a> {
    scenario: &'a Scenario,
    random: Rng,
    /// Sums of the weights of pictures up to each.
    weights: Vec<f64>,
    drawn: u64,
    clock: f64,
}

impl<'a> Source<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let weights = scenario.pictures.iter().scan(0.0, |sum, picture| {
            *sum += picture.weight;
            Some(*sum)
        });
        Self {
            scenario,
            random: Rng::with_seed(scenario.seed),
            weights: weights.collect(),
            drawn: 0,
            clock: 0.0,
        }
    }

    /// The next request; none after the last.
    pub(super) fn next(&mut self) -> Option<Request> {
        let known = match &self.scenario.arrivals {
            Arrivals::Known(known) => known.get(self.drawn as usize),
            Arrivals::Poisson | Arrivals::Constant => None,
        };
        let picture = match known {
            Some(known) => {
                self.clock = known.at / self.scenario.rate;
                known.picture
            }
            None => {
                self.clock += self.interval();
                let (is_miss, picture) = (self.random.f64() >= self.scenario.hit_ratio, self.picture());
                is_miss.then_some(picture)
            }
        };
        let counts = match self.scenario.span {
            Span::Requests(requests) if self.drawn == requests => return None,
            Span::Requests(requests) => self.drawn >= requests / 10,
            Span::Seconds { warm_up, measured } if self.clock >= warm_up + measured => return None,
            Span::Seconds { warm_up, .. } => self.clock >= warm_up,
        };
        self.drawn += 1;
        let [delay_share, service_share] = std::array::from_fn(|_| self.random.f64());
        Some(Request { arrived: self.clock, delay_share, service_share, delay: 0.0, counts, picture })
    }

    fn interval(&mut self) -> f64 {
        match self.scenario.arrivals {
            Arrivals::Constant => 1.0 / self.scenario.rate,
            Arrivals::Poisson | Arrivals::Known(_) => -(1.0 - self.random.f64()).ln() / self.scenario.rate,
        }
    }

    fn picture(&mut self) -> usize {
        let all = self.weights.last().copied().unwrap_or(0.0);
        let drawn = self.random.f64() * all;
        self.weights.partition_point(|sum| *sum <= drawn).min(self.weights.len().saturating_sub(1))
    }
}
