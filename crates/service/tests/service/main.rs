//! The service as its clients see it: over real connections.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batch;
mod coding;
mod conditional;
mod contract;
mod corpus;
mod cors;
mod detect;
mod errors;
mod flight;
mod formats;
mod gone;
mod http;
mod http2;
mod identity;
mod keys;
mod lifecycle;
mod limits;
mod log;
mod metrics;
mod overload;
mod pictures;
mod protocol;
mod slow;
mod traces;
