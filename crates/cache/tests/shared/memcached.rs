//! memcached: three servers as one store, and one alone.

use std::sync::Arc;

use cache::{BreakerState, ErrorKind, Extent, MemcachedConfig, MemcachedStore, Sharded, SharedConfig, Store};

use crate::contract::{Backend, Change, contract, got, key, name, patient, value};
use crate::faults::{Failing, Watched, faults};
use crate::servers::MemcachedServer;

fn store(server: &MemcachedServer, shared: SharedConfig) -> Arc<dyn Store> {
    Arc::new(MemcachedStore::new(MemcachedConfig { address: server.address(), shared }))
}

struct Three([MemcachedServer; 3]);

impl Three {
    fn start() -> Self {
        Self([(); 3].map(|()| MemcachedServer::start(&["-m", "256"])))
    }
}

impl Backend for Three {
    const LARGEST: usize = 20 << 20;

    fn store(&self, shared: SharedConfig) -> Arc<dyn Store> {
        let stores =
            self.0.iter().map(|server| (server.address().to_string(), store(server, shared.clone())));
        Arc::new(Sharded::new(stores.collect()).unwrap())
    }

    fn tamper(&self, name: &str, change: Change<'_>) {
        let holder = self.0.iter().find_map(|server| Some((server, server.item(name)?)));
        let (server, stored) = holder.expect("one of them has it");
        server.set_item(name, &change(stored));
    }
}

impl Backend for MemcachedServer {
    const LARGEST: usize = 5 << 20;

    fn store(&self, shared: SharedConfig) -> Arc<dyn Store> {
        store(self, shared)
    }

    fn tamper(&self, name: &str, change: Change<'_>) {
        let stored = self.item(name).expect("it has it");
        self.set_item(name, &change(stored));
    }
}

impl Failing for MemcachedServer {
    fn kill(&mut self) {
        self.process.kill();
    }

    fn restart(&mut self) {
        self.process.restart();
    }

    fn pause(&self) {
        self.process.pause();
    }

    fn resume(&self) {
        self.process.resume();
    }
}

contract!(Three::start());
faults!(MemcachedServer::start(&[]));

#[tokio::test]
async fn a_hit_is_one_command_and_a_summary_an_item_of_its_own() {
    let server = MemcachedServer::start(&[]);
    let store = store(&server, patient());
    store.set(key(1), value(1, 150_000)).await.unwrap();
    let before = server.statistic("bytes_written");
    for _ in 0..100 {
        got(&*store, key(1), Extent::Prefix(128)).await.unwrap();
    }
    let moved = server.statistic("bytes_written") - before;
    assert!(moved < 100 * 180 + 10_000, "{moved} bytes, those of the statistics among them");
    assert_eq!(server.statistic("get_hits"), 100);
    got(&*store, key(1), Extent::Whole).await.unwrap();
    assert_eq!(server.statistic("get_hits"), 101);
}

#[tokio::test]
async fn lookups_and_writes_have_a_connection_each() {
    let server = MemcachedServer::start(&[]);
    let store = store(&server, patient());
    for number in 0..10 {
        store.set(key(number), value(number, 100)).await.unwrap();
        got(&*store, key(number), Extent::Whole).await.unwrap();
    }
    assert_eq!(server.established(), 2);
}

#[tokio::test]
async fn a_value_with_a_part_missing_is_not_there() {
    let server = MemcachedServer::start(&[]);
    let store = store(&server, patient());
    store.set(key(1), value(1, 2_500_000)).await.unwrap();
    let part = format!("{}:2", name(key(1)));
    let bytes = server.item(&part).expect("the third part");
    assert_eq!(bytes.len(), 500_032);
    server.set_item(&part, &bytes[1..]);
    assert_eq!(store.get(key(1), Extent::Whole).await.unwrap_err().kind(), ErrorKind::Corrupt);
    server.set_item(&part, &bytes);
    assert_eq!(got(&*store, key(1), Extent::Whole).await, Some((value(1, 2_500_000), Extent::Whole)));
    server.delete_item(&part);
    assert_eq!(got(&*store, key(1), Extent::Whole).await, None);
    assert!(got(&*store, key(1), Extent::Prefix(128)).await.is_some());
}

#[tokio::test]
async fn what_is_too_large_is_said_to_be() {
    let server = MemcachedServer::start(&["-I", "512k"]);
    let store = store(&server, patient());
    let error = store.set(key(1), value(1, 600_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    store.set(key(2), value(2, 400_000)).await.unwrap();
    let error = store.set(key(3), vec![0; 64_000_000].into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn a_full_memcached_evicts_and_takes_every_write() {
    let server = MemcachedServer::start(&["-m", "8"]);
    let store = store(&server, patient());
    for number in 0..200 {
        store.set(key(number), value(number, 100_000)).await.unwrap();
    }
    assert_eq!(got(&*store, key(199), Extent::Whole).await, Some((value(199, 100_000), Extent::Whole)));
    let mut found = 0;
    for number in 0..200 {
        let cached = got(&*store, key(number), Extent::Whole).await;
        found += u32::from(cached.is_some());
        assert!(cached.is_none_or(|(cached, _)| cached == value(number, 100_000)));
    }
    assert!((1..200).contains(&found), "{found} of 20 MB fit into 8");
}

#[tokio::test]
async fn without_room_for_writes_reads_go_on() {
    let server = MemcachedServer::start(&["-m", "8", "-M"]);
    let watched = Watched::new(store(&server, patient()));
    watched.serves(1).await;
    let mut refused = 0;
    for number in 0..200 {
        match watched.store.set(key(number + 10), value(number, 100_000)).await {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    assert_eq!(watched.store.breaker(), Some(BreakerState::Closed));
    assert_eq!(got(&*watched.store, key(1), Extent::Whole).await, Some((value(1, 9_000), Extent::Whole)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_refused_at_the_limit_open_the_breaker_and_heal() {
    let server = MemcachedServer::start(&["-c", "60"]);
    let others: Vec<_> = std::iter::from_fn(|| server.client()).collect();
    assert!(others.len() > 30, "{} are served", others.len());
    let watched = Watched::new(store(&server, SharedConfig::default()));
    watched.until(BreakerState::Open).await;
    drop(others);
    watched.serves(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_that_is_lost_costs_the_others_nothing() {
    let mut servers = Three::start();
    let watched: Vec<_> =
        servers.0.iter().map(|server| Watched::new(store(server, SharedConfig::default()))).collect();
    let stores = servers
        .0
        .iter()
        .zip(&watched)
        .map(|(server, watched)| (server.address().to_string(), watched.store.clone() as Arc<dyn Store>));
    let store = Sharded::new(stores.collect()).unwrap();
    for number in 0..60 {
        store.set(key(number), value(number, 500)).await.unwrap();
    }
    servers.0[1].process.kill();
    watched[1].until(BreakerState::Open).await;
    assert_ne!(store.breaker(), Some(BreakerState::Closed));
    let mut found = 0;
    for number in 0..60 {
        match store.get(key(number), Extent::Whole).await {
            Ok(cached) => found += u32::from(cached.is_some()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::BreakerOpen),
        }
    }
    assert!((25..60).contains(&found), "{found} of 60");
    servers.0[1].process.restart();
    watched[1].until(BreakerState::Closed).await;
    assert_eq!(store.breaker(), Some(BreakerState::Closed));
}
