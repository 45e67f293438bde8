//! The binary as its user sees it: files, standard streams, exit codes and messages.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_inputs;
mod cache_bench;
mod denoise;
mod doctor;
mod formats;
mod load;
mod outputs;
mod profile;
mod running;
// Those that the tests of the stores start.
#[allow(dead_code, unused_imports)]
#[path = "../../../cache/tests/shared/servers/mod.rs"]
mod servers;
mod settings;
mod streams;
mod usage;
