use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;

use super::*;
use crate::store::Answer;
use crate::{StoreError, StoreLimits};

/// A store that holds what it is given, and answers when it is let.
#[derive(Debug, Default)]
struct Gated {
    gate: Option<Arc<Notify>>,
    held: Mutex<Vec<(Key, Bytes)>>,
    remaining: Duration,
    fails: bool,
    /// Of which keys it was told that their values were corrupt.
    corrupt: Mutex<Vec<Key>>,
}

impl Gated {
    async fn pass(&self) -> Result<(), StoreError> {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        if self.fails { Err(StoreError::Corrupt { reason: "as told".into() }) } else { Ok(()) }
    }
}

impl Store for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn limits(&self) -> StoreLimits {
        let (read_timeout, write_timeout) = (Duration::from_millis(5), Duration::from_secs(600));
        StoreLimits { read_timeout, write_timeout, ..StoreLimits::default() }
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            self.pass().await?;
            let held = self.held.lock().unwrap();
            let value = held.iter().rev().find(|(held, _)| *held == key).map(|(_, value)| value.clone());
            Ok(value.map(|mut value| {
                let extent = wanted.of(value.len() as u64);
                if let Extent::Prefix(length) = extent {
                    value.truncate(length);
                }
                Cached { value, extent, expires_at: Instant::now() + self.remaining }
            }))
        })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(async move {
            self.pass().await?;
            self.held.lock().unwrap().push((key, value));
            Ok(())
        })
    }

    fn was_corrupt(&self, key: &Key) {
        self.corrupt.lock().unwrap().push(*key);
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            self.pass().await?;
            self.held.lock().unwrap().retain(|(held, _)| *held != key);
            Ok(())
        })
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// Takes every value for what was stored.
fn any(_: &[u8]) -> bool {
    true
}

fn key(number: u32) -> Key {
    Key { engine_version: number, fingerprint: [0; 16], digest: [0; 32] }
}

fn tiers(store: Gated, limits: QueueLimits) -> (Tiers, Arc<Gated>) {
    let store = Arc::new(store);
    let config = MemoryConfig { capacity_bytes: 1 << 20, ..Default::default() };
    let tiers = Tiers::memory(config);
    tiers.attach_with(store.clone(), &Handle::current(), limits);
    (tiers, store)
}

fn errors(tiers: &Tiers, kind: ErrorKind) -> u64 {
    tiers.statistics().iter().flat_map(|tier| &tier.errors).filter(|(k, _)| *k == kind).map(|(_, n)| n).sum()
}

#[tokio::test]
async fn a_store_may_come_later_and_stays() {
    let tiers = Tiers::memory(MemoryConfig::default());
    tiers.insert(key(1), "before".into());
    assert!(tiers.get(&key(2), Extent::Whole, any).await.is_none());
    for value in ["first", "second"] {
        let held = Mutex::new(vec![(key(2), value.into())]);
        let remaining = Duration::from_secs(60);
        tiers.attach(Arc::new(Gated { remaining, held, ..Default::default() }), &Handle::current());
    }
    assert_eq!(tiers.get(&key(1), Extent::Whole, any).await.unwrap().tier, Tier::Memory);
    assert_eq!(tiers.get(&key(2), Extent::Whole, any).await.unwrap().cached.value, "first");
    assert_eq!(tiers.statistics().len(), 2);
}

#[tokio::test]
async fn what_the_store_has_comes_into_memory_for_as_long_as_it_lives_there() {
    let remaining = Duration::from_secs(60);
    let store = Gated { remaining, held: Mutex::new(vec![(key(1), "value".into())]), ..Default::default() };
    let (tiers, _) = tiers(store, QueueLimits::DEFAULT);
    assert!(tiers.is_store_answering(), "it was not asked yet");
    let lookup = tiers.get(&key(1), Extent::Prefix(3), any).await.unwrap();
    assert!(tiers.is_store_answering() && !tiers.is_store_impaired());
    assert_eq!((lookup.tier, lookup.cached.extent), (Tier::Store("gated"), Extent::Prefix(3)));
    let promoted = tiers.get_memory(&key(1), Extent::Prefix(3)).unwrap();
    assert_eq!(promoted.value, "val");
    assert_eq!(promoted.expires_at, lookup.cached.expires_at);
    assert!(tiers.get_memory(&key(1), Extent::Whole).is_none());
    assert_eq!(tiers.get(&key(1), Extent::Whole, any).await.unwrap().tier, Tier::Store("gated"));
    assert_eq!(tiers.get(&key(1), Extent::Whole, any).await.unwrap().tier, Tier::Memory);
    assert!(tiers.get(&key(2), Extent::Whole, any).await.is_none());

    let statistics = tiers.statistics();
    let counts: Vec<_> = statistics.iter().map(|tier| (tier.tier.name(), tier.hits, tier.misses)).collect();
    assert_eq!(counts, [("memory", 2, 3), ("gated", 2, 1)]);
}

#[tokio::test]
async fn a_store_that_does_not_answer_or_fails_is_a_miss() {
    let gate = Some(Arc::new(Notify::new()));
    let (silent, _) = tiers(Gated { gate, ..Default::default() }, QueueLimits::DEFAULT);
    assert!(silent.get(&key(1), Extent::Whole, any).await.is_none());
    assert_eq!(errors(&silent, ErrorKind::Timeout), 1);
    assert!(!silent.is_store_answering());

    let (failing, _) = tiers(Gated { fails: true, ..Default::default() }, QueueLimits::DEFAULT);
    assert!(failing.get(&key(1), Extent::Whole, any).await.is_none());
    failing.insert(key(1), "value".into());
    failing.close().await;
    assert_eq!(errors(&failing, ErrorKind::Corrupt), 2);
    assert!(failing.is_store_impaired() && failing.is_store_answering());
    assert!(failing.get_memory(&key(1), Extent::Whole).is_some());
}

