use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::{EntryAction, EntryResult};

use crate::weighed::{Weighed, weighed};
use crate::{Cached, Extent, Key, Usage};

/// How much this process's memory keeps, and for how long.
///
/// ```
/// let config = cache::MemoryConfig { capacity_bytes: 1 << 30, ..Default::default() };
/// assert_eq!(config.ttl.as_secs(), 3600);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryConfig {
    /// Bytes that values may take together, with the cache's own needs counted in. Default 256 MiB. Values of up to
    /// 14 MiB always find a place (7/8 of the capacity where that is less than 16 MiB); larger ones may be refused.
    ///
    /// It bounds what is allocated. What the allocator does not give back comes on top: glibc's keeps the gaps of large
    /// values in every thread's arena, unless its `mmap` threshold is fixed (`MALLOC_MMAP_THRESHOLD_=65536`; then, too,
    /// two threads' arenas took up to 11 MiB beyond a capacity of 64, one 3 MiB: `MALLOC_ARENA_MAX=1`).
    pub capacity_bytes: u64,
    /// How long a value is an answer. Default 3600 s.
    pub ttl: Duration,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { capacity_bytes: 256 << 20, ttl: Duration::from_secs(3600) }
    }
}

/// What an entry takes beyond its value: key, expiry, links, table, the head of a shared buffer, and the allocator's
/// rounding of small values. `tests/footprint.rs` measures 182 to 188 bytes.
const ENTRY_BYTES: u64 = 192;

/// A shard is at least so large, so that large values find a place on machines with many processors, too.
const SHARD_BYTES: u64 = 16 << 20;

/// Share of the capacity for values that have been asked for again. The rest is for those that have just come: where it
/// is small, a burst of new values leaves no time for the second question.
const HOT_SHARE: f64 = 0.9;

#[derive(Debug, Clone)]
struct Held {
    value: Bytes,
    whole: bool,
    expires_at: Instant,
}

impl Held {
    /// As much as wanted, without a copy; none if less is held.
    fn cut(self, wanted: Extent) -> Option<Cached> {
        let Self { mut value, whole, expires_at } = self;
        let extent = match wanted {
            Extent::Prefix(length) if length < value.len() => {
                value.truncate(length);
                wanted
            }
            Extent::Prefix(length) if length == value.len() && !whole => wanted,
            _ if whole => Extent::Whole,
            _ => return None,
        };
        Some(Cached { value, extent, expires_at })
    }
}

#[derive(Debug, Clone)]
struct Footprint;

impl Weighter<Key, Held> for Footprint {
    fn weight(&self, _: &Key, held: &Held) -> u64 {
        held.value.len() as u64 + ENTRY_BYTES
    }
}

/// The value is too large for the memory tier.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Values in this process's memory, the least used of them evicted where they would take more than the capacity.
#[derive(Debug)]
pub(crate) struct Memory {
    cache: Weighed<Held, Footprint>,
    ttl: Duration,
    evictions: AtomicU64,
}

impl Memory {
    pub(crate) fn new(config: MemoryConfig) -> Self {
        let shards = usize::try_from(config.capacity_bytes / SHARD_BYTES).unwrap_or(usize::MAX);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // Rounded down to a power of two, as the cache would round up and make shards too small.
        let shards = 1 << shards.clamp(1, 4 * processors).ilog2();
        let cache = weighed(config.capacity_bytes, shards, Some(HOT_SHARE), Footprint);
        Self { cache, ttl: config.ttl, evictions: AtomicU64::new(0) }
    }

    /// When a value that comes in at `now` expires.
    pub(crate) fn expiry(&self, now: Instant) -> Instant {
        now.checked_add(self.ttl).unwrap_or(now + Duration::from_secs(1 << 31))
    }

    pub(crate) fn get(&self, key: &Key, wanted: Extent, now: Instant) -> Option<Cached> {
        let held = self.cache.get(key)?;
        if held.expires_at <= now {
            self.cache.remove_if(key, |held| held.expires_at <= now);
            return None;
        }
        held.cut(wanted)
    }

    /// Keeps a copy, so that nothing else is kept alive that `value` may be a part of. A prefix never replaces more than
    /// itself.
    pub(crate) fn insert(&self, key: Key, cached: &Cached, now: Instant) -> Result<(), TooLarge> {
        let weight = cached.value.len() as u64 + ENTRY_BYTES;
        if weight > self.cache.shard_capacity() / 8 * 7 {
            return Err(TooLarge);
        }
        let held = Held {
            value: Bytes::copy_from_slice(&cached.value),
            whole: cached.extent == Extent::Whole,
            expires_at: cached.expires_at,
        };
        let mut left = Vec::new();
        if held.whole {
            self.cache.insert_with_lifecycle(key, held, &mut left);
        } else {
            self.insert_prefix(key, held, now, &mut left);
        }
        let evicted = left.iter().filter(|(left, _)| *left != key).count();
        self.evictions.fetch_add(evicted as u64, Ordering::Relaxed);
        Ok(())
    }

    fn insert_prefix(&self, key: Key, held: Held, now: Instant, left: &mut Vec<(Key, Held)>) {
        let entry = self.cache.entry(&key, Some(Duration::ZERO), |_, other| {
            let more = other.whole || other.value.len() >= held.value.len();
            if more && other.expires_at > now {
                EntryAction::Retain(())
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        match entry {
            // It fails only where another thread put a whole value there meanwhile, which is the better one.
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
                let _ = place.insert_with_lifecycle(held, left);
            }
            // A moment ago there was more, or another thread is just putting the same there.
            EntryResult::Retained(()) | EntryResult::Removed(..) | EntryResult::Timeout => {}
        }
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.cache.remove(key);
    }

    pub(crate) fn purge_expired(&self, now: Instant) {
        self.cache.retain(|_, held| held.expires_at > now);
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            entries: self.cache.len() as u64,
            bytes: self.cache.weight(),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests;
