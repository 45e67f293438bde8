use std::time::{Duration, SystemTime};

use quick_cache::Weighter;

use crate::Key;
use crate::weighed::{Weighed, weighed};

/// Space is given out in blocks of so many bytes.
const BLOCK_BYTES: u64 = 4096;

/// What is known of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filed {
    /// When it was written: the time that the file carries.
    pub(super) written: SystemTime,
    /// Its length, in bytes.
    pub(super) length: u64,
}

impl Filed {
    /// How long it still is an answer, zero if no longer. A time in the future, after the clock was set back, counts as now.
    pub(super) fn remaining(&self, ttl: Duration, now: SystemTime) -> Duration {
        ttl.saturating_sub(now.duration_since(self.written).unwrap_or_default())
    }

    /// Bytes that it takes on disk.
    pub(super) fn space(&self) -> u64 {
        self.length.max(1).next_multiple_of(BLOCK_BYTES)
    }
}

#[derive(Debug, Clone)]
struct Space;

impl Weighter<Key, Filed> for Space {
    fn weight(&self, _: &Key, filed: &Filed) -> u64 {
        filed.space()
    }
}

/// Every entry in the folder, and which to evict for another.
#[derive(Debug)]
pub(super) struct Index(Weighed<Filed, Space>);

impl Index {
    pub(super) fn new(capacity_bytes: u64) -> Self {
        // One shard: the capacity is that of the whole folder, not of equal parts of it.
        Self(weighed(capacity_bytes, 1, None, Space))
    }

    /// The largest value that is taken, in bytes on disk.
    pub(super) fn largest(&self) -> u64 {
        self.0.shard_capacity() / 16 * 15
    }

    pub(super) fn get(&self, key: &Key) -> Option<Filed> {
        self.0.get(key)
    }

    /// Keeps an entry, and returns the keys that had to leave for it.
    pub(super) fn insert(&self, key: Key, filed: Filed) -> Vec<Key> {
        let mut left = Vec::new();
        self.0.insert_with_lifecycle(key, filed, &mut left);
        left.into_iter().map(|(left, _)| left).filter(|left| !self.0.contains_key(left)).collect()
    }

    /// Forgets an entry, unless it is another than `filed` by now. Returns whether it did.
    pub(super) fn remove(&self, key: &Key, filed: &Filed) -> bool {
        self.0.remove_if(key, |held| held == filed).is_some()
    }

    /// The entries for which `select` holds.
    pub(super) fn select(&self, select: impl Fn(&Filed) -> bool) -> Vec<(Key, Filed)> {
        self.0.iter().filter(|(_, filed)| select(filed)).collect()
    }

    pub(super) fn entries(&self) -> u64 {
        self.0.len() as u64
    }

    /// Bytes on disk of all entries.
    pub(super) fn space(&self) -> u64 {
        self.0.weight()
    }
}