#[tokio::test]
async fn writes_wait_within_bounds_and_the_rest_is_dropped_and_counted() {
    let gate = Arc::new(Notify::new());
    let gated = || Gated { gate: Some(gate.clone()), ..Default::default() };
    let (by_bytes, store) = tiers(gated(), QueueLimits { writes: 100, bytes: 10 });
    // From a thread that knows nothing of the runtime.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(by_bytes.insert(key(1), vec![0; 30].into()));
            assert!(by_bytes.insert(key(2), vec![0; 1].into()), "memory takes it");
        });
    });
    assert_eq!(errors(&by_bytes, ErrorKind::QueueFull), 1, "the first is taken, as nothing else waited");
    gate.notify_one();
    by_bytes.close().await;
    assert_eq!(store.held.lock().unwrap().len(), 1);
    by_bytes.insert(key(3), "late".into());
    assert_eq!(errors(&by_bytes, ErrorKind::Closed), 1);
    by_bytes.close().await;

    let (too_large, _) = tiers(gated(), QueueLimits { writes: 100, bytes: 10 });
    assert!(too_large.insert(key(1), vec![0; 2 << 20].into()), "it waits for the store");
    assert!(!too_large.insert(key(2), vec![0; 2 << 20].into()), "neither tier has room");

    let (by_number, _) = tiers(gated(), QueueLimits { writes: 3, bytes: 1000 });
    assert!((0..5).all(|number| by_number.insert(key(number), "value".into())), "memory takes them");
    assert_eq!(errors(&by_number, ErrorKind::QueueFull), 2);
    assert_eq!(by_number.statistics()[0].usage.entries, 5, "memory has them all");
}

#[tokio::test]
async fn closing_waits_for_every_write() {
    let (tiers, store) = tiers(Gated::default(), QueueLimits::DEFAULT);
    assert!((0..500).all(|number| tiers.insert(key(number), "value".into())));
    tiers.close().await;
    assert_eq!(store.held.lock().unwrap().len(), 500);
}

#[tokio::test]
async fn closing_once_more_waits_for_what_a_first_call_did_not() {
    let gate = Arc::new(Notify::new());
    let (tiers, store) =
        tiers(Gated { gate: Some(gate.clone()), ..Default::default() }, QueueLimits::DEFAULT);
    tiers.insert(key(1), "value".into());
    assert!(tokio::time::timeout(Duration::ZERO, tiers.close()).await.is_err());
    while errors(&tiers, ErrorKind::Closed) == 0 {
        tiers.insert(key(2), "late".into());
        tokio::task::yield_now().await;
    }
    let open = async {
        assert!(store.held.lock().unwrap().is_empty());
        gate.notify_one();
    };
    tokio::join!(tiers.close(), open);
    assert_eq!(store.held.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_corrupt_value_is_a_miss_counted_where_it_came_from_never_in_memory_and_removed_from_the_store() {
    let remaining = Duration::from_secs(60);
    let store = Gated { remaining, held: Mutex::new(vec![(key(1), "torn".into())]), ..Default::default() };
    let (tiers, store) = tiers(store, QueueLimits::DEFAULT);
    let is_intact = |value: &[u8]| {
        assert!(tiers.get_memory(&key(1), Extent::Whole).is_none(), "nobody has it before it is checked");
        value != b"torn"
    };
    assert!(tiers.get(&key(1), Extent::Whole, is_intact).await.is_none());
    assert!(tiers.get_memory(&key(1), Extent::Whole).is_none());
    assert!(tiers.is_store_impaired());
    assert_eq!(*store.corrupt.lock().unwrap(), [key(1)]);
    tiers.close().await;
    assert!(store.held.lock().unwrap().is_empty());
    let statistics = tiers.statistics();
    assert_eq!(
        [(statistics[0].hits, statistics[0].misses), (statistics[1].hits, statistics[1].misses)],
        [(0, 1); 2]
    );
    assert_eq!(statistics[0].errors[2], (ErrorKind::Corrupt, 0));
    assert_eq!(statistics[1].errors[2], (ErrorKind::Corrupt, 1));
}

#[tokio::test]
async fn what_is_removed_is_in_no_tier() {
    let (tiers, store) = tiers(Gated::default(), QueueLimits::DEFAULT);
    tiers.insert(key(1), "value".into());
    tiers.remove(&key(1));
    assert!(tiers.get_memory(&key(1), Extent::Whole).is_none());
    tiers.close().await;
    assert!(store.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_store_there_is_memory_and_without_memory_nothing() {
    let memory = Tiers::memory(MemoryConfig { capacity_bytes: 1 << 20, ..Default::default() });
    assert!(!memory.insert(key(1), vec![0; 1 << 20].into()));
    assert_eq!(errors(&memory, ErrorKind::TooLarge), 1);
    assert!(memory.insert(key(2), "value".into()));
    assert_eq!(memory.get(&key(2), Extent::Whole, any).await.unwrap().tier, Tier::Memory);
    memory.purge_expired();
    memory.close().await;

    let none = Tiers::none();
    assert!(!none.insert(key(1), "value".into()));
    none.remove(&key(1));
    assert!(none.get(&key(1), Extent::Whole, any).await.is_none());
    assert!(none.statistics().is_empty());
}
