//! The tiers of the cache, as the settings have them.

use std::path::Path;
use std::sync::Arc;

use cache::{
    BreakerState, DiskStore, GuardConfig, Guarded, Logged, MemcachedConfig, MemcachedStore, PostgresConfig,
    PostgresStore, RedisConfig, RedisServers, RedisStore, Sharded, Store, StoreError, Tiers,
};
use tokio::runtime::Handle;
use tokio::task;

use crate::settings::{CacheConfig, SharedStore};
use crate::stderr;

/// What is there from the start.
pub(crate) fn tiers(cache: &CacheConfig) -> Tiers {
    match cache {
        CacheConfig::None => Tiers::none(),
        CacheConfig::Memory(memory)
        | CacheConfig::Disk { memory, .. }
        | CacheConfig::Shared { memory, .. } => Tiers::memory(*memory),
    }
}

/// What comes behind it, if anything does. A disk takes as long to open as there is much on it. A server that is away does not
/// matter: it is asked again until it is there.
pub(crate) fn store(
    cache: CacheConfig,
) -> Option<impl Future<Output = Result<Arc<dyn Store>, StoreError>> + Send + 'static> {
    if let CacheConfig::None | CacheConfig::Memory(_) = cache {
        return None;
    }
    let runtime = Handle::current();
    Some(async move {
        // It panics for a fault of ours alone, which has been printed.
        task::spawn_blocking(move || open(cache, &runtime)).await.map_err(|_| StoreError::Closed)?
    })
}

fn open(cache: CacheConfig, runtime: &Handle) -> Result<Arc<dyn Store>, StoreError> {
    open_with(cache, &|store, guarding, place| {
        let name = place.clone();
        let on_failure = move |error: &StoreError, more| tell_failure(&name, error, more);
        let Some(config) = guarding else { return Arc::new(Logged::new(store, Box::new(on_failure))) };
        let on_change = move |state, error: Option<&StoreError>| tell_change(&place, state, error);
        let guarded = Guarded::new(store, config, runtime, Box::new(on_change));
        Arc::new(Logged::new(Arc::new(guarded), Box::new(on_failure)))
    })
}

/// What comes behind memory without a breaker before it, for measurements.
///
/// # Errors
/// [`StoreError::Closed`] where nothing does, or else what keeps it from being opened.
pub(crate) fn unguarded(cache: CacheConfig) -> Result<Arc<dyn Store>, StoreError> {
    open_with(cache, &|store, _, _| store)
}

/// `watch` is given each store, how it is to be guarded where it may be out of reach, and the name of its place.
fn open_with(
    cache: CacheConfig,
    watch: &dyn Fn(Arc<dyn Store>, Option<GuardConfig>, String) -> Arc<dyn Store>,
) -> Result<Arc<dyn Store>, StoreError> {
    let (store, authorities) = match cache {
        CacheConfig::None | CacheConfig::Memory(_) => return Err(StoreError::Closed),
        CacheConfig::Disk { disk, .. } => {
            let place = disk.folder.display().to_string();
            return Ok(watch(Arc::new(DiskStore::open(disk)?), None, place));
        }
        CacheConfig::Shared { store, authorities, .. } => (*store, authorities),
    };
    match store {
        SharedStore::Redis(config) => {
            let authorities = read(authorities.as_deref())?;
            let guarding = match config.servers {
                RedisServers::Cluster(_) => GuardConfig::of_several_servers(),
                RedisServers::Standalone(_) | RedisServers::Sentinel { .. } => GuardConfig::default(),
            };
            let store = RedisStore::new(RedisConfig { authorities, ..config })?;
            Ok(watch(Arc::new(store), Some(guarding), "Redis".to_owned()))
        }
        SharedStore::Postgres(config) => {
            let store = postgres(*config, authorities.as_deref())?;
            Ok(watch(Arc::new(store), Some(GuardConfig::default()), "PostgreSQL".to_owned()))
        }
        SharedStore::Memcached { hosts, shared } => {
            let stores = hosts.into_iter().map(|address| {
                let name = address.to_string();
                let store = MemcachedStore::new(MemcachedConfig { address, shared: shared.clone() });
                (
                    name.clone(),
                    watch(Arc::new(store), Some(GuardConfig::default()), format!("memcached {name}")),
                )
            });
            Ok(Arc::new(Sharded::new(stores.collect())?))
        }
    }
}

/// One that trusts the certificates of a file, if one is given.
pub(crate) fn postgres(
    mut config: PostgresConfig,
    authorities: Option<&Path>,
) -> Result<PostgresStore, StoreError> {
    config.authorities = read(authorities)?;
    PostgresStore::new(config)
}

/// Certificates.
fn read(path: Option<&Path>) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = |path: &Path, source| StoreError::Io { at: path.display().to_string(), source };
    path.map(|path| std::fs::read(path).map_err(|source| failed(path, source))).transpose()
}

/// For the operator, who sees in the metrics that the cache is not asked, but not why.
fn tell_change(place: &str, state: BreakerState, error: Option<&StoreError>) {
    match (state, error) {
        (BreakerState::Closed, _) => stderr::tell(format_args!("the cache in {place} answers again")),
        (_, Some(error)) => {
            stderr::tell(format_args!("the cache in {place} is not asked until it answers: {error}"));
        }
        _ => {}
    }
}

/// For the operator, who sees in the metrics how often it fails, but not why.
fn tell_failure(place: &str, error: &StoreError, more: u64) {
    match more {
        0 => stderr::tell(format_args!("the cache in {place} fails: {error}")),
        more => stderr::tell(format_args!(
            "the cache in {place} fails: {error} ({more} more since the last time that was told)"
        )),
    }
}
