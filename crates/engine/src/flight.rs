//! Single flight: what several ask for at the same time is computed once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cache::Key;
use extract::StageTimes;
use tokio::sync::watch;

use crate::Error;

/// Features as they are stored, whether a tier of the cache took them, and how long their computation took.
#[derive(Debug, Clone)]
pub(crate) struct Computed {
    pub(crate) stored: Bytes,
    pub(crate) kept: bool,
    pub(crate) stages: StageTimes,
}

pub(crate) type Outcome = Result<Computed, Error>;

/// One computation and all who wait for it.
#[derive(Debug)]
pub(crate) struct Flight {
    /// Set when nobody waits any more: the kernels stop within a few rows.
    cancelled: AtomicBool,
    outcome: watch::Sender<Option<Outcome>>,
}

/// All computations that are under way or in the queue.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    by_key: Mutex<HashMap<Key, Boarded>>,
}

#[derive(Debug)]
struct Boarded {
    flight: Arc<Flight>,
    waiting: usize,
}

/// A place among those who wait. Once the last is dropped, the flight is cancelled.
#[derive(Debug)]
pub(crate) struct Ticket {
    flights: Arc<Flights>,
    key: Key,
    pub(crate) flight: Arc<Flight>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Whether who joined has to see to the computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Leader,
    Follower,
}

impl Flight {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The flag that stops the kernels.
    pub(crate) fn cancelled(&self) -> &AtomicBool {
        &self.cancelled
    }
}

impl Flights {
    /// Joins the flight for this key, or starts one.
    pub(crate) fn join(self: &Arc<Self>, key: Key) -> (Ticket, Role) {
        let mut by_key = self.lock();
        let (role, boarded) = match by_key.entry(key) {
            Entry::Occupied(entry) => (Role::Follower, entry.into_mut()),
            Entry::Vacant(entry) => {
                let flight = Flight { cancelled: AtomicBool::new(false), outcome: watch::Sender::new(None) };
                (Role::Leader, entry.insert(Boarded { flight: Arc::new(flight), waiting: 0 }))
            }
        };
        boarded.waiting += 1;
        let flight = Arc::clone(&boarded.flight);
        let outcome = flight.outcome.subscribe();
        (Ticket { flights: Arc::clone(self), key, flight, outcome }, role)
    }

    /// Gives all who wait the outcome, and ends the flight, unless it is over.
    pub(crate) fn land(&self, key: &Key, flight: &Arc<Flight>, outcome: Outcome) {
        let mut by_key = self.lock();
        // Another flight may bear the same key by now, after this one was cancelled.
        if by_key.get(key).is_some_and(|boarded| Arc::ptr_eq(&boarded.flight, flight)) {
            by_key.remove(key);
            drop(by_key);
            flight.outcome.send_replace(Some(outcome));
        }
    }

    /// Stops all computations, whoever waits for them.
    pub(crate) fn cancel_all(&self) {
        let by_key = std::mem::take(&mut *self.lock());
        for Boarded { flight, .. } in by_key.into_values() {
            flight.cancelled.store(true, Ordering::Relaxed);
            flight.outcome.send_replace(Some(Err(Error::Closing)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Boarded>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Waits for the outcome.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        let landed = self.outcome.wait_for(Option::is_some).await;
        landed.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(Error::Fault))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut by_key = self.flights.lock();
        let Some(boarded) = by_key.get_mut(&self.key) else { return };
        if !Arc::ptr_eq(&boarded.flight, &self.flight) {
            return;
        }
        boarded.waiting -= 1;
        if boarded.waiting == 0 {
            self.flight.cancelled.store(true, Ordering::Relaxed);
            by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key { engine_version: 1, fingerprint: [0; 16], digest: [0; 32] };

    fn computed() -> Computed {
        Computed { stored: Bytes::from_static(b"features"), kept: true, stages: StageTimes::default() }
    }

    #[tokio::test]
    async fn all_who_wait_get_the_one_outcome() {
        let flights = Arc::new(Flights::default());
        let (mut first, role) = flights.join(KEY);
        assert_eq!(role, Role::Leader);
        let (mut second, role) = flights.join(KEY);
        assert_eq!(role, Role::Follower);
        flights.land(&KEY, &first.flight, Ok(computed()));
        assert_eq!(first.outcome().await.unwrap().stored, "features");
        assert_eq!(second.outcome().await.unwrap().stored, "features");
        assert_eq!(flights.join(KEY).1, Role::Leader, "the flight is over");
    }

    #[test]
    fn it_is_cancelled_when_the_last_gives_up_and_not_before() {
        let flights = Arc::new(Flights::default());
        let (first, _) = flights.join(KEY);
        let (second, _) = flights.join(KEY);
        let flight = Arc::clone(&first.flight);
        drop(first);
        assert!(!flight.is_cancelled());
        drop(second);
        assert!(flight.is_cancelled());
    }

    #[tokio::test]
    async fn a_cancelled_flight_that_lands_late_does_not_end_its_successor() {
        let flights = Arc::new(Flights::default());
        let (first, _) = flights.join(KEY);
        let cancelled = Arc::clone(&first.flight);
        drop(first);
        let (mut successor, role) = flights.join(KEY);
        assert_eq!(role, Role::Leader);
        flights.land(&KEY, &cancelled, Err(Error::Fault));
        flights.land(&KEY, &successor.flight, Ok(computed()));
        assert!(successor.outcome().await.is_ok());
    }
}
