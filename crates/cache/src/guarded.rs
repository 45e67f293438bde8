use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;
use tokio::time;

use crate::breaker::{Breaker, Reporter};
use crate::store::Answer;
use crate::{
    BreakerConfig, BreakerState, Cached, Extent, Key, ServerInfo, Store, StoreError, StoreLimits, Usage,
};

/// How a store is kept from holding up those who ask it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardConfig {
    /// When it is no longer asked.
    pub breaker: BreakerConfig,
    /// Lookups that may wait for it at a time; more are misses at once. Default 512.
    pub lookups: usize,
    /// After so long without an answer it is asked by a probe, so that its state is known where nobody else asks.
    /// Default 2 s.
    pub heartbeat: Duration,
    /// Keys that a probe asks for, one after the other, until one is answered. Default 1.
    pub probes: u32,
}

impl Default for GuardConfig {
    fn default() -> Self {
        let heartbeat = Duration::from_secs(2);
        Self { breaker: BreakerConfig::default(), lookups: 512, heartbeat, probes: 1 }
    }
}

impl GuardConfig {
    /// For a store of several servers that have a share of the keys each: it is not asked where most of them do not answer. A lost
    /// one of three has all keys of a probe once in 243.
    ///
    /// ```
    /// assert_eq!(cache::GuardConfig::of_several_servers().probes, 5);
    /// ```
    pub fn of_several_servers() -> Self {
        Self { breaker: BreakerConfig::of_several_servers(), probes: 5, ..Self::default() }
    }
}

/// Told when a store ceases to be asked, with the reason, and when it is asked again.
pub type OnChange = Box<dyn Fn(BreakerState, Option<&StoreError>) + Send + Sync>;

/// A store that is not asked while it does not answer.
///
/// Each operation has the store's own time limit. Failures that say that the store as a whole does not answer
/// ([`ErrorKind::is_outage`](crate::ErrorKind::is_outage)) open a breaker: then operations fail at once, without a wait
/// and without a call, and probes ask the store at growing intervals until one is answered. No caller waits for a probe.
pub struct Guarded {
    shared: Arc<Shared>,
    watching: AbortHandle,
}

struct Shared {
    store: Arc<dyn Store>,
    config: GuardConfig,
    lookups: Semaphore,
    watched: Mutex<Watched>,
    /// What the breaker says, to be read without a lock.
    state: AtomicU8,
    opened: Notify,
    on_change: OnChange,
}

#[derive(Debug)]
struct Watched {
    breaker: Breaker,
    answered_at: Instant,
}

/// A key that no value has, as its engine version is none: what probes ask for. Each asks for another, so that of a cluster
/// they don't always ask the same node.
fn probe_key() -> Key {
    Key { engine_version: 0, fingerprint: [0; 16], digest: std::array::from_fn(|_| fastrand::u8(..)) }
}

impl Guarded {
    /// Puts a breaker before a store. `runtime` runs the probes, the first at once, until this is dropped, and needs its
    /// timers enabled.
    pub fn new(store: Arc<dyn Store>, config: GuardConfig, runtime: &Handle, on_change: OnChange) -> Self {
        let now = Instant::now();
        let shared = Arc::new(Shared {
            store,
            config,
            lookups: Semaphore::new(config.lookups),
            watched: Mutex::new(Watched { breaker: Breaker::new(config.breaker, now), answered_at: now }),
            state: AtomicU8::new(BreakerState::Closed.rank()),
            opened: Notify::new(),
            on_change,
        });
        let watching = runtime.spawn(watch(Arc::clone(&shared))).abort_handle();
        Self { shared, watching }
    }

