use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use tokio::runtime::Handle;

use crate::memory::{Memory, MemoryConfig};
use crate::statistics::{Counters, Tier, TierStatistics};
use crate::store::{Cached, Extent, Store};
use crate::write_behind::{QueueLimits, WriteBehind};
use crate::{BreakerState, ErrorKind, Key};

/// An answer and where it came from.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The answer.
    pub cached: Cached,
    /// The tier that had it.
    pub tier: Tier,
}

/// The tiers that are asked one after the other: this process's memory, then a store, if there is one.
///
/// Nothing here fails: what goes wrong in a tier is counted there and is a miss. Values are stored behind the caller's
/// back. Up to 1,024 writes and 64 MiB of values wait for the store, beside the memory tier's own capacity; what is more
/// is dropped and counted.
#[derive(Debug, Default)]
pub struct Tiers {
    memory: Option<MemoryTier>,
    store: OnceLock<StoreTier>,
}

#[derive(Debug)]
struct MemoryTier {
    memory: Memory,
    counters: Counters,
}

#[derive(Debug)]
struct StoreTier {
    store: Arc<dyn Store>,
    counters: Arc<Counters>,
    writes: WriteBehind,
}

impl Tiers {
    /// Bytes of values that wait for a store at the most, beside the memory tier's own capacity.
    pub const QUEUED_BYTES: usize = QueueLimits::DEFAULT.bytes;

    /// Nothing is kept, every lookup is a miss.
    pub fn none() -> Self {
        Self::default()
    }

    /// Values are kept in memory, as long as the process lives.
    pub fn memory(config: MemoryConfig) -> Self {
        let memory = MemoryTier { memory: Memory::new(config), counters: Counters::default() };
        Self { memory: Some(memory), store: OnceLock::new() }
    }

    /// Values are kept in memory and in a store. `runtime` brings them there, and needs its timers enabled.
    pub fn memory_and(config: MemoryConfig, store: Arc<dyn Store>, runtime: &Handle) -> Self {
        let tiers = Self::memory(config);
        tiers.attach(store, runtime);
        tiers
    }

    /// Puts a store behind the tiers there are: one that is open only after they have begun to be used. It stays: a second one
    /// is dropped.
    pub fn attach(&self, store: Arc<dyn Store>, runtime: &Handle) {
        self.attach_with(store, runtime, QueueLimits::DEFAULT);
    }

    fn attach_with(&self, store: Arc<dyn Store>, runtime: &Handle, limits: QueueLimits) {
        self.store.get_or_init(|| {
            let counters = Arc::new(Counters::default());
            let writes = WriteBehind::start(Arc::clone(&store), Arc::clone(&counters), limits, runtime);
            StoreTier { store, counters, writes }
        });
    }

    /// Looks in memory, at once and without a copy.
    ///
    /// A hit is counted. A miss is not: [`get`](Self::get), which looks here again, is to follow and counts it.
    pub fn get_memory(&self, key: &Key, wanted: Extent) -> Option<Cached> {
        let MemoryTier { memory, counters } = self.memory.as_ref()?;
        let cached = memory.get(key, wanted, Instant::now())?;
        counters.hit();
        Some(cached)
    }

    /// Looks in memory, then in the store, as long as the store's own timeout allows. What the store has and `is_intact` says is as
    /// it was stored is kept in memory until it expires there; what is not is a miss, counted as corrupt, and removed from the store.
    /// It needs to run on a tokio runtime with timers enabled.
    pub async fn get(
        &self,
        key: &Key,
        wanted: Extent,
        is_intact: impl FnOnce(&[u8]) -> bool,
    ) -> Option<Lookup> {
        if let Some(cached) = self.get_memory(key, wanted) {
            return Some(Lookup { cached, tier: Tier::Memory });
        }
        if let Some(memory) = &self.memory {
            memory.counters.miss();
        }
        let store = self.store.get()?;
        let cached = store.get(*key, wanted, is_intact).await?;
        if let Some(memory) = &self.memory {
            memory.insert(*key, &cached);
        }
        Some(Lookup { cached, tier: store.tier() })
    }

