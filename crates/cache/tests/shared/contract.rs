//! What every shared store must do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::{ErrorKind, Extent, Key, SharedConfig, Store};
use tokio::time;

/// What happens to stored bytes.
pub(crate) type Change<'a> = &'a dyn Fn(Vec<u8>) -> Vec<u8>;

/// A server, or several, with a store before them.
pub(crate) trait Backend {
    /// Values of so many bytes are kept.
    const LARGEST: usize;

    /// How often a value is kept.
    const COPIES: u64 = 1;

    /// A store of its own connections, with this configuration.
    fn store(&self, shared: SharedConfig) -> Arc<dyn Store>;

    /// Changes the bytes that are stored for a name.
    fn tamper(&self, name: &str, change: Change<'_>);
}

pub(crate) fn key(number: u32) -> Key {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_le_bytes());
    Key { engine_version: 2, fingerprint: [3; 16], digest }
}

pub(crate) fn name(key: Key) -> String {
    format!("siftd:{key}")
}

pub(crate) fn value(number: u32, length: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(number.into());
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// Limits that a busy machine keeps.
pub(crate) fn patient() -> SharedConfig {
    let long = Duration::from_secs(10);
    SharedConfig { read_timeout: long, write_timeout: long, ..Default::default() }
}

pub(crate) async fn got(store: &dyn Store, key: Key, wanted: Extent) -> Option<(Bytes, Extent)> {
    store.get(key, wanted).await.unwrap().map(|cached| (cached.value, cached.extent))
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !holds().await {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(Duration::from_secs(30), reached).await.unwrap_or_else(|_| panic!("{what}: not in time"));
}

pub(crate) async fn values_come_back_whole_and_in_part<B: Backend>(backend: &B) {
    let store = backend.store(patient());
    for (number, length) in (0..).zip([0, 1, 127, 128, 129, 5_000, 150_000, 1_500_000, B::LARGEST]) {
        let (key, value) = (key(number), value(number, length));
        assert_eq!(got(&*store, key, Extent::Whole).await, None);
        assert_eq!(got(&*store, key, Extent::Prefix(128)).await, None);
        store.set(key, value.clone()).await.unwrap();
        assert_eq!(got(&*store, key, Extent::Whole).await, Some((value.clone(), Extent::Whole)), "{length}");
        for wanted in [0, 1, 100, 128, 129, 4_000] {
            let expected = if wanted < length {
                (value.slice(..wanted), Extent::Prefix(wanted))
            } else {
                (value.clone(), Extent::Whole)
            };
            assert_eq!(
                got(&*store, key, Extent::Prefix(wanted)).await,
                Some(expected),
                "{wanted} of {length}"
            );
        }
    }
}

pub(crate) async fn values_are_replaced_and_removed<B: Backend>(backend: &B) {
    let store = backend.store(patient());
    for length in [200, 3_000_000, 0, 150_000] {
        let value = value(length, length as usize);
        store.set(key(1), value.clone()).await.unwrap();
        assert_eq!(got(&*store, key(1), Extent::Whole).await, Some((value, Extent::Whole)));
    }
    store.remove(key(1)).await.unwrap();
    assert_eq!(got(&*store, key(1), Extent::Whole).await, None);
    assert_eq!(got(&*store, key(1), Extent::Prefix(10)).await, None);
    store.remove(key(1)).await.unwrap();
}

pub(crate) async fn values_expire<B: Backend>(backend: &B) {
    let ttl = Duration::from_secs(2);
    let store = backend.store(SharedConfig { ttl, ..patient() });
    let before = Instant::now();
    store.set(key(1), value(1, 1_000)).await.unwrap();
    let cached = store.get(key(1), Extent::Prefix(128)).await.unwrap().expect("it has just been stored");
    assert!(cached.expires_at > before && cached.expires_at <= Instant::now() + ttl);
    until("the value expires", async || got(&*store, key(1), Extent::Whole).await.is_none()).await;
    assert_eq!(got(&*store, key(1), Extent::Prefix(128)).await, None);
    store.purge_expired().await.unwrap();
}

pub(crate) async fn other_prefixes_and_versions_live_beside<B: Backend>(backend: &B) {
    let ours = backend.store(patient());
    let theirs = backend.store(SharedConfig { prefix: "other:".parse().unwrap(), ..patient() });
    let next = Key { engine_version: 3, ..key(1) };
    ours.set(key(1), value(1, 500)).await.unwrap();
    assert_eq!(got(&*theirs, key(1), Extent::Whole).await, None);
    assert_eq!(got(&*ours, next, Extent::Whole).await, None);
    theirs.set(key(1), value(2, 500)).await.unwrap();
    ours.set(next, value(3, 500)).await.unwrap();
    assert_eq!(got(&*ours, key(1), Extent::Whole).await, Some((value(1, 500), Extent::Whole)));
    assert_eq!(got(&*theirs, key(1), Extent::Whole).await, Some((value(2, 500), Extent::Whole)));
}

pub(crate) async fn another_process_reads_what_one_stored<B: Backend>(backend: &B) {
    backend.store(patient()).set(key(1), value(1, 150_000)).await.unwrap();
    let other = backend.store(patient());
    assert_eq!(got(&*other, key(1), Extent::Whole).await, Some((value(1, 150_000), Extent::Whole)));
}

pub(crate) async fn corrupt_values_are_told_and_replaced<B: Backend>(backend: &B) {
    let store = backend.store(patient());
    let flip = |at: usize| {
        move |mut bytes: Vec<u8>| {
            bytes[at] ^= 0x10;
            bytes
        }
    };
    let changes: [(&str, Change<'_>); 6] = [
        ("flipped in the envelope", &flip(9)),
        ("flipped at the beginning", &flip(100)),
        ("truncated to nothing of the value", &|bytes| bytes[..32].to_vec()),
        ("truncated in the envelope", &|bytes| bytes[..7].to_vec()),
        ("something else", &|_| b"hello".to_vec()),
        ("longer", &|bytes| [&bytes[..], b"more"].concat()),
    ];
    for (what, change) in changes {
        store.set(key(1), value(1, 10_000)).await.unwrap();
        backend.tamper(&name(key(1)), change);
        let error = store.get(key(1), Extent::Whole).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}");
    }
    let later: [(&str, Change<'_>); 2] =
        [("flipped far behind", &flip(9_000)), ("truncated far behind", &|bytes| bytes[..9_999].to_vec())];
    for (what, change) in later {
        store.set(key(1), value(1, 10_000)).await.unwrap();
        backend.tamper(&name(key(1)), change);
        let beginning = (value(1, 10_000).slice(..128), Extent::Prefix(128));
        assert_eq!(got(&*store, key(1), Extent::Prefix(128)).await, Some(beginning), "{what}");
        let error = store.get(key(1), Extent::Whole).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}");
    }
    store.set(key(1), value(1, 10_000)).await.unwrap();
    assert_eq!(got(&*store, key(1), Extent::Whole).await, Some((value(1, 10_000), Extent::Whole)));
}

pub(crate) async fn many_at_once_are_not_mixed_up<B: Backend>(backend: &B) {
    let store = backend.store(patient());
    let length = |number: u32| (number as usize * 7_919) % 60_000;
    let tasks = (0..200).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let value = value(number, length(number));
            store.set(key(number), value.clone()).await.unwrap();
            for _ in 0..5 {
                assert_eq!(
                    got(&*store, key(number), Extent::Whole).await,
                    Some((value.clone(), Extent::Whole))
                );
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

pub(crate) async fn what_entries_take_is_told<B: Backend>(backend: &B) {
    const LENGTH: usize = 10_000;
    let store = backend.store(patient());
    let server = store.server().await.unwrap().expect("there is one");
    assert!(server.version.contains(|c: char| c.is_ascii_digit()), "{server:?}");
    assert!(u64::from(server.processes) >= B::COPIES && server.clients >= 20, "{server:?}");
    let keys: Vec<Key> = (0..50).map(key).collect();
    let before = store.footprint(&[]).await.unwrap();
    for (number, key) in (0..).zip(&keys) {
        store.set(*key, value(number, LENGTH)).await.unwrap();
    }
    let bytes = (store.footprint(&keys).await.unwrap() - before) / 50;
    let least = LENGTH as u64 * B::COPIES;
    assert!(bytes > least && bytes < least * 3 / 2, "{bytes} bytes");
}

/// Calls that are dropped at any point must not give their answers to others.
pub(crate) async fn dropped_calls_leave_it_in_order<B: Backend>(backend: &B) {
    let store = backend.store(patient());
    for number in 0..20 {
        store.set(key(number), value(number, 20_000)).await.unwrap();
    }
    for round in 0_u32..200 {
        let number = round % 20;
        let limit = Duration::from_micros(u64::from(round) * 3);
        let _ = time::timeout(limit, store.get(key((number + 1) % 20), Extent::Whole)).await;
        let _ = time::timeout(limit, store.set(key(number), value(number, 20_000))).await;
        let found = got(&*store, key(number), Extent::Whole).await;
        assert_eq!(found, Some((value(number, 20_000), Extent::Whole)), "round {round}");
    }
}

/// The tests above, for a backend that an expression starts.
macro_rules! contract {
    ($start:expr) => {
        $crate::contract::contract!(
            $start,
            values_come_back_whole_and_in_part,
            values_are_replaced_and_removed,
            values_expire,
            other_prefixes_and_versions_live_beside,
            another_process_reads_what_one_stored,
            corrupt_values_are_told_and_replaced,
            many_at_once_are_not_mixed_up,
            what_entries_take_is_told,
            dropped_calls_leave_it_in_order
        );
    };
    ($start:expr, $($name:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::contract::$name(&$start).await;
            }
        )*
    };
}
pub(crate) use contract;
