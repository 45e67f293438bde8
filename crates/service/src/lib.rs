//! The HTTP service: routes, errors, limits, telemetry, security.
#![forbid(unsafe_code)]

mod conditional;
mod config;
mod content_coding;
mod hex;
mod multipart;
mod negotiation;
mod parameters;

pub use config::{AccessLog, Bounds, Config, Drain, RateLimit};

/// SHA-256 of an API key: what the configuration holds in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyHash(pub(crate) sha256::Digest);
