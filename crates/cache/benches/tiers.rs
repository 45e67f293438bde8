//! How fast the tiers are: memory hits, and what the disk does with feature sets of 150 KB.
//!
//! `cargo bench -p cache`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::{DiskConfig, DiskStore, Extent, Key, MemoryConfig, Store, Tiers};
use tokio::runtime::Runtime;

const VALUES: u32 = 4_000;
const VALUE_BYTES: usize = 150_000;
const HEADER_BYTES: usize = 256;

fn key(number: u32) -> Key {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_le_bytes());
    Key { engine_version: 2, fingerprint: [1; 16], digest }
}

fn report(what: &str, count: u32, elapsed: Duration) {
    let each = elapsed / count;
    println!("{what:<44} {each:>12.1?} each, {:>10.0} a second", 1.0 / each.as_secs_f64());
}

fn memory() {
    let tiers = Tiers::memory(MemoryConfig { capacity_bytes: 64 << 20, ..Default::default() });
    let value = Bytes::from(vec![1; VALUE_BYTES]);
    assert!((0..100).all(|number| tiers.insert(key(number), value.clone())));
    for extent in [Extent::Whole, Extent::Prefix(HEADER_BYTES)] {
        let (rounds, started) = (2_000_000, Instant::now());
        let found = (0..rounds).filter(|round| tiers.get_memory(&key(round % 100), extent).is_some()).count();
        assert_eq!(found, rounds as usize);
        report(&format!("memory hit, {extent:?}"), rounds, started.elapsed());
    }
    let started = Instant::now();
    assert!((0..20_000).all(|number| tiers.insert(key(number), value.clone())));
    report("memory insertion with eviction", 20_000, started.elapsed());
}

async fn disk(store: DiskStore, config: &DiskConfig) {
    let value = Bytes::from(vec![1; VALUE_BYTES]);
    let started = Instant::now();
    for number in 0..VALUES {
        store.set(key(number), value.clone()).await.unwrap();
    }
    report("disk set", VALUES, started.elapsed());
    for extent in [Extent::Whole, Extent::Prefix(HEADER_BYTES)] {
        let started = Instant::now();
        for number in 0..VALUES {
            assert!(store.get(key(number), extent).await.unwrap().is_some());
        }
        report(&format!("disk get, {extent:?}, from the page cache"), VALUES, started.elapsed());
    }
    let started = Instant::now();
    for number in VALUES..2 * VALUES {
        assert!(store.get(key(number), Extent::Whole).await.unwrap().is_none());
    }
    report("disk miss", VALUES, started.elapsed());
    drop(store);
    let started = Instant::now();
    let recovery = DiskStore::open(config.clone()).unwrap().recovery();
    assert_eq!(recovery.entries, u64::from(VALUES));
    report("opening, for each entry", VALUES, started.elapsed());
}

/// How many of a burst of values get to the disk, of those that the queue takes.
async fn burst(config: DiskConfig) {
    let store = Arc::new(DiskStore::open(config).unwrap());
    let tiers = Tiers::memory_and(MemoryConfig::default(), store, &tokio::runtime::Handle::current());
    let value = Bytes::from(vec![1; VALUE_BYTES]);
    let started = Instant::now();
    assert!((0..2_000).all(|number| tiers.insert(key(number), value.clone())));
    let inserted = started.elapsed();
    tiers.close().await;
    let kept = tiers.statistics()[1].usage.entries;
    println!("burst of 2000 in {inserted:.1?}: {kept} on disk after {:.1?}", started.elapsed());
}

fn main() {
    memory();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let runtime = Runtime::new().unwrap();
    let config = DiskConfig::new(one.path());
    runtime.block_on(disk(DiskStore::open(config.clone()).unwrap(), &config));
    runtime.block_on(burst(DiskConfig::new(other.path())));
}
