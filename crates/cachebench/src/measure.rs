use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Extent, ServerInfo, Store, StoreError};
use serde::Serialize;
use tokio::time;

use crate::entries::{Entries, new_fingerprint};
use crate::footprint::Footprint;
use crate::load::{self, Measurement, Operation, read, write};

/// Bytes of the values that are measured with: a picture with some 100 keypoints, and one with 1,000.
const VALUE_BYTES: [usize; 2] = [SMALL_VALUE, LARGEST_VALUE];

/// Bytes of the smaller values that are measured with, and of marks.
pub(crate) const SMALL_VALUE: usize = 16_000;

/// Bytes of the largest value that is measured with.
pub const LARGEST_VALUE: usize = 150_000;

/// More entries than this tell nothing new.
const MOST_ENTRIES: usize = 1000;

/// How long it is tried to reach a server.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Bytes of the values of each size, at least [`LARGEST_VALUE`].
    pub bytes: u64,
    /// How long each operation is done with each number of callers.
    pub window: Duration,
    /// Numbers of callers at a time for which latencies are told.
    pub callers: Vec<usize>,
    /// Numbers of callers at a time over which the rate is told.
    pub scale: Vec<usize>,
}

/// A rate with some callers at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// The callers.
    pub callers: usize,
    /// Operations a second of all of them.
    pub rate: f64,
}

/// What was measured of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What the server says of itself; none where there is none.
    pub server: Option<ServerInfo>,
    /// By size of values.
    pub footprints: Vec<Footprint>,
    /// By operation, size of values and callers.
    pub measurements: Vec<Measurement>,
    /// Summaries read a second, by callers.
    pub scale: Vec<Rate>,
    /// What could not be measured, and why.
    pub notes: Vec<String>,
}

/// Measures a store, and removes what it wrote for it. `tell` is told what is done.
///
/// # Errors
/// The first failure while entries are written that are then measured with. What fails later is counted.
pub async fn measure(
    store: &Arc<dyn Store>,
    config: &Config,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Measured, StoreError> {
    let fingerprint = new_fingerprint();
    let sizes = VALUE_BYTES.map(|value_bytes| {
        let fitting = usize::try_from(config.bytes).unwrap_or(usize::MAX) / value_bytes;
        Arc::new(Entries::new(fingerprint, fitting.clamp(1, MOST_ENTRIES), value_bytes))
    });
    let measured = measure_with(store, config, &sizes, tell).await;
    for entries in &sizes {
        // What cannot be removed expires.
        let _ = remove(&**store, entries).await;
    }
    measured
}

async fn measure_with(
    store: &Arc<dyn Store>,
    config: &Config,
    sizes: &[Arc<Entries>; 2],
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Measured, StoreError> {
    let mut notes = Vec::new();
    let server = match write(&**store, store.server()).await {
        Ok(server) => server,
        Err(error) => {
            notes.push(format!("the server does not say what it is: {error}"));
            None
        }
    };
    let mut footprints = Vec::new();
    for entries in sizes {
        tell(&format!("writing {} values of {} bytes", entries.count(), entries.value_bytes()));
        match fill(&**store, entries).await? {
            Ok(footprint) => footprints.push(footprint),
            Err(error) => {
                let note = format!("the server does not say what entries take: {error}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    let mut measurements = Vec::new();
    for (operation, entries) in workloads(sizes) {
        for &callers in &config.callers {
            tell(&format!("{}, {} bytes, callers: {callers}", operation.name(), entries.value_bytes()));
            let measurement = load::run(store, entries, operation, callers, config.window).await;
            notes.extend(measurement.left_out());
            measurements.push(measurement);
        }
    }
    let mut scale = Vec::new();
    for &callers in &config.scale {
        let [_, large] = sizes;
        tell(&format!("{}, callers: {callers}", Operation::GetSummary.name()));
        let measurement = load::run(store, large, Operation::GetSummary, callers, config.window).await;
        notes.extend(measurement.left_out());
        scale.push(Rate { callers, rate: measurement.rate });
    }
    Ok(Measured { server, footprints, measurements, scale, notes })
}

/// What is done with which values: reads first, as writes leave old versions behind in some stores.
fn workloads([small, large]: &[Arc<Entries>; 2]) -> [(Operation, &Arc<Entries>); 5] {
    [
        (Operation::GetSummary, large),
        (Operation::Get, small),
        (Operation::Get, large),
        (Operation::Set, small),
        (Operation::Set, large),
    ]
}

/// Writes all entries. The inner error says that only their footprint is not known.
async fn fill(store: &dyn Store, entries: &Entries) -> Result<Result<Footprint, StoreError>, StoreError> {
    let before = store.footprint(&[]).await;
    for number in 0..entries.count() {
        write(store, store.set(entries.key(number), entries.value(number))).await?;
    }
    let after = store.footprint(&entries.keys()).await;
    Ok(before.and_then(|before| {
        let bytes = after?.saturating_sub(before);
        let bytes_per_entry = bytes as f64 / entries.count() as f64;
        Ok(Footprint { value_bytes: entries.value_bytes(), entries: entries.count(), bytes_per_entry })
    }))
}

pub(crate) async fn remove(store: &dyn Store, entries: &Entries) -> Result<(), StoreError> {
    for key in entries.keys() {
        write(store, store.remove(key)).await?;
    }
    Ok(())
}

/// Waits until a store takes a value and gives it back, for some seconds.
///
/// # Errors
/// The last failure.
pub async fn reach(store: &dyn Store) -> Result<(), StoreError> {
    let entries = Entries::new(new_fingerprint(), 1, 128);
    let end = Instant::now() + PATIENCE;
    loop {
        match attempt(store, &entries).await {
            Err(error) if Instant::now() < end && error.kind().is_outage() => {
                time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt(store: &dyn Store, entries: &Entries) -> Result<(), StoreError> {
    let key = entries.key(0);
    write(store, store.set(key, entries.value(0))).await?;
    let found = read(store, store.get(key, Extent::Whole)).await?;
    write(store, store.remove(key)).await?;
    found.map(drop).ok_or(StoreError::Corrupt { reason: "what was just written is not there".into() })
}
