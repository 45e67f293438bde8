use super::{Entry, Footprint, SizeClasses};

/// An object's header: type, encoding, age, count of references, pointer.
const OBJECT_BYTES: u64 = 16;
/// An entry of a table: key, value or time of expiry, next.
const TABLE_ENTRY_BYTES: u64 = 24;
/// A bucket of a table: a pointer.
const BUCKET_BYTES: u64 = 8;
/// Values up to this are allocated together with their object.
const EMBEDDED_MOST: u64 = 44;
/// Least buckets of a table.
const LEAST_BUCKETS: u64 = 4;

/// Redis 7.0 (`server.h`, `object.c`, `sds.c`, `dict.c`): strings, with or without a time to live. 7.2 has the same structures;
/// Redis 8 and Valkey 8 lay keys and tables out otherwise, and take less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redis {
    /// Its allocator's size classes.
    pub allocator: SizeClasses,
}

impl Redis {
    /// What one of `entries` entries takes, as `used_memory` counts it.
    ///
    /// ```
    /// use capacity::cache_memory::{Entry, Redis, SizeClasses};
    ///
    /// let entry = Entry { key_bytes: 73, value_bytes: 53, expires: true };
    /// let redis = Redis { allocator: SizeClasses::SYSTEM };
    /// assert_eq!(redis.footprint(entry, 100_000).bytes().round(), 245.0);
    /// ```
    pub fn footprint(&self, entry: Entry, entries: u64) -> Footprint {
        let Entry { key_bytes, value_bytes, expires } = entry;
        let class = |bytes: u64| self.allocator.bytes(bytes) as f64;
        let mut parts = vec![("key", class(string_bytes(key_bytes)))];
        if value_bytes <= EMBEDDED_MOST {
            // Header of 3 bytes and end of 1, whatever the length.
            parts.push(("object with value", class(OBJECT_BYTES + 3 + value_bytes + 1)));
        } else {
            parts.push(("object", class(OBJECT_BYTES)));
            parts.push(("value", class(string_bytes(value_bytes))));
        }
        let buckets = (buckets(entries) * BUCKET_BYTES) as f64 / entries.max(1) as f64;
        parts.extend([("entry of the table of keys", class(TABLE_ENTRY_BYTES)), ("its buckets", buckets)]);
        if expires {
            parts.push(("entry of the table of expiries", class(TABLE_ENTRY_BYTES)));
            parts.push(("its buckets", buckets));
        }
        Footprint { parts }
    }

    /// What the tables take more than [`footprint`](Self::footprint) has, right after they began to grow: old and new ones are
    /// both there until all entries were moved, bytes in all.
    pub fn rehashing_bytes(entries: u64, expires: bool) -> u64 {
        buckets(entries) / 2 * BUCKET_BYTES * if expires { 2 } else { 1 }
    }
}

/// A string with its header, whose size depends on the length, and its end (`sdsReqType`).
fn string_bytes(length: u64) -> u64 {
    let header = match length {
        0..32 => 1,
        32..256 => 3,
        256..65_536 => 5,
        65_536..4_294_967_296 => 9,
        _ => 17,
    };
    header + length + 1
}

/// A table doubles when it has as many entries as buckets.
fn buckets(entries: u64) -> u64 {
    entries.next_power_of_two().max(LEAST_BUCKETS)
}

/// What Redis needs beside its entries for keeping them across a restart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// Bytes written a second, values, keys and commands.
    pub written_per_second: f64,
    /// How long rewriting the file or saving a snapshot takes, s: entries' bytes over the disk's rate.
    pub rewrite_seconds: f64,
    /// Bytes of all entries.
    pub held_bytes: f64,
}

impl Persistence {
    /// Memory that copying on write takes while a forked child writes: each value written meanwhile is a copy of the pages that
    /// it touches, and so is each entry whose age is noted when it is read; never more than everything once more.
    /// Redis documentation, "Persistence": a busy instance may double.
    pub fn fork_headroom_bytes(&self, read_pages_per_second: f64) -> f64 {
        const PAGE_BYTES: f64 = 4096.0;
        let touched =
            (self.written_per_second * 2.0 + read_pages_per_second * PAGE_BYTES) * self.rewrite_seconds;
        touched.min(self.held_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: Redis = Redis { allocator: SizeClasses::SYSTEM };

    fn bytes(key_bytes: u64, value_bytes: u64, expires: bool, entries: u64) -> f64 {
        SYSTEM.footprint(Entry { key_bytes, value_bytes, expires }, entries).bytes()
    }

    /// `used_memory` of Redis 7.0.15 (Debian, jemalloc 5.3.0), less that of an empty one, over its entries.
    #[test]
    fn entries_take_what_redis_was_seen_to_use() {
        for (key, value, expires, entries, measured) in [
            (73, 53, true, 100_000, 244.82),
            (73, 53, true, 131_072, 239.89),
            (73, 53, false, 100_000, 202.34),
            (107, 128, true, 20_000, 377.47),
            (107, 16_000, true, 20_000, 16_609.43),
            (107, 150_000, true, 2_000, 164_112.64),
        ] {
            let modelled = bytes(key, value, expires, entries);
            assert!((modelled / measured - 1.0).abs() < 0.005, "{key} {value}: {modelled} is not {measured}");
        }
    }

    /// One entry more than buckets: 271.89 an entry were seen.
    #[test]
    fn a_table_that_grows_is_there_twice() {
        let entries = 131_073;
        let steady = bytes(73, 53, true, entries);
        let growing = steady + Redis::rehashing_bytes(entries, true) as f64 / entries as f64;
        assert!((growing - 271.89).abs() < 1.0, "{growing}");
    }

    #[test]
    fn a_fork_copies_no_more_than_there_is() {
        let busy = Persistence { written_per_second: 1e9, rewrite_seconds: 10.0, held_bytes: 1e9 };
        assert_eq!(busy.fork_headroom_bytes(0.0), 1e9);
        let quiet = Persistence { written_per_second: 1e6, ..busy };
        assert_eq!(quiet.fork_headroom_bytes(100.0), 2e7 + 4_096_000.0);
    }
}
