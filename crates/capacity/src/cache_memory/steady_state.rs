/// Entries that are there in the long run if each stays for its whole time to live: Little's law, `L = λ W`, with the rate of
/// insertions (misses) as `λ` and the time to live as `W`.
///
/// John D. C. Little, *A Proof for the Queuing Formula L = λW*, 1961.
pub fn entries_under_ttl(insertions_per_second: f64, ttl_seconds: f64) -> f64 {
    insertions_per_second * ttl_seconds
}

/// A cache of so many bytes that is being filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filling {
    /// Insertions a second.
    pub insertions_per_second: f64,
    /// Bytes of an entry.
    pub entry_bytes: f64,
    /// Bytes that there are.
    pub capacity_bytes: f64,
    /// Time to live, s.
    pub ttl_seconds: f64,
}

impl Filling {
    /// How long after an empty start eviction begins, s; none if entries expire first.
    pub fn eviction_begins(&self) -> Option<f64> {
        let full = self.capacity_bytes / (self.insertions_per_second * self.entry_bytes);
        (self.capacity_bytes < self.needed_bytes()).then_some(full)
    }

    /// Bytes that would be needed for no entry to be evicted before its time.
    pub fn needed_bytes(&self) -> f64 {
        entries_under_ttl(self.insertions_per_second, self.ttl_seconds) * self.entry_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eviction_begins_when_the_cache_is_full_before_the_first_expires() {
        let filling = Filling {
            insertions_per_second: 10.0,
            entry_bytes: 1e5,
            capacity_bytes: 1e9,
            ttl_seconds: 3600.0,
        };
        assert_eq!(filling.eviction_begins(), Some(1000.0));
        assert_eq!(filling.needed_bytes(), 3.6e9);
        assert_eq!(Filling { ttl_seconds: 900.0, ..filling }.eviction_begins(), None);
    }
}
