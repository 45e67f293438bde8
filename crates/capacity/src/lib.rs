//! How much a service of features carries, how fast, in how much memory and for how much money.
//!
//! Pure arithmetic over what others measured: a [`profile::Profile`] of a machine. Nothing here reads a file, a clock or a
//! socket. `docs/capacity.md` explains each model with its limits.
#![forbid(unsafe_code)]

pub mod admission;
pub mod cache_memory;
mod error;
pub mod hit_ratio;
pub mod instance;
pub mod limits;
pub mod live;
pub mod plan;
pub mod prices;
pub mod profile;
pub mod queueing;
pub mod report;
pub mod seed;
pub mod simulation;
pub mod throughput;
pub mod usl;
pub mod workload;

pub use error::Error;
pub use profile::Profile;
