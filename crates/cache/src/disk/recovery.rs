use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::files::{self, LOCK, WRITING, failed};
use super::index::Filed;
use crate::{Key, StoreError};

/// What opening a folder found in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Entries that are answers again.
    pub entries: u64,
    /// Entries removed because their time was over.
    pub expired: u64,
    /// Entries removed, oldest first, because together they took more than the capacity.
    pub evicted: u64,
    /// Files removed that were still being written when the last process ended.
    pub unfinished: u64,
    /// Files and folders that are none of ours. They are left alone, and their size is not counted.
    pub foreign: u64,
}

/// Tidies a folder and returns its entries, oldest first. They take `capacity_bytes` at most, and none more than
/// `largest`.
pub(super) fn recover(
    folder: &Path,
    ttl: Duration,
    capacity_bytes: u64,
    largest: u64,
    now: SystemTime,
) -> Result<(Vec<(Key, Filed)>, Recovery), StoreError> {
    let mut recovery = Recovery::default();
    let mut found = Vec::new();
    for entry in list(folder)? {
        let (name, path) = (entry.file_name(), entry.path());
        let is_folder = entry.file_type().map_err(failed(&path))?.is_dir();
        match name.to_str() {
            Some(LOCK) => {}
            Some(WRITING) if is_folder => remove_unfinished(&path, &mut recovery)?,
            Some(shard) if is_folder && is_shard(shard) => scan(&path, shard, &mut found, &mut recovery)?,
            _ => recovery.foreign += 1,
        }
    }

    found.sort_unstable_by_key(|(_, filed)| filed.written);
    let mut space: u64 = 0;
    let mut kept = Vec::with_capacity(found.len());
    for (key, filed) in found.into_iter().rev() {
        let expired = filed.remaining(ttl, now).is_zero();
        let fits = filed.space() <= largest && space.saturating_add(filed.space()) <= capacity_bytes;
        if !expired && fits {
            space += filed.space();
            kept.push((key, filed));
            continue;
        }
        files::remove(&folder.join(files::shard(&key)).join(files::name(&key)))?;
        *if expired { &mut recovery.expired } else { &mut recovery.evicted } += 1;
    }
    kept.reverse();
    recovery.entries = kept.len() as u64;
    Ok((kept, recovery))
}

/// Removes the folders of entries in which there are none.
pub(super) fn remove_shards(folder: &Path) -> Result<(), StoreError> {
    let mut shards = list(folder)?.into_iter().filter(|entry| {
        entry.file_name().to_str().is_some_and(is_shard) && entry.file_type().is_ok_and(|kind| kind.is_dir())
    });
    shards.try_for_each(|shard| files::remove_empty(&shard.path()))
}

fn list(folder: &Path) -> Result<Vec<DirEntry>, StoreError> {
    fs::read_dir(folder).and_then(Iterator::collect).map_err(failed(folder))
}

fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

fn remove_unfinished(folder: &Path, recovery: &mut Recovery) -> Result<(), StoreError> {
    for entry in list(folder)? {
        let ours = entry.file_name().to_str().is_some_and(|name| name.bytes().all(|c| c.is_ascii_digit()));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files::remove(&entry.path())?;
            recovery.unfinished += 1;
        } else {
            recovery.foreign += 1;
        }
    }
    Ok(())
}

fn scan(
    folder: &Path,
    shard: &str,
    found: &mut Vec<(Key, Filed)>,
    recovery: &mut Recovery,
) -> Result<(), StoreError> {
    for entry in list(folder)? {
        let path = entry.path();
        // Of a link, this is the link's own.
        let metadata = entry.metadata().map_err(failed(&path))?;
        match parse(&entry.file_name(), shard).filter(|_| metadata.is_file()) {
            Some(key) => {
                let written = metadata.modified().map_err(failed(&path))?;
                found.push((key, Filed { written, length: metadata.len() }));
            }
            None => recovery.foreign += 1,
        }
    }
    Ok(())
}

fn parse(name: &OsStr, shard: &str) -> Option<Key> {
    name.to_str().and_then(|name| Key::from_parts(name, '-')).filter(|key| files::shard(key) == shard)
}
