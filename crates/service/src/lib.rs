//! The HTTP service: routes, errors, limits, telemetry, security.
#![forbid(unsafe_code)]

mod conditional;
mod config;
mod hex;
mod multipart;
mod negotiation;
mod parameters;
mod route;
mod telemetry;

pub use config::{AccessLog, Bounds, Config, Drain, RateLimit};
pub use telemetry::reference::metrics_markdown;

/// SHA-256 of an API key: what the configuration holds in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyHash(pub(crate) sha256::Digest);
