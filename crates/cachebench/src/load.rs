use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Answer, ErrorKind, Extent, Key, Store, StoreError};
use serde::Serialize;
use tokio::{task, time};

use crate::entries::Entries;
use crate::tally::{Done, Latency, Tally};

/// What is done over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The beginning of a value is read: the 128 bytes that answer for a summary.
    GetSummary,
    /// A whole value is read.
    Get,
    /// A value is written, in place of the one that is there.
    Set,
}

impl Operation {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetSummary => "get a summary",
            Self::Get => "get",
            Self::Set => "set",
        }
    }
}

/// Bytes of the header of siftd's stored form.
const SUMMARY_BYTES: usize = 128;

/// Operations after which a caller lets the others run, where nothing makes it wait.
const TURN: u64 = 128;

/// Failures one after another, after which a caller gives up.
const PATIENCE: u64 = 20;

/// What came of an operation that some callers did over and over, each as soon as it was done with the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// What was done.
    pub operation: Operation,
    /// Bytes of the values.
    pub value_bytes: usize,
    /// Callers at a time.
    pub callers: usize,
    /// How long, s.
    pub seconds: f64,
    /// Operations that did what they should.
    pub done: u64,
    /// They, a second.
    pub rate: f64,
    /// How long they took; none where there were none.
    pub latency: Option<Latency>,
    /// Reads of what had been written and was not there any more: evicted, most likely.
    pub misses: u64,
    /// Operations that failed, by kind.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Measurement {
    /// What its rate and latencies leave out, if they leave out something.
    pub(crate) fn left_out(&self) -> Option<String> {
        let failed: u64 = self.errors.values().sum();
        (self.misses + failed > 0).then(|| {
            let Self { operation, value_bytes, callers, done, misses, .. } = self;
            let what = operation.name();
            format!(
                "{what}, {value_bytes} bytes, callers: {callers}: of {} operations {misses} found nothing and {failed} failed",
                done + misses + failed
            )
        })
    }
}

/// Does it for about as long as the window.
pub(crate) async fn run(
    store: &Arc<dyn Store>,
    entries: &Arc<Entries>,
    operation: Operation,
    callers: usize,
    window: Duration,
) -> Measurement {
    let began = Instant::now();
    let end = began + window;
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (store, entries) = (Arc::clone(store), Arc::clone(entries));
            tokio::spawn(async move { call(&*store, &entries, operation, caller as u64, end).await })
        })
        .collect();
    let mut all = Tally::new();
    for task in tasks {
        // A caller that panicked has said so.
        if let (Some(all), Ok(Some(one))) = (&mut all, task.await) {
            all.add(&one);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let done = all.as_ref().map_or(0, Tally::done);
    Measurement {
        operation,
        value_bytes: entries.value_bytes(),
        callers,
        seconds,
        done,
        rate: done as f64 / seconds,
        latency: all.as_ref().and_then(Tally::latency),
        misses: all.as_ref().map_or(0, |all| all.misses),
        errors: all.map(|all| all.errors).unwrap_or_default(),
    }
}

async fn call(
    store: &dyn Store,
    entries: &Entries,
    operation: Operation,
    seed: u64,
    end: Instant,
) -> Option<Tally> {
    let mut tally = Tally::new()?;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut failed_in_a_row = 0;
    for count in 1.. {
        let number = random.usize(..entries.count());
        let began = Instant::now();
        let outcome = perform(store, entries, operation, number).await;
        let now = Instant::now();
        failed_in_a_row = if outcome.is_err() { failed_in_a_row + 1 } else { 0 };
        tally.record(outcome.map_err(|error| error.kind()), now - began);
        if now >= end || failed_in_a_row >= PATIENCE {
            break;
        }
        if count % TURN == 0 {
            task::yield_now().await;
        }
    }
    Some(tally)
}

async fn perform(
    store: &dyn Store,
    entries: &Entries,
    operation: Operation,
    number: usize,
) -> Result<Done, StoreError> {
    let (key, length) = (entries.key(number), entries.value_bytes());
    match operation {
        Operation::GetSummary => {
            get(store, key, Extent::Prefix(SUMMARY_BYTES), SUMMARY_BYTES.min(length)).await
        }
        Operation::Get => get(store, key, Extent::Whole, length).await,
        Operation::Set => write(store, store.set(key, entries.value(number))).await.map(|()| Done::Well),
    }
}

async fn get(store: &dyn Store, key: Key, wanted: Extent, length: usize) -> Result<Done, StoreError> {
    match read(store, store.get(key, wanted)).await? {
        Some(cached) if cached.value.len() == length => Ok(Done::Well),
        Some(_) => Err(StoreError::Corrupt { reason: "it has another length than was written".into() }),
        None => Ok(Done::Missed),
    }
}

/// Waits for a lookup no longer than the store's own limit.
pub(crate) async fn read<T>(store: &dyn Store, lookup: Answer<'_, T>) -> Result<T, StoreError> {
    in_time(store.limits().read_timeout, lookup).await
}

/// Waits for a write no longer than the store's own limit.
pub(crate) async fn write<T>(store: &dyn Store, write: Answer<'_, T>) -> Result<T, StoreError> {
    in_time(store.limits().write_timeout, write).await
}

async fn in_time<T>(limit: Duration, answer: Answer<'_, T>) -> Result<T, StoreError> {
    time::timeout(limit, answer).await.unwrap_or(Err(StoreError::Timeout { limit }))
}

/// How often each kind of failure happened, in words; empty where none did.
pub(crate) fn told(errors: &BTreeMap<&'static str, u64>) -> String {
    let told: Vec<_> = ErrorKind::ALL
        .iter()
        .filter_map(|kind| Some(format!("{} {}", kind.name(), errors.get(kind.name())?)))
        .collect();
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rate_leaves_out_is_told() {
        let whole = Measurement {
            operation: Operation::Get,
            value_bytes: 16_384,
            callers: 4,
            seconds: 1.0,
            done: 100,
            rate: 100.0,
            latency: None,
            misses: 0,
            errors: BTreeMap::new(),
        };
        assert_eq!(whole.left_out(), None);
        let some =
            Measurement { misses: 7, errors: BTreeMap::from([("timeout", 2), ("refused", 1)]), ..whole };
        let told = "get, 16384 bytes, callers: 4: of 110 operations 7 found nothing and 3 failed";
        assert_eq!(some.left_out().as_deref(), Some(told));
    }
}
