//! The HTTP service: routes, errors, limits, telemetry, security.
//!
//! A [`Server`] answers requests over an [`engine`](engine::Engine). Every request passes the gate first, which knows who
//! asks and how long it took; then the routes, which know what is asked.
#![forbid(unsafe_code)]

mod answer;
mod api_key;
mod app;
mod client_address;
mod conditional;
mod config;
mod content_coding;
mod context;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod hex;
mod multipart;
mod negotiation;
mod outlook;
mod parameters;
mod problem;
mod query;
mod rate_limit;
mod recent;
mod request_id;
mod route;
mod routes;
mod server;
mod telemetry;
mod upload;

pub use api_key::{ApiKeyHash, InvalidApiKeyHash};
pub use client_address::TrustedProxy;
pub use config::{AccessLog, Bounds, Config, Drain, RateLimit};
pub use error::Error;
pub use server::Server;
pub use telemetry::reference::metrics_markdown;
pub use telemetry::timestamp::Timestamp;
