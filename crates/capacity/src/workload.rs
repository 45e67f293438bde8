//! What is asked of the service.

use std::sync::Arc;

use crate::Error;
use crate::hit_ratio::Zipf;

/// More pictures than any service has.
const MOST_PICTURES: u64 = 1_000_000_000_000;

/// Requests, and how they must be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Requests a second, mean over a month. Above 0.
    pub rate: f64,
    /// How many times as many come at the busiest time. At least 1. Default 2.
    pub peak_factor: f64,
    /// How many times as many come at the end of the time that is planned for. Above 0. Default 1.
    pub growth: f64,
    /// Which of them the cache answers.
    pub hits: Hits,
    /// Classes of pictures of the profile, each with its share in any unit. Default: all of them alike.
    pub mix: Vec<(String, f64)>,
    /// Bytes of an answer with its head, mean. Default 1,000: a summary.
    pub answer_bytes: f64,
    /// How they must be answered.
    pub objective: Objective,
    /// The very requests, where they are known in advance. Default: they come at random.
    pub known: Option<Arc<KnownLoad>>,
}

/// A load of which each request is known in advance, as that of a generator whose random numbers are known, so that a plan
/// can be held against a run. At any rate they are the same, at times in proportion.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownLoad {
    /// Paths of the pictures that are sent, as the profile has them.
    pub pictures: Vec<String>,
    /// In the order in which they come. Others follow at random where they end.
    pub requests: Vec<KnownRequest>,
    /// Seconds at the beginning that count for nothing.
    pub warm_up: f64,
    /// Seconds after them that count. Above 0.
    pub seconds: f64,
}

/// A request of such a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownRequest {
    /// When it comes, in units of the mean time between two requests.
    pub at: f64,
    /// Number of its picture.
    pub picture: usize,
    /// Whether it is a hit.
    pub hit: bool,
}

/// Where the hit ratio comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hits {
    /// It is given, 0 to 1.
    Ratio(f64),
    /// It follows from what is asked for, and from how much is kept how long.
    Popularity(Zipf),
}

/// How requests must be answered at the busiest time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// Time that 99 % of all answers keep, s. Above 0. Default 1.
    pub p99: f64,
    /// Share of requests that may be refused, 0 to below 1. Default 0.001.
    pub refused: f64,
}

impl Default for Objective {
    fn default() -> Self {
        Self { p99: 1.0, refused: 0.001 }
    }
}

impl Workload {
    /// So many requests a second with so many hits, and defaults for the rest.
    pub fn new(rate: f64, hits: Hits) -> Self {
        let objective = Objective::default();
        Self {
            rate,
            peak_factor: 2.0,
            growth: 1.0,
            hits,
            mix: Vec::new(),
            answer_bytes: 1000.0,
            objective,
            known: None,
        }
    }

    /// Requests a second to be planned for, mean.
    pub fn planned_rate(&self) -> f64 {
        self.rate * self.growth
    }

    /// Requests a second at the busiest time.
    pub fn peak_rate(&self) -> f64 {
        self.planned_rate() * self.peak_factor
    }

    /// Checks every figure.
    ///
    /// # Errors
    /// [`Error::Workload`], for the first that cannot be.
    pub fn validate(&self) -> Result<(), Error> {
        let check = |what: &'static str, value: f64, valid: bool, allowed: &'static str| {
            if valid { Ok(()) } else { Err(Error::Workload { what, value, allowed }) }
        };
        let positive = |what: &'static str, value: f64| {
            check(what, value, value.is_finite() && value > 0.0, "a number above 0")
        };
        positive("rate", self.rate)?;
        check("rate", self.rate, self.rate <= 1e7, "at most 10,000,000 a second")?;
        let peak = self.peak_factor;
        check("peak factor", peak, peak.is_finite() && peak >= 1.0, "a number of at least 1")?;
        positive("growth", self.growth)?;
        positive("answer's size", self.answer_bytes)?;
        positive("p99", self.objective.p99)?;
        let refused = self.objective.refused;
        check("share that may be refused", refused, (0.0..1.0).contains(&refused), "from 0 to below 1")?;
        if let Some(known) = &self.known {
            positive("time that counts", known.seconds)?;
        }
        for (_, share) in &self.mix {
            positive("share of a class of pictures", *share)?;
        }
        match self.hits {
            Hits::Ratio(ratio) => check("hit ratio", ratio, (0.0..=1.0).contains(&ratio), "from 0 to 1"),
            Hits::Popularity(Zipf { exponent, pictures }) => {
                let valid = (0.0..=4.0).contains(&exponent);
                check("exponent of the popularity", exponent, valid, "from 0 to 4")?;
                let valid = (1..=MOST_PICTURES).contains(&pictures);
                check("working set", pictures as f64, valid, "from 1 to 1,000,000,000,000 pictures")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_named() {
        let fine = Workload::new(100.0, Hits::Ratio(0.8));
        assert_eq!(fine.validate(), Ok(()));
        let objective = Objective { p99: 0.0, ..fine.objective };
        let pictures = |pictures| Hits::Popularity(Zipf { exponent: 0.8, pictures });
        for (what, workload) in [
            ("rate", Workload { rate: 0.0, ..fine.clone() }),
            ("rate", Workload { rate: f64::NAN, ..fine.clone() }),
            ("rate", Workload { rate: 1e9, ..fine.clone() }),
            ("hit ratio", Workload { hits: Hits::Ratio(1.2), ..fine.clone() }),
            ("peak factor", Workload { peak_factor: 0.5, ..fine.clone() }),
            ("growth", Workload { growth: -1.0, ..fine.clone() }),
            ("working set", Workload { hits: pictures(0), ..fine.clone() }),
            ("working set", Workload { hits: pictures(u64::MAX), ..fine.clone() }),
            ("p99", Workload { objective, ..fine }),
        ] {
            let Err(Error::Workload { what: named, .. }) = workload.validate() else { panic!("{what}") };
            assert_eq!(named, what);
        }
    }
}
