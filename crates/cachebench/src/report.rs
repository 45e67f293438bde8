use cache::ServerInfo;
use capacity::profile::Machine;
use serde::Serialize;

use crate::footprint::Footprint;
use crate::kind::Kind;
use crate::load::{Measurement, Operation};
use crate::marks::Kept;
use crate::measure::{Measured, Rate};

/// Names the form of the JSON.
pub const SCHEMA: &str = "siftd-cache-bench/1";

/// What was found of some caches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was made: RFC 3339, in UTC.
    pub made: String,
    /// Version of siftd.
    pub siftd: String,
    /// Where siftd ran.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
    /// In the order in which they were given.
    pub caches: Vec<CacheReport>,
}

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Bytes of the values of each size.
    pub bytes: u64,
    /// How long each operation was done with each number of callers, s.
    pub window_seconds: f64,
}

/// What was found of one cache.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CacheReport {
    /// What kind it is, with a number where there are several of a kind.
    pub name: String,
    /// Its URL, the password masked.
    pub url: String,
    /// Why it could not be measured.
    pub error: Option<String>,
    /// What its server says of itself.
    pub server: Option<Server>,
    /// Processes that must run beside siftd.
    pub processes_to_run: Option<u32>,
    /// What must run, in words.
    pub must_run: &'static str,
    /// Processes of siftd that can share it.
    pub processes_that_share: Option<u64>,
    /// What entries take, by size.
    pub footprints: Vec<Footprint>,
    /// How fast it is, by operation, size of values and callers.
    pub measurements: Vec<Measurement>,
    /// Summaries read a second, by callers.
    pub scale: Vec<Rate>,
    /// What was there after something was killed.
    pub persistence: Persistence,
    /// What could not be found out, and why.
    pub notes: Vec<String>,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Server {
    /// Name and version.
    pub version: String,
    /// Processes, replicas included.
    pub processes: u32,
}

/// What was there after something was killed by SIGKILL; none where that was not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Persistence {
    /// The process of siftd that had written it.
    pub siftd_killed: Option<Kept>,
    /// The server; siftd, where it keeps it itself.
    pub server_killed: Option<Kept>,
}

impl CacheReport {
    /// Of one of which nothing is known yet.
    pub fn new(kind: Kind, name: String, url: String) -> Self {
        Self {
            name,
            url,
            error: None,
            server: None,
            processes_to_run: kind.processes(None),
            must_run: kind.simplicity(),
            processes_that_share: kind.sharers(None),
            footprints: Vec::new(),
            measurements: Vec::new(),
            scale: Vec::new(),
            persistence: Persistence::default(),
            notes: Vec::new(),
        }
    }

    /// Takes in what was measured.
    pub fn add(&mut self, kind: Kind, measured: Measured) {
        let Measured { server, footprints, measurements, scale, notes } = measured;
        self.processes_to_run = kind.processes(server.as_ref().map(|server| server.processes));
        self.processes_that_share = kind.sharers(server.as_ref().map(|server| server.clients));
        self.server = server.map(|ServerInfo { version, processes, .. }| Server { version, processes });
        self.footprints = footprints;
        self.measurements = measurements;
        self.scale = scale;
        self.notes.extend(notes);
    }

    /// What was measured of an operation.
    pub(crate) fn measurement(
        &self,
        operation: Operation,
        value_bytes: usize,
        callers: usize,
    ) -> Option<&Measurement> {
        self.measurements.iter().find(|measurement| {
            let Measurement { operation: theirs, value_bytes: bytes, callers: those, .. } = measurement;
            (*theirs, *bytes, *those) == (operation, value_bytes, callers)
        })
    }

    pub(crate) fn bytes_per_entry(&self, value_bytes: usize) -> Option<f64> {
        let footprint = self.footprints.iter().find(|footprint| footprint.value_bytes == value_bytes);
        footprint.map(|footprint| footprint.bytes_per_entry)
    }
}

impl Report {
    /// Whether all caches could be measured.
    pub fn is_complete(&self) -> bool {
        self.caches.iter().all(|cache| cache.error.is_none())
    }

    /// Numbers of callers that all latencies are told for: the fewest and the most.
    pub(crate) fn few_and_many(&self) -> (usize, usize) {
        let callers = || self.caches.iter().flat_map(|cache| &cache.measurements).map(|one| one.callers);
        (callers().min().unwrap_or(1), callers().max().unwrap_or(1))
    }
}
