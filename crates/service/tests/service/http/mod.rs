//! A service on a port of its own, and a client that writes and reads raw bytes, so that tests see what goes over the wire.

mod connection;
mod form;
mod log;
mod request;
mod response;
mod service;

use std::time::Duration;

pub(crate) use connection::Connection;
pub(crate) use form::Form;
pub(crate) use request::{Request, get, post};
pub(crate) use response::Response;
pub(crate) use service::Service;

/// How long anything may take before a test gives up: no test waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const DETECT: &str = "/api/v1/features/detect";
pub(crate) const BATCH: &str = "/api/v1/features/batch";
