//! The shared stores against the servers themselves, which each test starts for itself on a free port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cluster;
mod contract;
mod deploy;
mod faults;
mod memcached;
mod postgres;
mod redis;
mod sentinel;
mod servers;
