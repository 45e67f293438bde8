use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::files::{self, Files};
use super::index::{Filed, Index};
use crate::{Extent, Key, StoreError, Usage};

/// A folder and the index of it, kept in step. Its methods block.
#[derive(Debug)]
pub(super) struct Shelf {
    files: Files,
    index: Index,
    ttl: Duration,
    /// Held while names and index change, so that one never speaks of what the other no longer has.
    changing: Mutex<()>,
    evictions: AtomicU64,
    /// Released by the system when this process ends, however it ends.
    _lock: File,
}

/// A value that was read.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) value: Bytes,
    pub(super) extent: Extent,
    pub(super) remaining: Duration,
}

impl Shelf {
    pub(super) fn new(files: Files, index: Index, ttl: Duration, evictions: u64, lock: File) -> Self {
        let evictions = AtomicU64::new(evictions);
        Self { files, index, ttl, changing: Mutex::new(()), evictions, _lock: lock }
    }

    /// Whether there is anything to read, without touching the disk.
    pub(super) fn contains(&self, key: &Key) -> bool {
        self.index.get(key).is_some()
    }

    pub(super) fn get(
        &self,
        key: &Key,
        wanted: Extent,
        now: SystemTime,
    ) -> Result<Option<Taken>, StoreError> {
        let Some(filed) = self.index.get(key) else { return Ok(None) };
        let remaining = filed.remaining(self.ttl, now);
        if remaining.is_zero() {
            self.forget(key, &filed)?;
            return Ok(None);
        }
        match self.files.read(key, wanted, filed.length) {
            Ok(Some(value)) => Ok(Some(Taken { value, extent: wanted.of(filed.length), remaining })),
            Ok(None) => {
                self.forget(key, &filed)?;
                Ok(None)
            }
            Err(error @ StoreError::Corrupt { .. }) => {
                self.forget(key, &filed)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a value. When this returns, the end of the process does not lose it.
    pub(super) fn set(&self, key: Key, value: &[u8], now: SystemTime) -> Result<(), StoreError> {
        let filed = Filed { written: now, length: value.len() as u64 };
        let allowed = self.index.largest();
        if filed.space() > allowed {
            return Err(StoreError::TooLarge { actual: filed.length, allowed });
        }
        let unnamed = self.files.write(value, now)?;
        let _changing = self.change();
        self.files.publish(&unnamed, &key)?;
        let evicted = self.index.insert(key, filed);
        self.evictions.fetch_add(evicted.len() as u64, Ordering::Relaxed);
        // All are tried: a file that stays is one that the index no longer counts.
        let removed: Vec<_> = evicted.iter().map(|key| files::remove(&self.files.path(key))).collect();
        removed.into_iter().collect()
    }

    pub(super) fn remove(&self, key: &Key) -> Result<(), StoreError> {
        match self.index.get(key) {
            Some(filed) => self.forget(key, &filed),
            None => Ok(()),
        }
    }

    pub(super) fn purge_expired(&self, now: SystemTime) -> Result<(), StoreError> {
        let expired = self.index.select(|filed| filed.remaining(self.ttl, now).is_zero());
        expired.iter().try_for_each(|(key, filed)| self.forget(key, filed))
    }

    pub(super) fn footprint(&self, key: &Key) -> Result<u64, StoreError> {
        self.files.blocks(key)
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            entries: self.index.entries(),
            bytes: self.index.space(),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }

    /// Removes an entry, unless another value has taken its place.
    fn forget(&self, key: &Key, filed: &Filed) -> Result<(), StoreError> {
        let _changing = self.change();
        if self.index.remove(key, filed) { files::remove(&self.files.path(key)) } else { Ok(()) }
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
