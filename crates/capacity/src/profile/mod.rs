//! What was measured on a machine: the ground that every model stands on.

mod distribution;
mod validate;

pub use distribution::{Distribution, Quantile};

pub use crate::usl::CurvePoint;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::usl::Usl;

/// Version of the format of profiles that this crate writes and reads.
pub const PROFILE_VERSION: u64 = 3;

/// Service times, costs and memory of siftd on one machine, as `siftd profile` measures them. Times are seconds, memory
/// and pictures are bytes and pixels.
///
/// Written and read as JSON ([`Profile::to_json`], [`Profile::from_json`]), which is checked on reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of the format: [`PROFILE_VERSION`].
    pub version: u64,
    /// When it was made: RFC 3339, in UTC.
    pub made: String,
    /// Where it was made.
    pub machine: Machine,
    /// Share of the processor time asked for meanwhile that the host of a virtual machine gave to others, 0 to 1. All times are
    /// longer for it, by a share that another hour may not have.
    pub stolen: f64,
    /// What was measured.
    pub software: Software,
    /// Service times of misses, one for each class of pictures, in ascending order of pixels. At least one.
    pub pictures: Vec<PictureProfile>,
    /// What requests cost beside computing.
    pub requests: RequestProfiles,
    /// How the machine's processors get in each other's way.
    pub contention: Contention,
    /// What the process takes.
    pub memory: MemoryProfile,
    /// What an answer takes in a cache.
    pub stored: StoredSize,
}

/// The machine that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Processors that the process may use, by affinity and cgroup quota. At least 1.
    pub cores: u32,
    /// Name of the processor, as the system tells it.
    pub cpu: String,
    /// Instruction set that the kernels took: `scalar`, `avx2`, `avx512`, `neon`.
    pub instruction_set: String,
    /// Memory of the machine or of its cgroup, bytes; 0 if not known.
    pub memory_bytes: u64,
    /// Kernel's name and version.
    pub system: String,
}

/// What was measured, and how it was set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// Version of siftd.
    pub siftd: String,
    /// Version of the engine.
    pub engine_version: u32,
    /// Parameters of features: their fingerprint in hexadecimal digits, as keys have it.
    pub parameters: String,
    /// `nice` value of the compute threads during measurement, 0 to 19.
    pub niceness: u8,
}

/// Service times of one class of pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureProfile {
    /// Name of the class, such as `graf 800x640`; unique in the profile.
    pub name: String,
    /// Paths of its pictures, as they were found. May be empty, where they are not known.
    pub files: Vec<String>,
    /// Pixels, mean of the class.
    pub pixels: f64,
    /// Bytes of the encoded picture, mean of the class.
    pub bytes: f64,
    /// Keypoints, mean of the class.
    pub keypoints: f64,
    /// One for each number of threads that an image was given, ascending; the first is for one thread.
    pub runs: Vec<Run>,
}

/// Computing pictures of one class with a number of threads each, on a machine that does nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Threads that each picture was given.
    pub threads: u32,
    /// From the bytes of the picture to the stored form of its features: the time for which a compute thread has it.
    pub service: Distribution,
    /// Processor time of it, of all threads together, mean.
    pub cpu_seconds: f64,
    /// Wall-clock time of each stage, by its name in `siftd_stage_duration_seconds`: `decode`, `denoise`, `detect`, `describe`,
    /// `cache_set`.
    pub stages: BTreeMap<String, Distribution>,
}

/// What requests cost the threads that answer them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestProfiles {
    /// Uploads answered from the memory tier with a summary, one for each size of upload, ascending in bytes. At least one.
    /// A miss costs this beside its computing: it is received, hashed, looked up and answered as a hit is.
    pub upload_hits: Vec<RequestProfile>,
    /// `GET` of a summary by hash, from the memory tier. For who reads the profile.
    pub get_hits: Vec<RequestProfile>,
    /// Uploads that are refused with 503 while the queue is full, by size of upload. May be empty. For who reads the profile: plans
    /// take them to cost what hits do, since they are received and hashed, too.
    pub refusals: Vec<RequestProfile>,
    /// How long upload hits take while threads compute. May be empty: then they are taken to take what they take alone, and
    /// what the shared processors add.
    pub hits_beside: Vec<HitsBeside>,
    /// What a lookup in a shared tier adds to a hit, by backend (`redis`, `disk`, ...): processor time of siftd, and the time
    /// for which the request waits. May be empty.
    pub shared_lookups: BTreeMap<String, RequestProfile>,
}

