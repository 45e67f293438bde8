use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time;

use crate::store::Answer;
use crate::{
    BreakerState, Cached, ErrorKind, Extent, Key, ServerInfo, Store, StoreError, StoreLimits, Usage,
};

/// How long nothing more is told of a kind of failure once one was.
const QUIET: Duration = Duration::from_secs(60);

/// Told of a failure, and how many more of its kind there were since the last that was told.
pub type OnFailure = Box<dyn Fn(&StoreError, u64) + Send + Sync>;

/// A store of which somebody is told why it fails, while metrics count how often: of each kind of failure the first, and then one a
/// minute at the most.
///
/// What is not asked, as a breaker before the store is open, is no failure of the store: the breaker tells of that. Each operation has the
/// store's own time limit here, so that one that is never answered is told of.
pub struct Logged {
    store: Arc<dyn Store>,
    failures: Mutex<HashMap<ErrorKind, Failures>>,
    on_failure: OnFailure,
}

/// Those of one kind.
struct Failures {
    told: Instant,
    /// Since then.
    more: u64,
}

impl Logged {
    /// Has somebody told of what goes wrong in a store.
    pub fn new(store: Arc<dyn Store>, on_failure: OnFailure) -> Self {
        Self { store, failures: Mutex::default(), on_failure }
    }

    async fn in_time<T>(&self, limit: Duration, operation: Answer<'_, T>) -> Result<T, StoreError> {
        let outcome = time::timeout(limit, operation).await;
        self.watched(outcome.unwrap_or(Err(StoreError::Timeout { limit })))
    }

    fn watched<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome
            && error.kind() != ErrorKind::BreakerOpen
        {
            self.failed(error, Instant::now());
        }
        outcome
    }

    fn failed(&self, error: &StoreError, now: Instant) {
        let more = {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            match failures.get_mut(&error.kind()) {
                Some(failures) if now.saturating_duration_since(failures.told) < QUIET => {
                    failures.more += 1;
                    return;
                }
                Some(failures) => {
                    failures.told = now;
                    std::mem::take(&mut failures.more)
                }
                None => {
                    failures.insert(error.kind(), Failures { told: now, more: 0 });
                    0
                }
            }
        };
        (self.on_failure)(error, more);
    }
}

impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logged").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Store for Logged {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    /// Times beyond those that are kept here, which are the store's own.
    fn limits(&self) -> StoreLimits {
        self.store.limits().doubled()
    }

    fn breaker(&self) -> Option<BreakerState> {
        self.store.breaker()
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(self.in_time(self.store.limits().read_timeout, self.store.get(key, wanted)))
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(self.in_time(self.store.limits().write_timeout, self.store.set(key, value)))
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(self.in_time(self.store.limits().write_timeout, self.store.remove(key)))
    }

    fn was_corrupt(&self, key: &Key) {
        let digest = key.digest.map(|byte| format!("{byte:02x}")).concat();
        let reason = format!("the features of image {digest} are not what was stored");
        self.failed(&StoreError::Corrupt { reason: reason.into() }, Instant::now());
    }

    /// Not timed here, as it may be long.
    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(async { self.watched(self.store.purge_expired().await) })
    }

    fn usage(&self) -> Usage {
        self.store.usage()
    }

    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        self.store.server()
    }

    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        self.store.footprint(keys)
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { self.watched(self.store.close().await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DiskConfig, DiskStore};

    type Told = Arc<Mutex<Vec<(String, u64)>>>;

    fn logged(store: Arc<dyn Store>) -> (Logged, Told) {
        let told = Told::default();
        let telling = Arc::clone(&told);
        let on_failure =
            move |error: &StoreError, more| telling.lock().unwrap().push((error.to_string(), more));
        (Logged::new(store, Box::new(on_failure)), told)
    }

    fn disk(folder: &tempfile::TempDir) -> Arc<DiskStore> {
        Arc::new(DiskStore::open(DiskConfig::new(folder.path())).unwrap())
    }

    /// Answers nothing.
    #[derive(Debug)]
    struct Silent;

    impl Store for Silent {
        fn name(&self) -> &'static str {
            "silent"
        }

        fn limits(&self) -> StoreLimits {
            StoreLimits { read_timeout: Duration::from_millis(1), ..StoreLimits::default() }
        }

        fn get(&self, _: Key, _: Extent) -> Answer<'_, Option<Cached>> {
            Box::pin(std::future::pending())
        }

        fn set(&self, _: Key, _: Bytes) -> Answer<'_, ()> {
            Box::pin(async { Err(StoreError::BreakerOpen) })
        }

        fn remove(&self, _: Key) -> Answer<'_, ()> {
            Box::pin(std::future::pending())
        }

        fn close(&self) -> Answer<'_, ()> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn what_is_never_answered_is_told_and_what_is_not_asked_is_not() {
        let (store, told) = logged(Arc::new(Silent));
        let key = Key { engine_version: 1, fingerprint: [0; 16], digest: [7; 32] };
        assert!(store.set(key, Bytes::new()).await.is_err());
        assert!(told.lock().unwrap().is_empty());
        assert!(store.get(key, Extent::Whole).await.is_err());
        assert_eq!(*told.lock().unwrap(), [("no answer within 1 ms".to_owned(), 0)]);
        assert_eq!(store.limits().read_timeout, Duration::from_millis(2));
    }

    #[tokio::test]
    async fn why_a_store_fails_is_told_and_what_works_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (store, told) = logged(disk(&folder));
        let key = Key { engine_version: 1, fingerprint: [0; 16], digest: [7; 32] };
        store.set(key, Bytes::from_static(b"value")).await.unwrap();
        assert!(store.get(key, Extent::Whole).await.unwrap().is_some());
        assert!(told.lock().unwrap().is_empty());
        store.was_corrupt(&key);
        let corrupt =
            format!("corrupt entry: the features of image {} are not what was stored", "07".repeat(32));
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()), [(corrupt, 0)]);
        store.close().await.unwrap();
        for _ in 0..3 {
            assert!(store.set(key, Bytes::from_static(b"value")).await.is_err());
        }
        assert_eq!(*told.lock().unwrap(), [("the store is closed".to_owned(), 0)]);
    }

    #[test]
    fn each_kind_is_told_once_a_minute_with_how_many_more_there_were() {
        let folder = tempfile::tempdir().unwrap();
        let (store, told) = logged(disk(&folder));
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let corrupt = |reason: &'static str| StoreError::Corrupt { reason: reason.into() };
        store.failed(&corrupt("first"), at(0));
        store.failed(&corrupt("second"), at(1));
        store.failed(&StoreError::Closed, at(2));
        store.failed(&corrupt("third"), at(59));
        store.failed(&corrupt("fourth"), at(60));
        store.failed(&corrupt("fifth"), at(121));
        let expected = [
            ("corrupt entry: first", 0),
            ("the store is closed", 0),
            ("corrupt entry: fourth", 2),
            ("corrupt entry: fifth", 0),
        ];
        assert_eq!(*told.lock().unwrap(), expected.map(|(error, more)| (error.to_owned(), more)));
    }
}
