use std::time::Duration;

use extract::OutputFormat;

use crate::error::LoadError;

/// What load to make, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// When requests are sent.
    pub traffic: Traffic,
    /// Which pictures they are about.
    pub mix: Mix,
    /// How they ask.
    pub via: Via,
    /// Form of the answers. Default: the service's own, the summary.
    pub format: Option<OutputFormat>,
    /// Load before the measured one, that counts for nothing. Default 2 s.
    pub warm_up: Duration,
    /// Measured time; it is looked at in three windows. Default 30 s.
    pub duration: Duration,
    /// How many times `duration` to go on for until three windows agree. Default 1: no longer.
    pub patience: u32,
    /// From the intended start of a request to the last byte of its answer. Default 60 s.
    pub timeout: Duration,
    /// Connections that an open loop may have at a time. Default 1024.
    pub connections: usize,
    /// Threads that generate. Default 1.
    pub threads: usize,
    /// Of all that is random, but for the bytes of variants, which are new in every run.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            traffic: Traffic::Closed { clients: 1, on_refusal: OnRefusal::Wait },
            mix: Mix::HitRatio(0.8),
            via: Via::Multipart,
            format: None,
            warm_up: Duration::from_secs(2),
            duration: Duration::from_secs(30),
            patience: 1,
            timeout: Duration::from_secs(60),
            connections: 1024,
            threads: 1,
            seed: 0,
        }
    }
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Traffic {
    /// At times that do not depend on the answers.
    Open {
        /// Requests a second, 0.000001 to 1,000,000.
        rate: f64,
        /// How they are spread.
        arrivals: Arrivals,
    },
    /// By clients each of which sends when it has its answer.
    Closed {
        /// How many.
        clients: usize,
        /// What they do when they are refused.
        on_refusal: OnRefusal,
    },
}

/// How the requests of an open loop are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal distances.
    Constant,
    /// As those of many clients that know nothing of each other: exponential distances.
    Poisson,
}

/// What a client of a closed loop does after 429 or 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// Stays away for as long as `Retry-After` says.
    Wait,
    /// Sends its next request at once.
    AtOnce,
}

/// Which pictures requests are about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mix {
    /// This share, 0 to 1, of pictures that the service knows; the others are variants that nobody has sent before.
    HitRatio(f64),
    /// Of `variants` pictures the one of rank `k` with a probability in proportion to `k` to the power of `-exponent`
    /// (Zipf). How many are hits, the cache decides.
    Popularity {
        /// 0 (all alike) to 10.
        exponent: f64,
        /// How many pictures there are, 1 to 10^12.
        variants: u64,
    },
}

/// How requests ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Uploads as forms: the field `image` of `multipart/form-data`.
    Multipart,
    /// Uploads of the image as the body.
    Raw,
    /// GET by SHA-256 for pictures that the service knows, [`Raw`](Self::Raw) for others.
    Get,
}

/// Longest times, to keep sums of them within bounds.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// [`LoadError::Setting`] or [`LoadError::Conflict`] with what is allowed.
    pub fn validate(&self) -> Result<(), LoadError> {
        match self.traffic {
            Traffic::Open { rate, .. } => {
                check((1e-6..=1e6).contains(&rate), "the rate", &rate, "0.000001 to 1000000 a second")?;
                check(
                    self.connections >= self.threads,
                    "the number of connections",
                    &self.connections,
                    "at least one for each thread",
                )?;
            }
            Traffic::Closed { clients, .. } => {
                check((1..=100_000).contains(&clients), "the concurrency", &clients, "1 to 100000")?;
            }
        }
        match self.mix {
            Mix::HitRatio(ratio) => {
                check((0.0..=1.0).contains(&ratio), "the hit ratio", &ratio, "0 to 1")?;
            }
            Mix::Popularity { exponent, variants } => {
                check((0.0..=10.0).contains(&exponent), "the exponent of popularity", &exponent, "0 to 10")?;
                let allowed = "1 to 1000000000000";
                check(
                    (1..=1_000_000_000_000).contains(&variants),
                    "the number of variants",
                    &variants,
                    allowed,
                )?;
                if self.via == Via::Get {
                    return Err(LoadError::Conflict(
                        "GET is for pictures that are known: with a popularity, upload them (multipart or raw)",
                    ));
                }
            }
        }
        check(self.warm_up <= LONGEST, "the warm-up", &self.warm_up.as_secs_f64(), "at most a week")?;
        for (name, time) in [("the duration", self.duration), ("the timeout", self.timeout)] {
            let allowed = "at least a millisecond and at most a week";
            check((Duration::from_millis(1)..=LONGEST).contains(&time), name, &time.as_secs_f64(), allowed)?;
        }
        check((1..=1000).contains(&self.patience), "the patience", &self.patience, "1 to 1000")?;
        check(
            (1..=100_000).contains(&self.connections),
            "the number of connections",
            &self.connections,
            "1 to 100000",
        )?;
        check((1..=256).contains(&self.threads), "the number of threads", &self.threads, "1 to 256")
    }
}

pub(crate) fn check(
    holds: bool,
    name: &'static str,
    value: &impl ToString,
    allowed: &'static str,
) -> Result<(), LoadError> {
    if holds { Ok(()) } else { Err(LoadError::Setting { name, value: value.to_string(), allowed }) }
}
