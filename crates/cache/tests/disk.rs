//! Memory in front of disk, as a service uses them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use cache::{DiskConfig, DiskStore, ErrorKind, Extent, Key, MemoryConfig, Tier, Tiers};
use tokio::runtime::Handle;

fn key(number: u8) -> Key {
    Key { engine_version: 2, fingerprint: [3; 16], digest: [number; 32] }
}

fn open(config: &DiskConfig) -> Tiers {
    let disk = DiskStore::open(config.clone()).unwrap();
    Tiers::memory_and(MemoryConfig::default(), Arc::new(disk), &Handle::current())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = DiskConfig::new(folder.path());
    let tiers = open(&config);
    for number in 0..100 {
        tiers.insert(key(number), vec![number; 10_000].into());
    }
    assert_eq!(tiers.get(&key(7), Extent::Whole, |_| true).await.unwrap().tier, Tier::Memory);
    tiers.close().await;
    drop(tiers);

    let tiers = open(&config);
    for number in 0..100 {
        let lookup = tiers.get(&key(number), Extent::Prefix(200), |_| true).await.unwrap();
        assert_eq!(lookup.tier.name(), "disk");
        assert_eq!(lookup.cached.value, vec![number; 200]);
        assert!(tiers.get_memory(&key(number), Extent::Prefix(200)).is_some());
    }
    let statistics = tiers.statistics();
    assert_eq!((statistics[1].hits, statistics[1].misses), (100, 0));
    assert!(statistics.iter().flat_map(|tier| &tier.errors).all(|(_, count)| *count == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_value_is_gone_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = DiskConfig::new(folder.path());
    let tiers = open(&config);
    tiers.insert(key(1), vec![1; 10].into());
    tiers.insert(key(2), vec![2; 10].into());
    tiers.close().await;
    drop(tiers);
    let tiers = open(&config);
    assert!(tiers.get(&key(1), Extent::Whole, |_| false).await.is_none());
    assert!(tiers.statistics()[1].errors.contains(&(ErrorKind::Corrupt, 1)));
    tiers.close().await;
    drop(tiers);
    let tiers = open(&config);
    assert!(tiers.get(&key(1), Extent::Whole, |_| true).await.is_none());
    assert!(tiers.get(&key(2), Extent::Whole, |_| true).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_purged() {
    let folder = tempfile::tempdir().unwrap();
    let config = DiskConfig { ttl: Duration::ZERO, ..DiskConfig::new(folder.path()) };
    let tiers = open(&config);
    tiers.insert(key(1), vec![1; 10].into());
    tiers.purge_expired();
    tiers.close().await;
    assert_eq!(tiers.statistics()[1].usage.entries, 0);
    assert_eq!(tiers.statistics()[0].usage.entries, 1, "memory has its own time to live");
}