    /// Keeps a whole value: in memory at once, in the store behind the caller's back. It never blocks, and may be called
    /// from any thread. Whether a tier took it; a store takes what waits for it, and may lose it yet.
    pub fn insert(&self, key: Key, value: Bytes) -> bool {
        let in_memory = self.memory.as_ref().is_some_and(|memory| {
            let expires_at = memory.memory.expiry(Instant::now());
            memory.insert(key, &Cached { value: value.clone(), extent: Extent::Whole, expires_at })
        });
        let waits = self.store.get().is_some_and(|store| store.writes.set(key, value));
        in_memory || waits
    }

    /// Removes a value from memory at once, from the store behind the caller's back.
    pub fn remove(&self, key: &Key) {
        if let Some(memory) = &self.memory {
            memory.memory.remove(key);
        }
        if let Some(store) = self.store.get() {
            store.writes.remove(*key);
        }
    }

    /// Drops what has expired, to give back its space before others need it: from memory at once, from the store behind
    /// the caller's back.
    pub fn purge_expired(&self) {
        if let Some(memory) = &self.memory {
            memory.memory.purge_expired(Instant::now());
        }
        if let Some(store) = self.store.get() {
            store.writes.purge_expired();
        }
    }

    /// Waits until the store has every value inserted before, and closes it. Later ones are kept in memory only. How long
    /// that takes is up to the store: the caller sets the limit. Where that ends it, another call waits for the rest.
    pub async fn close(&self) {
        if let Some(store) = self.store.get() {
            store.writes.close().await;
        }
    }

    /// Whether the store answers: by its breaker, if it has one, which asks it from time to time; else by whether it
    /// answered the last time that it was asked. True where there is no store, or it was not asked yet.
    pub fn is_store_answering(&self) -> bool {
        self.store.get().is_none_or(|StoreTier { store, counters, .. }| match store.breaker() {
            Some(state) => state == BreakerState::Closed,
            None => counters.is_answering(),
        })
    }

    /// Whether the store refused something, or had what nobody stored, in the last 5 s: it answers, but not as it should.
    pub fn is_store_impaired(&self) -> bool {
        self.store.get().is_some_and(|store| store.counters.is_impaired())
    }

    /// What each tier did, in the order in which they are asked.
    pub fn statistics(&self) -> Vec<TierStatistics> {
        let memory =
            self.memory.iter().map(|tier| tier.counters.statistics(Tier::Memory, tier.memory.usage()));
        let store = self.store.get().map(|tier| TierStatistics {
            breaker: tier.store.breaker(),
            ..tier.counters.statistics(tier.tier(), tier.store.usage())
        });
        memory.chain(store).collect()
    }
}

impl MemoryTier {
    /// Whether there was room.
    fn insert(&self, key: Key, cached: &Cached) -> bool {
        let now = Instant::now();
        let expires_at = cached.expires_at.min(self.memory.expiry(now));
        let cached = Cached { value: cached.value.clone(), extent: cached.extent, expires_at };
        let kept = self.memory.insert(key, &cached, now).is_ok();
        if !kept {
            self.counters.error(ErrorKind::TooLarge);
        }
        kept
    }
}

impl StoreTier {
    fn tier(&self) -> Tier {
        Tier::Store(self.store.name())
    }

    async fn get(&self, key: Key, wanted: Extent, is_intact: impl FnOnce(&[u8]) -> bool) -> Option<Cached> {
        let limit = self.store.limits().read_timeout;
        let answer = tokio::time::timeout(limit, self.store.get(key, wanted)).await;
        let cached = match answer {
            Ok(Ok(Some(cached))) if !is_intact(&cached.value) => {
                self.counters.error(ErrorKind::Corrupt);
                self.store.was_corrupt(&key);
                self.writes.remove(key);
                None
            }
            Ok(Ok(cached)) => {
                self.counters.answered();
                cached
            }
            Ok(Err(error)) => {
                self.counters.error(error.kind());
                None
            }
            Err(_) => {
                self.counters.error(ErrorKind::Timeout);
                None
            }
        };
        if cached.is_some() {
            self.counters.hit();
        } else {
            self.counters.miss();
        }
        cached
    }
}

#[cfg(test)]
mod tests;
