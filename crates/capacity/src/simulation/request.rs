use fastrand::Rng;

use super::{Arrivals, PictureClass, Scenario, Span};
use crate::admission::Work;
use crate::profile::Distribution;

/// A request on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) arrived: f64,
    /// Share of delays that are at most as long as its own.
    pub(super) delay_share: f64,
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
                (self.random.f64() >= self.scenario.hit_ratio).then(|| self.picture())
            }
        };
        let counts = match self.scenario.span {
            Span::Requests(requests) if self.drawn == requests => return None,
            Span::Requests(requests) => self.drawn >= requests / 10,
            Span::Seconds { warm_up, measured } if self.clock >= warm_up + measured => return None,
            Span::Seconds { warm_up, .. } => self.clock >= warm_up,
        };
        self.drawn += 1;
        Some(Request { arrived: self.clock, delay_share: self.random.f64(), delay: 0.0, counts, picture })
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

    /// What it takes to compute a picture on so many threads with the machine to themselves, s.
    pub(super) fn service(&mut self, picture: &PictureClass, threads: u32) -> f64 {
        if let Some((_, times)) = picture.joined.iter().find(|(joined, _)| *joined == threads) {
            return self.draw(times);
        }
        self.draw(&picture.single) / self.scenario.within_picture.speedup(f64::from(threads)).max(1.0)
    }

    fn draw(&mut self, times: &Distribution) -> f64 {
        inverted(times, self.random.f64())
    }
}

/// A draw by inversion: the quantile of a random share (Law, section 8.2.1), scaled so that the mean is the measured one.
fn inverted(times: &Distribution, share: f64) -> f64 {
    times.quantile(share) * times.interpolation_scale()
}
