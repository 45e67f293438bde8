//! A discrete-event simulation of one instance of the service: its own admission ([`crate::admission`]) over measured times.
//!
//! Requests arrive; each is first received, hashed and looked up on a runtime thread. Hits are answered then. Misses ask
//! the policy, wait in its queue, and are computed: by as many threads as it gives them. Both kinds share the
//! processors ([`Processors`]), hits with the greater weight. What a kernel adds to that, which gives whole slices, is drawn
//! from what was measured with as many threads computing. What is not simulated: requests that join another's
//! computation, retries of who was refused, clients that stop waiting.
//!
//! The same seed gives the same outcome. Discrete-event simulation: Averill M. Law, *Simulation Modeling and Analysis*, 5th
//! edition 2015, chapter 1.

mod computing;
mod instance;
mod outcome;
mod processors;
mod request;
mod search;
mod service;

pub use outcome::{Latencies, Outcome};
pub use processors::Processors;
pub use search::{Bound, greatest_rate};

use std::sync::Arc;

use crate::admission::Policy;
use crate::profile::Distribution;
use crate::usl::Usl;

/// How requests come.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// At random: times between them are exponential.
    Poisson,
    /// At even intervals.
    Constant,
    /// As it is known in advance; at random where that ends. Hit ratio and weights of pictures count only then.
    Known(Arc<[Known]>),
}

/// A request that is known in advance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// When it comes, in units of the mean time between two requests.
    pub at: f64,
    /// Which picture is to be computed; none for a hit.
    pub picture: Option<usize>,
}

/// Which requests are simulated, and which of them count. The instance is idle before the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Span {
    /// So many; the first tenth is left out of the outcome.
    Requests(u64),
    /// Those of so many seconds after others, which are left out.
    Seconds {
        /// Left out, s.
        warm_up: f64,
        /// That count, s.
        measured: f64,
    },
}

/// A class of pictures as the simulation draws it.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureClass {
    /// How often it comes among misses, in any unit.
    pub weight: f64,
    /// Pixels.
    pub pixels: u64,
    /// Time of computing it on one thread, s.
    pub single: Distribution,
    /// Time of computing it on more threads, by their number; for others, `within_picture` tells.
    pub joined: Vec<(u32, Distribution)>,
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Requests a second.
    pub rate: f64,
    /// How they come.
    pub arrivals: Arrivals,
    /// Share of requests that the cache answers, 0 to 1.
    pub hit_ratio: f64,
    /// Processor time of a request beside computing, s.
    pub request_cpu: f64,
    /// What a request takes longer than the shared processors explain, s (the network, the client, a shared tier, the
    /// kernel's slices), by the number of threads that compute when it comes: for none, for one and so on; the last is for
    /// more, too. Without any there is no such delay. Below zero it takes less.
    pub request_delay: Vec<Distribution>,
    /// Pictures of misses. At least one.
    pub pictures: Vec<PictureClass>,
    /// The processors that all share.
    pub processors: Processors,
    /// Threads that answer; more requests wait for one.
    pub runtime_threads: usize,
    /// Which images are let in, and with how many threads they are computed.
    pub policy: Policy,
    /// How several threads share one picture.
    pub within_picture: Usl,
    /// Requests to simulate.
    pub span: Span,
    /// Seed of all that is random.
    pub seed: u64,
}

impl Scenario {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        instance::Instance::new(self).run()
    }
}

#[cfg(test)]
mod tests;
