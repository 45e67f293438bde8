use bytes::Bytes;
use cache::Key;

/// Keys and values of a measurement: as random as digests and descriptors, and the same from the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    fingerprint: [u8; 16],
    count: usize,
    value_bytes: usize,
    /// Values are pieces of it, each a byte further on.
    noise: Bytes,
}

impl Entries {
    /// `count` entries of `value_bytes`. No other run and no service has their keys, whose engine version is none.
    pub(crate) fn new(fingerprint: [u8; 16], count: usize, value_bytes: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(value_bytes as u64);
        let noise = std::iter::repeat_with(|| random.u8(..)).take(count + value_bytes).collect();
        Self { fingerprint, count, value_bytes, noise }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    pub(crate) fn key(&self, number: usize) -> Key {
        let mut random = fastrand::Rng::with_seed((self.value_bytes as u64) << 32 | number as u64);
        let mut digest = [0; 32];
        random.fill(&mut digest);
        Key { engine_version: 0, fingerprint: self.fingerprint, digest }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        (0..self.count).map(|number| self.key(number)).collect()
    }

    /// That of an entry below [`count`](Self::count); others have none of their own.
    pub(crate) fn value(&self, number: usize) -> Bytes {
        let from = number.min(self.count);
        self.noise.slice(from..from + self.value_bytes)
    }
}

/// Of a run that shares its keys with no other.
pub(crate) fn new_fingerprint() -> [u8; 16] {
    std::array::from_fn(|_| fastrand::u8(..))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn entries_differ_and_are_the_same_again() {
        let entries = Entries::new([7; 16], 100, 1000);
        let again = Entries::new([7; 16], 100, 1000);
        assert_eq!(entries.keys(), again.keys());
        assert_eq!(entries.keys().into_iter().collect::<HashSet<_>>().len(), 100);
        let values: HashSet<_> = (0..100).map(|number| entries.value(number)).collect();
        assert_eq!(values.len(), 100);
        assert!(values.iter().all(|value| value.len() == 1000));
        assert_eq!(entries.value(42), again.value(42));
    }
}
