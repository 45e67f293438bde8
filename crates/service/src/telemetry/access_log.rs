//! The log: JSON lines, one for each request and each turn in the service's life.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use prometheus_client::metrics::counter::Counter;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub(crate) use entry::Entry;
use queue::Queue;
use token_bucket::Urgency;
use writer::Writer;

use super::timestamp::Timestamp;
use crate::AccessLog as AccessLogConfig;

pub(super) mod entry;
mod queue;
mod token_bucket;
mod writer;

/// How long the end of the service waits for whoever reads the log.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Info,
    /// An operator may want to look.
    Warn,
    /// Something failed.
    Error,
}

/// Takes lines without ever waiting for whoever reads them: a thread writes them, and what is too much is left out and
/// counted. What is dropped unclosed is closed.
#[derive(Debug)]
pub(crate) struct AccessLog {
    queue: Arc<Queue>,
    requests: bool,
}

impl AccessLog {
    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// When the system has no thread to give.
    pub(crate) fn start(config: &AccessLogConfig, writer: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(config.lines_per_second));
        let lines = Arc::clone(&queue);
        let writer = Writer::new(writer);
        thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run(&lines))?;
        Ok(Self { queue, requests: config.enabled })
    }

    /// Logs a request that was answered with this status just now, if requests are logged and there is room: only then is
    /// the entry made.
    pub(crate) fn record(&self, status: StatusCode, now: Instant, entry: impl FnOnce() -> Entry) {
        if self.requests {
            self.queue.offer(Urgency::of(status), now, || {
                let mut entry = entry();
                entry.cut();
                Box::new(entry)
            });
        }
    }

    /// Logs a turn in the service's life, whatever the configuration says of requests. The fields come after time, level
    /// and message.
    pub(crate) fn event(&self, level: Level, message: &str, fields: &[(&'static str, Value)]) {
        if let Ok(line) = format_event(SystemTime::now(), level, message, fields) {
            self.queue.push_at_once(line);
        }
    }

    /// Counts the lines that were left out, because they were too many or could not be written.
    pub(crate) fn left_out(&self) -> Counter {
        self.queue.left_out.clone()
    }

    /// Takes no more lines, and waits (some seconds at most) until those that it has are written. Returns whether they
    /// were.
    pub(crate) fn close(&self) -> bool {
        self.queue.close();
        self.queue.wait_until_written(CLOSE_TIMEOUT)
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

struct Event<'a> {
    time: Timestamp,
    level: Level,
    message: &'a str,
    fields: &'a [(&'static str, Value)],
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("level", &self.level)?;
        map.serialize_entry("message", self.message)?;
        for (name, value) in self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The event as JSON, without an end of line.
fn format_event(
    time: SystemTime,
    level: Level,
    message: &str,
    fields: &[(&'static str, Value)],
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Event { time: Timestamp(time), level, message, fields })
}

#[cfg(test)]
mod tests;
