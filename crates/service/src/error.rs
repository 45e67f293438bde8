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
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] engine::ConfigError),
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
