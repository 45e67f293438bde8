//! What an entry takes in a cache, as its server itself allocates: structures, size classes, pages, tables.
//!
//! Each model names the version of the server whose source it was read from; `tests/servers.rs` fills the real servers
//! and holds the models to 5 %.

mod embedded;
mod jemalloc;
mod memcached;
mod postgres;
mod redis;
mod steady_state;

pub use embedded::{Disk, Memory};
pub use jemalloc::SizeClasses;
pub use memcached::Memcached;
pub use postgres::Postgres;
pub use redis::{Persistence, Redis};
pub use steady_state::{Filling, entries_under_ttl};

/// Bytes of values that wait for a shared cache or a disk in an instance at the most, beside its memory tier: `cache`'s
/// `Tiers::QUEUED_BYTES`.
pub const QUEUED_BYTES: usize = 64 << 20;

/// Sizes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Bytes of its key.
    pub key_bytes: u64,
    /// Bytes of its value.
    pub value_bytes: u64,
    /// Whether it has a time to live.
    pub expires: bool,
}

/// What one entry takes, part by part.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// What, and how many bytes of it an entry has, its share of tables and pages included.
    pub parts: Vec<(&'static str, f64)>,
}

impl Footprint {
    /// All parts together, bytes.
    pub fn bytes(&self) -> f64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}