    fn admitted(&self) -> Result<(), StoreError> {
        if self.shared.state() == BreakerState::Closed { Ok(()) } else { Err(StoreError::BreakerOpen) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("store", &self.shared.store)
            .field("watched", &self.shared.watched)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> BreakerState {
        match self.state.load(Ordering::Relaxed) {
            0 => BreakerState::Closed,
            1 => BreakerState::HalfOpen,
            _ => BreakerState::Open,
        }
    }

    async fn call<T>(&self, limit: Duration, operation: Answer<'_, T>) -> Result<T, StoreError> {
        let outcome = in_time(limit, operation).await;
        self.report(outcome.as_ref().err(), Reporter::Operation);
        outcome
    }

    /// Tells the breaker how an operation ended. What is the fault of a value, or was refused, is an answer, too.
    fn report(&self, error: Option<&StoreError>, reporter: Reporter) {
        let now = Instant::now();
        let outage = error.filter(|error| error.kind().is_outage());
        self.change(outage, |watched| match outage {
            Some(_) => watched.breaker.failed(reporter, now, fastrand::f64()),
            None => {
                watched.answered_at = now;
                watched.breaker.succeeded(reporter, now);
            }
        });
    }

    fn change(&self, outage: Option<&StoreError>, change: impl FnOnce(&mut Watched)) {
        let (before, after) = {
            let mut watched = locked(&self.watched);
            let before = watched.breaker.state();
            change(&mut watched);
            let after = watched.breaker.state();
            if before != after {
                self.state.store(after.rank(), Ordering::Relaxed);
            }
            (before, after)
        };
        match (before, after) {
            (BreakerState::Closed, BreakerState::Open) => {
                self.opened.notify_one();
                (self.on_change)(after, outage);
            }
            (BreakerState::HalfOpen, BreakerState::Closed) => (self.on_change)(after, None),
            _ => {}
        }
    }

    /// When a probe is due.
    fn probe_at(&self) -> Instant {
        let watched = locked(&self.watched);
        watched.breaker.probe_at().unwrap_or(watched.answered_at + self.config.heartbeat)
    }

    async fn probe(&self) {
        self.change(None, |watched| watched.breaker.probing());
        let mut outage = self.ask().await;
        for _ in 1..self.config.probes {
            if outage.is_some() {
                outage = self.ask().await;
            }
        }
        self.report(outage.as_ref(), Reporter::Probe);
    }

    /// Asks for a key. What kept the store from answering, if anything did.
    async fn ask(&self) -> Option<StoreError> {
        let answer = self.store.get(probe_key(), Extent::Prefix(1));
        in_time(self.store.limits().read_timeout, answer).await.err().filter(|error| error.kind().is_outage())
    }
}

async fn in_time<T>(limit: Duration, operation: Answer<'_, T>) -> Result<T, StoreError> {
    time::timeout(limit, operation).await.unwrap_or(Err(StoreError::Timeout { limit }))
}

/// Probes while the store does not answer, and where nobody else has asked for a while.
async fn watch(shared: Arc<Shared>) {
    shared.probe().await;
    loop {
        let due = shared.probe_at();
        if Instant::now() >= due {
            shared.probe().await;
        } else {
            // What opens the breaker meanwhile makes the next probe due sooner.
            let _ = time::timeout_at(due.into(), shared.opened.notified()).await;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Guarded {
    fn name(&self) -> &'static str {
        self.shared.store.name()
    }

    /// Times beyond those that are kept here, which are the store's own.
    fn limits(&self) -> StoreLimits {
        self.shared.store.limits().doubled()
    }

    fn breaker(&self) -> Option<BreakerState> {
        Some(self.shared.state())
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            self.admitted()?;
            let Shared { store, lookups, config, .. } = &*self.shared;
            let _waiting = lookups.try_acquire().map_err(|_| StoreError::Busy { limit: config.lookups })?;
            self.shared.call(store.limits().read_timeout, store.get(key, wanted)).await
        })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(async move {
            self.admitted()?;
            let store = &self.shared.store;
            self.shared.call(store.limits().write_timeout, store.set(key, value)).await
        })
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            self.admitted()?;
            let store = &self.shared.store;
            self.shared.call(store.limits().write_timeout, store.remove(key)).await
        })
    }

    fn was_corrupt(&self, key: &Key) {
        self.shared.store.was_corrupt(key);
    }

    /// Not timed here, as it may be long. It is no failure that a store that does not answer is not tidied.
    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            match self.admitted() {
                Ok(()) => self.shared.store.purge_expired().await,
                Err(_) => Ok(()),
            }
        })
    }

    fn usage(&self) -> Usage {
        self.shared.store.usage()
    }

    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        self.shared.store.server()
    }

    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        self.shared.store.footprint(keys)
    }

    fn close(&self) -> Answer<'_, ()> {
        self.watching.abort();
        self.shared.store.close()
    }
}

#[cfg(test)]
mod tests;
