//! What a store with a breaker does where its server fails: the same for every one.

use std::sync::{Arc, Mutex};

use cache::{BreakerState, ErrorKind, Extent, GuardConfig, Guarded, SharedConfig, Store, Tiers};
use tokio::runtime::Handle;

use crate::contract::{Backend, got, key, patient, until, value};

/// A server that fails.
pub(crate) trait Failing: Backend {
    fn kill(&mut self);
    fn restart(&mut self);
    fn pause(&self);
    fn resume(&self);
}

pub(crate) struct Watched {
    pub(crate) store: Arc<Guarded>,
    reasons: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self::by(GuardConfig::default(), store)
    }

    pub(crate) fn by(config: GuardConfig, store: Arc<dyn Store>) -> Self {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&reasons);
        let on_change = Box::new(move |_: BreakerState, error: Option<&cache::StoreError>| {
            heard.lock().unwrap().extend(error.map(ToString::to_string));
        });
        let store = Arc::new(Guarded::new(store, config, &Handle::current(), on_change));
        Self { store, reasons }
    }

    pub(crate) async fn until(&self, state: BreakerState) {
        until(&format!("the breaker is {state:?}"), async || self.store.breaker() == Some(state)).await;
    }

    /// Why it opened the last time.
    pub(crate) fn reason(&self) -> String {
        self.reasons.lock().unwrap().last().cloned().unwrap_or_default()
    }

    /// Waits until a value is stored and found.
    pub(crate) async fn serves(&self, number: u32) {
        until("a value is stored and found", async || {
            let stored = self.store.set(key(number), value(number, 9_000)).await;
            let found = self.store.get(key(number), Extent::Whole).await;
            stored.is_ok()
                && found.is_ok_and(|found| found.is_some_and(|found| found.value == value(number, 9_000)))
        })
        .await;
    }
}

pub(crate) async fn killed_and_started_again<B: Failing>(backend: &mut B) {
    let watched = Watched::new(backend.store(SharedConfig::default()));
    watched.serves(1).await;
    backend.kill();
    watched.until(BreakerState::Open).await;
    assert!(!watched.reason().is_empty());
    assert_eq!(watched.store.get(key(1), Extent::Whole).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    backend.restart();
    watched.serves(2).await;
}

/// Lookups, which come first, find out for writes.
pub(crate) async fn the_first_write_after_an_outage_is_kept<B: Failing>(backend: &mut B) {
    let store = backend.store(patient());
    store.set(key(1), value(1, 9_000)).await.unwrap();
    got(&*store, key(1), Extent::Whole).await.unwrap();
    backend.kill();
    backend.restart();
    until("it answers", async || store.get(key(1), Extent::Whole).await.is_ok()).await;
    store.set(key(2), value(2, 9_000)).await.unwrap();
    assert_eq!(got(&*store, key(2), Extent::Whole).await, Some((value(2, 9_000), Extent::Whole)));
}

pub(crate) async fn paused_and_resumed<B: Failing>(backend: &mut B) {
    let watched = Watched::new(backend.store(SharedConfig::default()));
    watched.serves(1).await;
    backend.pause();
    // On a busy machine a probe may have found out before all of the server's processes have stopped.
    let kind = watched.store.get(key(1), Extent::Whole).await.unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::Timeout | ErrorKind::BreakerOpen), "{kind:?}");
    watched.until(BreakerState::Open).await;
    assert_eq!(watched.reason(), "no answer within 50 ms");
    backend.resume();
    watched.serves(2).await;
}

/// A service that starts before its cache does.
pub(crate) async fn away_at_the_start<B: Failing>(backend: &mut B) {
    backend.kill();
    let watched = Watched::new(backend.store(SharedConfig::default()));
    let tiers = Tiers::memory_and(Default::default(), watched.store.clone(), &Handle::current());
    watched.until(BreakerState::Open).await;
    assert!(!tiers.is_store_answering());
    assert!(tiers.get(&key(1), Extent::Whole, |_| true).await.is_none());
    backend.restart();
    watched.serves(1).await;
    assert!(tiers.is_store_answering());
}

macro_rules! faults {
    ($start:expr) => {
        $crate::faults::faults!(
            $start,
            killed_and_started_again,
            the_first_write_after_an_outage_is_kept,
            paused_and_resumed,
            away_at_the_start
        );
    };
    ($start:expr, $($name:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::faults::$name(&mut $start).await;
            }
        )*
    };
}
pub(crate) use faults;
