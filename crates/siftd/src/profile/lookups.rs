//! What a lookup in a cache that instances share adds to a request, by the client that the service has.

use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cache::{Extent, Key, Store};
use capacity::profile::{Distribution, RequestProfile};
use extract::siftd::HEADER_LENGTH;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

use super::ProfileError;
use super::computing::process_cpu;
use super::undisturbed::Undisturbed;
use crate::settings::{CacheUrl, Draft};
use crate::stores;

/// Lookups at a time.
const CONCURRENCY: u32 = 16;

/// Entries of nobody else have this prefix.
const PREFIX: &str = "siftd:profile:";

/// How long an operation may take: slowness is to be seen.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is looked up, over and over.
#[derive(Debug, Clone)]
struct Entry {
    store: Arc<dyn Store>,
    key: Key,
}

/// The name of the cache, and what a lookup of a summary takes of an entry of so many bytes.
pub(super) fn measure(
    url: &CacheUrl,
    authorities: Option<PathBuf>,
    value_bytes: usize,
    window: Duration,
    undisturbed: &mut Undisturbed,
) -> Result<(String, RequestProfile), ProfileError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let draft = Draft {
        cache: url.clone(),
        cache_timeout: TIMEOUT,
        cache_prefix: PREFIX.parse().unwrap_or_default(),
        cache_ca: authorities,
        ..Draft::default()
    };
    let store = {
        let _entered = runtime.enter();
        stores::unguarded(draft.cache())?
    };
    // Plans have one name for Redis, cluster or not.
    let name = if store.name().starts_with("redis") { "redis" } else { store.name() }.to_owned();
    // Of this process alone.
    let own = format!("{} {:?}", process::id(), SystemTime::now());
    let key = Key { engine_version: 0, fingerprint: [0; 16], digest: sha256::digest(own.as_bytes()) };
    let entry = Entry { store, key };
    runtime.block_on(entry.store.set(key, vec![0; value_bytes.max(HEADER_LENGTH)].into()))?;
    let lookup = lookup(&runtime, &entry, window, undisturbed);
    runtime.block_on(entry.store.remove(key))?;
    Ok((name, lookup?))
}

fn lookup(
    runtime: &Runtime,
    entry: &Entry,
    window: Duration,
    undisturbed: &mut Undisturbed,
) -> Result<RequestProfile, ProfileError> {
    // Connections are made by the first.
    runtime.block_on(entry.times(window / 10))?;
    let times = undisturbed.measure(|| runtime.block_on(entry.times(window)))?;
    let cpu_seconds = undisturbed.measure(|| {
        let before = process_cpu();
        let lookups = runtime.block_on(entry.beside_others(window))?;
        Ok((process_cpu() - before).as_secs_f64() / lookups as f64)
    })?;
    Ok(RequestProfile {
        bytes: HEADER_LENGTH as f64,
        concurrency: CONCURRENCY,
        cpu_seconds,
        client_cpu_seconds: 0.0,
        alone: Distribution::of(&times).ok_or(ProfileError::NoPictures)?,
    })
}

impl Entry {
    /// Seconds that each of some lookups takes, one after another.
    async fn times(&self, window: Duration) -> Result<Vec<f64>, ProfileError> {
        let (started, mut times) = (Instant::now(), Vec::new());
        while times.is_empty() || started.elapsed() < window {
            let began = Instant::now();
            self.look_up().await?;
            times.push(began.elapsed().as_secs_f64());
        }
        Ok(times)
    }

    /// How many lookups were done, several at a time.
    async fn beside_others(&self, window: Duration) -> Result<usize, ProfileError> {
        let mut callers = JoinSet::new();
        for _ in 0..CONCURRENCY {
            let entry = self.clone();
            callers.spawn(async move { entry.times(window).await });
        }
        let mut lookups = 0;
        for times in callers.join_all().await {
            lookups += times?.len();
        }
        Ok(lookups)
    }

    /// The beginning of the entry, as a summary needs it.
    async fn look_up(&self) -> Result<(), ProfileError> {
        match self.store.get(self.key, Extent::Prefix(HEADER_LENGTH)).await? {
            Some(_) => Ok(()),
            None => Err(ProfileError::Lost),
        }
    }
}
