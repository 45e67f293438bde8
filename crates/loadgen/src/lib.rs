//! HTTP load for a siftd service: open and closed loops, a controlled share of cache hits over real photographs, and
//! latencies from the intended start of each request, so that a server that stalls is seen to.
//!
//! ```no_run
//! use loadgen::{Arrivals, Config, Corpus, Target, Traffic, run};
//! use tokio_util::sync::CancellationToken;
//!
//! let target = Target::new("http://127.0.0.1:8000", None)?;
//! let corpus = Corpus::read("testdata/pictures".as_ref())?;
//! let traffic = Traffic::Open { rate: 50.0, arrivals: Arrivals::Poisson };
//! let config = Config { traffic, ..Config::default() };
//! let report = run(&target, &config, &corpus, &CancellationToken::new(), &mut |_| {})?;
//! println!("{:?}", report.latency.answered.map(|latency| latency.p99_ms));
//! # Ok::<(), loadgen::LoadError>(())
//! ```
#![forbid(unsafe_code)]

mod acquaint;
mod alarm;
mod body;
mod clock;
mod closed_loop;
mod config;
mod connection;
mod corpus;
mod error;
mod generator;
mod html;
mod load_thread;
mod measure;
mod mix;
mod open_loop;
mod outcome;
mod preview;
mod progress;
pub mod report;
mod request;
mod run;
mod schedule;
mod search;
mod stability;
mod summary;
mod tally;
mod target;
mod threads;
mod variant;

pub use config::{Arrivals, Config, Mix, OnRefusal, Traffic, Via};
pub use corpus::Corpus;
pub use error::LoadError;
pub use html::html;
pub use preview::{Upcoming, preview};
pub use progress::{Glimpse, Phase, Progress};
pub use report::Report;
pub use run::run;
pub use search::{Objective, find_max};
pub use target::Target;
pub use variant::{Mark, Template, VariantError};
