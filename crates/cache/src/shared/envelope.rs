//! What stands before a value in a store that could lose, tear or mix up what it holds.
//!
//! | offset | bytes | type | field |
//! |---:|---:|---|---|
//! | 0 | 4 | bytes | magic and version: `sfc1` |
//! | 4 | 4 | u32 | CRC-32 of the entry's name and of bytes 8 to 31 |
//! | 8 | 8 | u64 | when it expires, ms since 1970 |
//! | 16 | 8 | u64 | length of the value |
//! | 24 | 4 | u32 | CRC-32 of the value's first 128 bytes, or of all of it where it is shorter |
//! | 28 | 4 | u32 | CRC-32 of the value |
//!
//! Little-endian. The expiry travels with the value, so that one command tells it, too; the checksum of the beginning
//! lets a reader of the beginning check what it got. The name is in the checksum, so that a value under another name is none.

use std::time::{Duration, Instant, SystemTime};

use bytes::{Buf, Bytes};

use super::unix_ms;
use crate::{Cached, Extent, StoreError};

const LENGTH: usize = 32;
const MAGIC: [u8; 4] = *b"sfc1";

/// Bytes at the beginning of a value that have a checksum of their own.
pub(crate) const CHECKED: usize = 128;

/// What [`reach`] gives where all bytes are needed.
pub(crate) const WHOLE: usize = usize::MAX;

/// How many bytes of what is stored are to be read where this is wanted. What could not be checked without the rest is
/// read whole.
pub(crate) fn reach(wanted: Extent) -> usize {
    match wanted {
        Extent::Prefix(length) if length <= CHECKED => LENGTH + CHECKED,
        _ => WHOLE,
    }
}

/// Fields of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Envelope {
    expires_at_ms: u64,
    length: u64,
    beginning: u32,
    whole: u32,
}

impl Envelope {
    pub(crate) const LENGTH: usize = LENGTH;

    /// For a value that expires at a time.
    pub(crate) fn of(value: &[u8], expires_at: SystemTime) -> Self {
        Self {
            expires_at_ms: unix_ms(expires_at),
            length: value.len() as u64,
            beginning: crc32fast::hash(beginning(value)),
            whole: crc32fast::hash(value),
        }
    }

    /// Its bytes, for an entry of this name.
    pub(crate) fn seal(&self, name: &str) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(8, &self.expires_at_ms.to_le_bytes());
        put(16, &self.length.to_le_bytes());
        put(24, &self.beginning.to_le_bytes());
        put(28, &self.whole.to_le_bytes());
        let checksum = checksum(name, &bytes[8..]);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The envelope that stored bytes begin with, and the bytes after it.
    pub(crate) fn open(name: &str, mut stored: Bytes) -> Result<(Self, Bytes), StoreError> {
        let Some(bytes) = stored.first_chunk::<LENGTH>().copied() else {
            return Err(corrupt("it is too short to be one of siftd's"));
        };
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        if !bytes.starts_with(&MAGIC) {
            return Err(corrupt("it does not begin as siftd's do"));
        }
        if checksum(name, &bytes[8..]) != u32_at(4) {
            return Err(corrupt("its beginning was changed, or belongs to another entry"));
        }
        let envelope =
            Self { expires_at_ms: u64_at(8), length: u64_at(16), beginning: u32_at(24), whole: u32_at(28) };
        stored.advance(LENGTH);
        Ok((envelope, stored))
    }

    /// Bytes of the value.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The value, or as much of it as wanted, from the bytes that were read; none if it has expired.
    pub(crate) fn value(&self, mut read: Bytes, wanted: Extent) -> Result<Option<Cached>, StoreError> {
        let extent = wanted.of(self.length);
        let intact = if read.len() as u64 == self.length {
            crc32fast::hash(&read) == self.whole
        } else if reach(wanted) == WHOLE || self.length < read.len() as u64 || read.len() < CHECKED {
            return Err(corrupt("it has another length than it was stored with"));
        } else {
            crc32fast::hash(beginning(&read)) == self.beginning
        };
        if !intact {
            return Err(corrupt("its checksum does not match"));
        }
        if let Extent::Prefix(length) = extent {
            read.truncate(length);
        }
        let remaining = self.expires_at_ms.saturating_sub(unix_ms(SystemTime::now()));
        let expires_at = Instant::now().checked_add(Duration::from_millis(remaining));
        Ok(expires_at.filter(|_| remaining > 0).map(|expires_at| Cached { value: read, extent, expires_at }))
    }
}

fn beginning(value: &[u8]) -> &[u8] {
    value.get(..CHECKED).unwrap_or(value)
}

fn checksum(name: &str, fields: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(fields);
    hasher.finalize()
}

fn corrupt(reason: &'static str) -> StoreError {
    StoreError::Corrupt { reason: reason.into() }
}

#[cfg(test)]
mod tests;
