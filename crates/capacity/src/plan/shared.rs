//! A cache that instances share: which, what it may hold, and how siftd uses it.

use crate::cache_memory::{Entry, Footprint, Memcached, Postgres, Redis, SizeClasses};

/// A cache that instances share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// Which.
    pub backend: Backend,
    /// Bytes that it may hold, all shards together; of PostgreSQL, which evicts nothing, those that it should have.
    pub capacity_bytes: f64,
    /// Bytes that one shard may hold.
    pub shard_bytes: f64,
    /// Operations a second that one shard does.
    pub operations_per_second: f64,
}

/// A server of a shared cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Redis 7, or a cluster of it.
    Redis,
    /// memcached 1.6.
    Memcached,
    /// PostgreSQL.
    Postgres,
}

/// What an entry of a shared cache has before its value (magic, checksums, expiry, length), and before its key, bytes:
/// `envelope` and the default prefix of `cache`.
pub(super) const ENVELOPE_BYTES: u64 = 32;
pub(super) const PREFIX_BYTES: u64 = 6;

/// Of an entry of memcached, the item that has but its beginning: bytes of the value, beside the envelope, and what its key is longer.
const BEGINNING_BYTES: u64 = 128;
const BEGINNING_SUFFIX_BYTES: u64 = 2;

/// Share of `cache_ttl` that an entry stays in a shared cache, mean: siftd spreads their ends over its last tenth.
pub(super) const SHARED_LIFE: f64 = 0.95;

impl Backend {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Redis, Self::Memcached, Self::Postgres];

    /// Its name, as URLs and profiles have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Memcached => "memcached",
            Self::Postgres => "postgres",
        }
    }

    /// Connections that an instance has to each server.
    pub(super) const fn connections(self) -> f64 {
        match self {
            Self::Redis | Self::Memcached => 2.0,
            Self::Postgres => 4.0,
        }
    }

    /// Whether it makes room by forgetting what was not asked for of late. A table only grows.
    pub(super) const fn evicts(self) -> bool {
        !matches!(self, Self::Postgres)
    }

    /// Operations that store a value: memcached, which has no part of a value to read, has its beginning in an item of its own.
    pub(super) const fn sets(self) -> f64 {
        match self {
            Self::Redis | Self::Postgres => 1.0,
            Self::Memcached => 2.0,
        }
    }

    /// What one of so many entries takes, all that siftd stores for it.
    ///
    /// ```
    /// use capacity::cache_memory::{Entry, Memcached};
    /// use capacity::plan::Backend;
    ///
    /// let entry = Entry { key_bytes: 113, value_bytes: 16_032, expires: true };
    /// let item = Memcached::default().footprint(entry).bytes();
    /// assert!(Backend::Memcached.footprint(entry, 1_000).bytes() > item + 300.0);
    /// ```
    pub fn footprint(self, entry: Entry, entries: u64) -> Footprint {
        match self {
            Self::Redis => Redis { allocator: SizeClasses::BUNDLED }.footprint(entry, entries),
            Self::Memcached => {
                let mut footprint = Memcached::default().footprint(entry);
                let value_bytes = entry.value_bytes.min(BEGINNING_BYTES + ENVELOPE_BYTES);
                let key_bytes = entry.key_bytes + BEGINNING_SUFFIX_BYTES;
                let beginning = Memcached::default().footprint(Entry { key_bytes, value_bytes, ..entry });
                footprint.parts.push(("item of its beginning", beginning.bytes()));
                footprint
            }
            Self::Postgres => Postgres { dead_share: 0.2 }.footprint(entry),
        }
    }
}
