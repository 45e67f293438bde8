//! Closed forms of queueing theory, with which the simulation is checked and beside which it is shown. Times are seconds,
//! rates are a second.
//!
//! None of them is what a plan rests on: they know neither the bounded pixels nor the deadline of siftd's admission, nor
//! images that take several threads, nor hits beside misses. [`crate::simulation`] does.

mod erlang;
mod mg1;
mod mmc;

pub use erlang::{erlang_b, erlang_c};
pub use mg1::pollaczek_khinchine;
pub use mmc::{Mmc, Mmck, allen_cunneen};