/// What one kind of request costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestProfile {
    /// Bytes of the request's body; of a lookup, of what it reads.
    pub bytes: f64,
    /// Connections or callers at a time during measurement of `cpu_seconds`.
    pub concurrency: u32,
    /// Processor time of the service's process a request, user and system, mean, at that concurrency.
    pub cpu_seconds: f64,
    /// Processor time of the client a request, mean, at that concurrency; 0 where it is not known.
    pub client_cpu_seconds: f64,
    /// Time from the first byte sent to the last received, one request at a time.
    pub alone: Distribution,
}

/// Latency of upload hits beside threads that compute all the time, as clients see it that come at random times (Poisson) and keep
/// their connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HitsBeside {
    /// Processors that the service had.
    pub processors: u32,
    /// Where the clients ran.
    pub clients: Clients,
    /// Threads that computed.
    pub computing: u32,
    /// Hits a second. The fewer there are, the more each costs: caches and processors went to something else, or to sleep.
    pub rate: f64,
    /// Processor time of the service a request, of all its threads that do not compute, mean.
    pub cpu_seconds: f64,
    /// Processor time of the client a request, mean.
    pub client_cpu_seconds: f64,
    /// From the time at which a request was to be sent to the last byte of its answer.
    pub latency: Distribution,
}

/// Where clients run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clients {
    /// On processors of their own, or on other machines.
    Apart,
    /// On the processors of the service, with a client's share of their time.
    Beside,
}

impl Clients {
    /// Processor time that a request takes of the service's processors, from that of the service and that of its client, s.
    pub(crate) fn cpu(self, service: f64, client: f64) -> f64 {
        match self {
            Self::Apart => service,
            Self::Beside => service + client,
        }
    }
}

/// Universal scalability laws of the machine. `lambda` is in units of the thing a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contention {
    /// Pictures a second by number of pictures that are computed at a time, one thread each.
    pub across_pictures: Curve,
    /// Pictures a second by number of threads that join in one picture, one picture at a time.
    pub within_picture: Curve,
    /// Hits a second by number of processors that answer them. May be left out. For who reads the profile: plans take hits to be
    /// bound by processor time alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<Curve>,
}

/// A fitted law and what it was fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// The law.
    pub law: Usl,
    /// What was measured. The first is for `n` of 1.
    pub points: Vec<CurvePoint>,
}

/// What the process takes of memory, resident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryProfile {
    /// At rest: nothing cached, nothing computed yet.
    pub rest_bytes: f64,
    /// For each pixel that is being computed: slope of the peak over the pixels of one picture on one thread.
    pub bytes_per_pixel: f64,
    /// For each thread that computes, whatever the picture: the rest of that line.
    pub bytes_per_thread: f64,
    /// For each open connection.
    pub bytes_per_connection: f64,
}

impl MemoryProfile {
    /// What `siftd profile` found with AVX-512, whose tiles are the largest: for where nothing was measured.
    pub const FOUND: Self =
        Self { rest_bytes: 10e6, bytes_per_pixel: 13.0, bytes_per_thread: 25e6, bytes_per_connection: 22e3 };
}

/// What an answer takes in a cache: its stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSize {
    /// Whatever the number of keypoints: the header.
    pub fixed_bytes: f64,
    /// For each keypoint.
    pub bytes_per_keypoint: f64,
    /// Bytes of a key as shared tiers have it.
    pub key_bytes: f64,
}

impl Profile {
    /// Reads a profile and checks every figure of it.
    ///
    /// # Errors
    /// [`Error::ProfileVersion`] for another version of the format, and the other errors of profiles for what cannot have
    /// been measured.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let syntax = |error: serde_json::Error| Error::ProfileSyntax(error.to_string());
        // The version first: what another one has in it is no error of this one.
        let Versioned { version: found } = serde_json::from_str(json).map_err(syntax)?;
        if found != PROFILE_VERSION {
            return Err(Error::ProfileVersion { found, supported: PROFILE_VERSION });
        }
        let profile: Self = serde_json::from_str(json).map_err(syntax)?;
        profile.validate()?;
        Ok(profile)
    }

    /// The profile as JSON, for people and programs.
    ///
    /// # Errors
    /// As [`Profile::validate`]: a profile that could not be read again is not written.
    pub fn to_json(&self) -> Result<String, Error> {
        self.validate()?;
        serde_json::to_string_pretty(self).map_err(|error| Error::ProfileSyntax(error.to_string()))
    }
}

impl PictureProfile {
    /// The run with one thread a picture.
    pub(crate) fn single(&self) -> Option<&Run> {
        self.runs.iter().find(|run| run.threads == 1)
    }
}

impl StoredSize {
    /// Bytes of an answer with so many keypoints.
    pub fn bytes(&self, keypoints: f64) -> f64 {
        self.fixed_bytes + self.bytes_per_keypoint * keypoints
    }
}

#[cfg(test)]
pub(crate) mod tests;
