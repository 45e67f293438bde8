use super::{Entry, Footprint};

/// An item's header with its `cas` number.
const HEADER_BYTES: u64 = 48 + 8;
/// A piece's header, of an item in pieces.
const PIECE_HEADER_BYTES: u64 = 48;
/// Chunks' sizes are multiples of this.
const ALIGNMENT: u64 = 8;
/// Pages that classes take their chunks from.
const PAGE_BYTES: u64 = 1 << 20;
/// Larger items are stored in pieces.
const LARGEST_CHUNK: u64 = PAGE_BYTES / 2;
/// Share of a table's buckets that are filled, at most 1.5 and after doubling 0.75: in the mean.
const ENTRIES_PER_BUCKET: f64 = 1.1;

/// memcached 1.6 (`slabs.c`, `items.c`): chunks of fixed sizes in pages of a mebibyte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memcached {
    /// Growth of chunks from class to class (`-f`). Its default is 1.25.
    pub growth: f64,
    /// Least space for key, value and flags (`-n`). Its default is 48.
    pub least: u64,
}

impl Default for Memcached {
    fn default() -> Self {
        Self { growth: 1.25, least: 48 }
    }
}

impl Memcached {
    /// What an entry takes, its chunk's share of a page included.
    ///
    /// ```
    /// use capacity::cache_memory::{Entry, Memcached};
    ///
    /// let entry = Entry { key_bytes: 73, value_bytes: 53, expires: true };
    /// assert_eq!(Memcached::default().footprint(entry).bytes().round(), 199.0);
    /// ```
    pub fn footprint(&self, entry: Entry) -> Footprint {
        let key = HEADER_BYTES + entry.key_bytes + 1;
        // A line end is stored after each value.
        let value = entry.value_bytes + 2;
        let mut parts = vec![("share of the hash table", 8.0 / ENTRIES_PER_BUCKET)];
        if key + value <= LARGEST_CHUNK {
            parts.push(("chunk", self.chunk_with_share(key + value)));
        } else {
            let room = LARGEST_CHUNK - PIECE_HEADER_BYTES;
            parts.push(("chunk of the head", self.chunk_with_share(key + PIECE_HEADER_BYTES)));
            parts.push(("chunks of pieces", (value / room * LARGEST_CHUNK) as f64));
            if !value.is_multiple_of(room) {
                parts.push((
                    "chunk of the last piece",
                    self.chunk_with_share(value % room + PIECE_HEADER_BYTES),
                ));
            }
        }
        Footprint { parts }
    }

    /// The least chunk that so many bytes fit, bytes.
    pub fn chunk(&self, bytes: u64) -> u64 {
        let mut size = 48 + self.least;
        while (size as f64) < LARGEST_CHUNK as f64 / self.growth {
            let aligned = size.next_multiple_of(ALIGNMENT);
            if aligned >= bytes {
                return aligned;
            }
            size = (aligned as f64 * self.growth) as u64;
        }
        LARGEST_CHUNK
    }

    /// A chunk, and its share of what its page's chunks leave over.
    fn chunk_with_share(&self, bytes: u64) -> f64 {
        PAGE_BYTES as f64 / (PAGE_BYTES / self.chunk(bytes)) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `stats slabs` of memcached 1.6.18 tells.
    #[test]
    fn chunks_are_those_of_the_server() {
        let memcached = Memcached::default();
        for (item, chunk) in [(185, 192), (294, 304), (16_168, 17_352), (150_166, 161_720)] {
            assert_eq!(memcached.chunk(item), chunk);
        }
        assert_eq!(memcached.chunk(500_000), LARGEST_CHUNK);
    }

    /// An item of 600,000 bytes took chunks of 240, 82,792 and 524,288 bytes.
    #[test]
    fn large_items_are_in_pieces() {
        let entry = Entry { key_bytes: 107, value_bytes: 600_000, expires: true };
        let parts = Memcached::default().footprint(entry).parts;
        let of = |name| parts.iter().find(|part| part.0 == name).map(|part| part.1.round());
        assert_eq!(of("chunks of pieces"), Some(524_288.0));
        assert_eq!(of("chunk of the head"), Some(240.0));
        assert_eq!(of("chunk of the last piece"), Some((1_048_576.0_f64 / 12.0).round()));
    }
}
