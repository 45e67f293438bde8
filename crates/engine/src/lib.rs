//! A cached extraction without HTTP: what a request is, for the service and for whatever else serves features.
//!
//! [`Engine::features`] looks an image's features up by the SHA-256 of its bytes, and computes them where they are not
//! known: identical requests at the same time once ([`Source::Coalesced`]), no more at a time than admission lets in,
//! on threads of their own whose priority is below that of the threads that answer hits.
#![forbid(unsafe_code)]

mod config;
mod cost;
mod digest;
mod error;
mod flight;

pub use cache::{Key, Tier};
pub use config::{Config, ConfigError};
pub use error::{Error, Refusal};
