use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;

use crate::{Extent, Key, StoreError};

/// Sub-folder of files that are still being written.
pub(super) const WRITING: &str = "writing";
/// File whose lock says that the folder is in use.
pub(super) const LOCK: &str = "lock";

/// An error of the file system with its path.
pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let at = path.display().to_string();
    move |source| StoreError::Io { at, source }
}

/// Creates a folder that is its owner's alone, with those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

/// A file by its name; none if there is no such file.
pub(super) fn found<T>(result: io::Result<T>, path: &Path) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Removes a file. None there is no error.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    found(fs::remove_file(path), path).map(drop)
}

/// Removes a folder. That there is none, or something in it, is no error.
pub(super) fn remove_empty(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => found(removed, path).map(drop),
    }
}

/// The name of an entry's file: version, fingerprint and digest.
pub(super) fn name(key: &Key) -> String {
    let mut name = String::with_capacity(110);
    // Writing to a String does not fail.
    let _ = key.write_parts(&mut name, '-');
    name
}

/// The sub-folder of an entry's file: the first byte of its digest.
pub(super) fn shard(key: &Key) -> String {
    let [first, ..] = key.digest;
    format!("{first:02x}")
}

/// The files of one folder, one an entry. Paths are made of keys and counters alone.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    written: AtomicU64,
}

/// A file that is complete, but not yet under its name. It is removed where it does not get there.
#[derive(Debug)]
pub(super) struct Unnamed(PathBuf);

impl Drop for Unnamed {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, written: AtomicU64::new(0) }
    }

    pub(super) fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(shard(key)).join(name(key))
    }

    /// Writes a value to a file of its own, with `now` as its time.
    pub(super) fn write(&self, value: &[u8], now: SystemTime) -> Result<Unnamed, StoreError> {
        let folder = self.folder.join(WRITING);
        let path = folder.join(self.written.fetch_add(1, Ordering::Relaxed).to_string());
        let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = match found(create(), &path)? {
            Some(file) => file,
            None => {
                create_folder(&folder)?;
                create().map_err(failed(&path))?
            }
        };
        let unnamed = Unnamed(path.clone());
        file.write_all(value)
            .and_then(|()| file.set_times(FileTimes::new().set_modified(now)))
            .map_err(failed(&path))?;
        Ok(unnamed)
    }

    /// Gives a written file the name of its entry, in place of any that has it.
    pub(super) fn publish(&self, unnamed: &Unnamed, key: &Key) -> Result<(), StoreError> {
        let path = self.path(key);
        if found(fs::rename(&unnamed.0, &path), &path)?.is_some() {
            return Ok(());
        }
        create_folder(&self.folder.join(shard(key)))?;
        fs::rename(&unnamed.0, &path).map_err(failed(&path))
    }

    /// Bytes of the blocks that the file of an entry has; 0 if there is none.
    pub(super) fn blocks(&self, key: &Key) -> Result<u64, StoreError> {
        /// In the system's own unit, whatever the file system's blocks are.
        const BLOCK: u64 = 512;
        let path = self.path(key);
        Ok(found(fs::metadata(&path), &path)?.map_or(0, |file| file.blocks() * BLOCK))
    }

    /// Reads as much as wanted and no more; none if there is no file. The file must have `length` bytes.
    pub(super) fn read(&self, key: &Key, wanted: Extent, length: u64) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(key);
        let Some(file) = found(File::open(&path), &path)? else { return Ok(None) };
        let actual = file.metadata().map_err(failed(&path))?.len();
        if actual != length {
            let reason = format!("{} has {actual} bytes where {length} were written", path.display());
            return Err(StoreError::Corrupt { reason: reason.into() });
        }
        let size = match wanted.of(length) {
            Extent::Prefix(size) => size,
            Extent::Whole => usize::try_from(length).unwrap_or(usize::MAX),
        };
        let mut value = Vec::new();
        value.try_reserve_exact(size).map_err(|error| failed(&path)(io::Error::other(error)))?;
        value.resize(size, 0);
        file.read_exact_at(&mut value, 0).map_err(failed(&path))?;
        Ok(Some(Bytes::from(value)))
    }
}
