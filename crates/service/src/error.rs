use std::io;
use std::net::SocketAddr;

use crate::telemetry::traces::TraceError;

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The largest allowed image would never be taken.
    #[error(
        "the body budget is {body_budget} bytes, but must be at least the {max_bytes} that an image may have"
    )]
    BodyBudget {
        /// Bytes of the budget.
        body_budget: u64,
        /// Bytes that an image may have.
        max_bytes: u64,
    },
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] engine::ConfigError),
    /// The store behind the tiers cannot be opened.
    #[error("cannot open the cache: {0}")]
    Store(cache::StoreError),
    /// The log's thread does not start.
    #[error("cannot start the log: {0}")]
    Log(io::Error),
    /// The `OTEL_*` variables ask for what cannot be done.
    #[error("{0}")]
    Traces(String),
}

impl From<TraceError> for Error {
    fn from(error: TraceError) -> Self {
        Self::Traces(error.to_string())
    }
}
