//! What an operator sees of the service: the log, metrics, traces.

pub(crate) mod access_log;
pub(crate) mod http_metrics;
pub(crate) mod process;
pub(crate) mod reference;
pub(crate) mod timestamp;
pub(crate) mod traces;
