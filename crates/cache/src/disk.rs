mod files;
mod index;
mod recovery;
mod shelf;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::Semaphore;

use self::files::{Files, LOCK, WRITING, failed};
use self::index::Index;
pub use self::recovery::Recovery;
use self::shelf::Shelf;
use crate::store::Answer;
use crate::{Cached, Extent, Key, Store, StoreError, StoreLimits, Usage};

/// Operations on the disk at a time. A disk that hangs keeps so many threads waiting and no more.
const CONCURRENT: u32 = 16;

/// Where and how much a [`DiskStore`] keeps, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskConfig {
    /// The folder. It is made if it does not exist, and is this process's alone while it is open.
    pub folder: PathBuf,
    /// Bytes that entries may take together, each rounded up to blocks of 4 KiB. Default 4 GiB. Beyond it there are only
    /// the folders themselves and what is just being written. An entry takes up to 15/16 of it.
    pub capacity_bytes: u64,
    /// How long a value is an answer after it was written, across restarts. Default 3600 s.
    pub ttl: Duration,
}

impl DiskConfig {
    /// The defaults, in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), capacity_bytes: 4 << 30, ttl: Duration::from_secs(3600) }
    }
}

/// Values in a folder, one file each, that survive the end of the process, even a sudden one.
///
/// A value is written to a file of its own, which then gets the name of its entry: under that name there is a complete
/// value or none. What has been set when the process is killed is there when the folder is opened again. Files are not
/// synchronised with the disk one by one, so a power failure may lose or tear the last ones: readers must recognise a torn
/// value by a checksum of their own, when [`Tiers::get`](crate::Tiers::get) asks them.
///
/// An index in memory (less than 200 bytes an entry) knows what is there: a miss costs no access to the disk. A file's time is
/// that of its writing, from which it expires.
///
/// Its futures need a tokio runtime, on whose blocking threads the work is done.
#[derive(Debug)]
pub struct DiskStore {
    shelf: Arc<Shelf>,
    running: Arc<Semaphore>,
    recovery: Recovery,
}

impl DiskStore {
    /// Opens a folder and finds again what is in it. This blocks while it reads the folder.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open; [`StoreError::Io`] with the path if it can't be made, read,
    /// written or tidied.
    #[expect(clippy::needless_pass_by_value, reason = "a configuration is given away once")]
    pub fn open(config: DiskConfig) -> Result<Self, StoreError> {
        Self::open_at(&config, SystemTime::now())
    }

    fn open_at(config: &DiskConfig, now: SystemTime) -> Result<Self, StoreError> {
        let DiskConfig { folder, capacity_bytes, ttl } = config;
        files::create_folder(folder)?;
        let lock = lock(folder)?;
        files::create_folder(&folder.join(WRITING))?;
        let index = Index::new(*capacity_bytes);
        let (entries, recovery) = recovery::recover(folder, *ttl, *capacity_bytes, index.largest(), now)?;
        let files = Files::new(folder.clone());
        for (key, filed) in entries {
            index.insert(key, filed).iter().try_for_each(|key| files::remove(&files.path(key)))?;
        }
        let shelf = Arc::new(Shelf::new(files, index, *ttl, recovery.evicted, lock));
        Ok(Self { shelf, running: Arc::new(Semaphore::new(CONCURRENT as usize)), recovery })
    }

    /// Removes all that stores left in a folder, and the folder if there is nothing else in it. What is not theirs stays.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if it is open; [`StoreError::Io`] with the path if it can't be read or tidied.
    pub fn remove(folder: &Path) -> Result<(), StoreError> {
        if files::found(std::fs::metadata(folder), folder)?.is_none() {
            return Ok(());
        }
        let lock = lock(folder)?;
        // As all entries are over that are kept for no time.
        recovery::recover(folder, Duration::ZERO, 0, 0, SystemTime::now())?;
        recovery::remove_shards(folder)?;
        files::remove_empty(&folder.join(WRITING))?;
        files::remove(&folder.join(LOCK))?;
        drop(lock);
        files::remove_empty(folder)
    }

    /// What opening the folder found.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Does blocking work on a thread for it. It goes on to its end even if nobody waits for it any longer.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let shelf = Arc::clone(&self.shelf);
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&shelf);
            // In this order: whoever has all turns, in closing, knows that nothing holds the folder any more.
            drop(shelf);
            drop(turn);
            result
        });
        done.await.map_err(|_| StoreError::Closed)?
    }
}

/// Takes the folder for this process alone.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: folder.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(&path)(error)),
    }
}

impl Store for DiskStore {
    fn name(&self) -> &'static str {
        "disk"
    }

    /// 250 ms for a lookup: a disk that is busy is still much faster than computing, one that hangs is not waited for.
    fn limits(&self) -> StoreLimits {
        StoreLimits { read_timeout: Duration::from_millis(250), ..StoreLimits::default() }
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            if !self.shelf.contains(&key) {
                return Ok(None);
            }
            let taken = self.run(move |shelf| shelf.get(&key, wanted, SystemTime::now())).await?;
            let now = Instant::now();
            Ok(taken.and_then(|taken| {
                let expires_at = now.checked_add(taken.remaining)?;
                Some(Cached { value: taken.value, extent: taken.extent, expires_at })
            }))
        })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(self.run(move |shelf| shelf.set(key, &value, SystemTime::now())))
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(self.run(move |shelf| shelf.remove(&key)))
    }

    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(self.run(|shelf| shelf.purge_expired(SystemTime::now())))
    }

    fn usage(&self) -> Usage {
        self.shelf.usage()
    }

    /// Of the blocks that the file system gave to their files.
    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        let keys = keys.to_vec();
        Box::pin(self.run(move |shelf| keys.iter().map(|key| shelf.footprint(key)).sum()))
    }

    /// Waits for what is under way. The folder is free for others when the store is dropped.
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async {
            if let Ok(all) = self.running.acquire_many(CONCURRENT).await {
                self.running.close();
                drop(all);
            }
            Ok(())
        })
    }
}
