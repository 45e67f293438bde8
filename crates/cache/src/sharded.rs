use std::sync::Arc;

use bytes::Bytes;

use crate::store::Answer;
use crate::{BreakerState, Cached, Extent, Key, ServerInfo, Store, StoreError, StoreLimits, Usage};

/// Several stores as one: each key has its place in one of them, the same in every process that names them alike.
///
/// The place is the store with the highest score for the key (rendezvous hashing, Thaler and Ravishankar 1998): where a
/// store is added or taken away, only the keys that it gets or had move. A store that is lost loses its keys alone;
/// with a breaker before each, it costs the others nothing.
#[derive(Debug)]
pub struct Sharded {
    shards: Vec<Shard>,
    name: &'static str,
}

#[derive(Debug)]
struct Shard {
    /// Hash of its name.
    identity: u64,
    store: Arc<dyn Store>,
}

impl Sharded {
    /// Stores with the names that decide which keys they have, such as their addresses.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if there are none.
    pub fn new(stores: Vec<(String, Arc<dyn Store>)>) -> Result<Self, StoreError> {
        let name = stores.first().map(|(_, store)| store.name());
        let name = name.ok_or_else(|| StoreError::Unusable {
            at: "no store".to_owned(),
            reason: "one is needed at least".to_owned(),
        })?;
        let shards =
            stores.into_iter().map(|(name, store)| Shard { identity: fnv1a(name.as_bytes()), store });
        Ok(Self { shards: shards.collect(), name })
    }

    fn shard(&self, key: &Key) -> Result<&Arc<dyn Store>, StoreError> {
        let place = self.place(key).and_then(|place| self.shards.get(place));
        place.map(|shard| &shard.store).ok_or(StoreError::Closed)
    }

    /// Which of the shards has a key.
    fn place(&self, key: &Key) -> Option<usize> {
        let key = identity(key);
        let scores = self.shards.iter().map(|shard| mixed(shard.identity ^ key));
        scores.enumerate().max_by_key(|(_, score)| *score).map(|(place, _)| place)
    }
}

fn identity(key: &Key) -> u64 {
    let parts = [&key.engine_version.to_le_bytes()[..], &key.fingerprint, &key.digest];
    fnv1a(&parts.concat())
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

impl Store for Sharded {
    fn name(&self) -> &'static str {
        self.name
    }

    /// The times of the slowest, and the writes of all.
    fn limits(&self) -> StoreLimits {
        let limits = self.shards.iter().map(|shard| shard.store.limits());
        limits
            .reduce(|all, one| StoreLimits {
                read_timeout: all.read_timeout.max(one.read_timeout),
                write_timeout: all.write_timeout.max(one.write_timeout),
                concurrent_writes: all.concurrent_writes + one.concurrent_writes,
            })
            .unwrap_or_default()
    }

    /// The worst of all.
    fn breaker(&self) -> Option<BreakerState> {
        self.shards.iter().filter_map(|shard| shard.store.breaker()).reduce(BreakerState::worse)
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move { self.shard(&key)?.get(key, wanted).await })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(async move { self.shard(&key)?.set(key, value).await })
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move { self.shard(&key)?.remove(key).await })
    }

    fn was_corrupt(&self, key: &Key) {
        if let Ok(shard) = self.shard(key) {
            shard.was_corrupt(key);
        }
    }

    /// Of all of them; the error is the last.
    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut outcome = Ok(());
            for shard in &self.shards {
                outcome = shard.store.purge_expired().await.and(outcome);
            }
            outcome
        })
    }

    fn usage(&self) -> Usage {
        self.shards.iter().map(|shard| shard.store.usage()).fold(Usage::default(), |all, one| Usage {
            entries: all.entries + one.entries,
            bytes: all.bytes + one.bytes,
            evictions: all.evictions + one.evictions,
        })
    }

    /// All of them together; as many clients as the one that takes the fewest.
    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        Box::pin(async move {
            let mut all: Option<ServerInfo> = None;
            for shard in &self.shards {
                let Some(one) = shard.store.server().await? else { continue };
                all = Some(match all {
                    None => one,
                    Some(all) => ServerInfo {
                        processes: all.processes + one.processes,
                        clients: all.clients.min(one.clients),
                        ..all
                    },
                });
            }
            Ok(all)
        })
    }

    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut bytes = 0;
            for (number, shard) in self.shards.iter().enumerate() {
                let theirs: Vec<Key> =
                    keys.iter().copied().filter(|key| self.place(key) == Some(number)).collect();
                bytes += shard.store.footprint(&theirs).await?;
            }
            Ok(bytes)
        })
    }

    /// Of all of them; the error is the last.
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut outcome = Ok(());
            for shard in &self.shards {
                outcome = shard.store.close().await.and(outcome);
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        Key { engine_version: 2, fingerprint: [0; 16], digest }
    }

    /// Which of some servers has each of 30,000 keys.
    fn places(servers: &[&str]) -> Vec<String> {
        let identities: Vec<_> = servers.iter().map(|server| (fnv1a(server.as_bytes()), *server)).collect();
        let best = |number| {
            let key = identity(&key(number));
            identities.iter().max_by_key(|(identity, _)| mixed(identity ^ key)).unwrap().1.to_owned()
        };
        (0..30_000).map(best).collect()
    }

    #[test]
    fn keys_are_spread_evenly() {
        let places = places(&["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"]);
        for server in ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"] {
            let share = places.iter().filter(|place| *place == server).count();
            assert!((9_500..10_500).contains(&share), "{server} has {share}");
        }
    }

    #[test]
    fn a_server_more_takes_its_share_and_nothing_else_moves() {
        let before = places(&["a:1", "b:1", "c:1"]);
        let after = places(&["c:1", "d:1", "a:1", "b:1"]);
        let moved: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        assert!(moved.iter().all(|(_, after)| *after == "d:1"));
        assert!((7_000..8_000).contains(&moved.len()), "{} of 30,000", moved.len());
    }

    #[test]
    fn places_are_the_same_in_every_build() {
        assert_eq!(fnv1a(b"10.0.0.1:11211"), 0xdab7_8e6e_5c61_1ef1);
        assert_eq!(mixed(1), 0x5692_161d_100b_05e5);
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    }
}
