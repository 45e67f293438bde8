use bytes::Bytes;
use cache::{Answer, Cached, Extent, Key, MemoryConfig, Store, Tier, Tiers, Usage};

/// The memory tier of a process, measured as a store.
#[derive(Debug)]
pub struct MemoryStore(Tiers);

impl MemoryStore {
    /// An empty one.
    pub fn new(config: MemoryConfig) -> Self {
        Self(Tiers::memory(config))
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        Tier::Memory.name()
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move { Ok(self.0.get_memory(&key, wanted)) })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        self.0.insert(key, value);
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        self.0.remove(&key);
        Box::pin(async { Ok(()) })
    }

    fn usage(&self) -> Usage {
        self.0.statistics().first().map(|memory| memory.usage).unwrap_or_default()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
