use super::{Entry, Footprint};

/// What `cache`'s memory tier weighs an entry with beyond its value: key, shared buffer, table, the allocator's rounding,
/// measured as 182 to 188 bytes (`crates/cache/tests/footprint.rs`).
const ENTRY_BYTES: f64 = 192.0;
/// Blocks of a file system.
const BLOCK_BYTES: u64 = 4096;
/// A file's inode (ext4) and its entry in the folder, about.
const FILE_BYTES: f64 = 256.0 + 96.0;

/// siftd's memory tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory;

impl Memory {
    /// What an entry counts for in the tier's capacity.
    pub fn footprint(&self, entry: Entry) -> Footprint {
        Footprint { parts: vec![("value", entry.value_bytes as f64), ("beside it", ENTRY_BYTES)] }
    }
}

/// siftd's disk tier: a file an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disk;

impl Disk {
    /// What an entry takes of the disk: whole blocks, as the tier's capacity counts them, and what the file system keeps of
    /// each file, which it does not count.
    pub fn footprint(&self, entry: Entry) -> Footprint {
        let blocks = entry.value_bytes.max(1).next_multiple_of(BLOCK_BYTES);
        Footprint { parts: vec![("blocks", blocks as f64), ("inode and name", FILE_BYTES)] }
    }
}
