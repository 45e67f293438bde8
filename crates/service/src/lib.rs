//! The HTTP service: routes, errors, limits, telemetry, security.
#![forbid(unsafe_code)]

mod api_key;
mod client_address;
mod conditional;
mod config;
mod content_coding;
#[doc(hidden)]
pub mod fuzzing;
mod hex;
mod multipart;
mod negotiation;
mod parameters;
mod rate_limit;
mod request_id;
mod trace_parent;

pub use api_key::{ApiKeyHash, InvalidApiKeyHash};
pub use config::{AccessLog, Bounds, Config, Drain, RateLimit};
