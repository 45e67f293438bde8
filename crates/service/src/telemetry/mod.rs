//! What an operator sees of the service: the log, metrics, traces.

pub(crate) mod access_log;
pub(crate) mod timestamp;
