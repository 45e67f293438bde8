//! The tiers of the cache, as the settings have them.

use std::path::Path;
use std::sync::Arc;

use cache::{
    BreakerState, DiskStore, GuardConfig, Guarded, MemcachedConfig, MemcachedStore, PostgresStore,
    RedisConfig, RedisStore, Sharded, Store, StoreError, Tiers,
};
use tokio::runtime::Handle;
use tokio::task;

use crate::settings::{CacheConfig, SharedStore};

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
    match cache {
        CacheConfig::None | CacheConfig::Memory(_) => Err(StoreError::Closed),
        CacheConfig::Disk { disk, .. } => Ok(Arc::new(DiskStore::open(disk)?)),
        CacheConfig::Shared { store, authorities, .. } => {
            shared(*store, authorities.as_deref().map(read).transpose()?, runtime)
        }
    }
}

/// Certificates.
fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|source| StoreError::Io { at: path.display().to_string(), source })
}

fn shared(
    store: SharedStore,
    authorities: Option<Vec<u8>>,
    runtime: &Handle,
) -> Result<Arc<dyn Store>, StoreError> {
    let guarded = |store: Arc<dyn Store>, place: String| -> Arc<dyn Store> {
        let on_change = move |state, error: Option<&StoreError>| tell(&place, state, error);
        Arc::new(Guarded::new(store, GuardConfig::default(), runtime, Box::new(on_change)))
    };
    match store {
        SharedStore::Redis(config) => {
            let store = RedisStore::new(RedisConfig { authorities, ..config })?;
            Ok(guarded(Arc::new(store), "Redis".to_owned()))
        }
        SharedStore::Postgres(mut config) => {
            config.authorities = authorities;
            let store = PostgresStore::new(*config)?;
            Ok(guarded(Arc::new(store), "PostgreSQL".to_owned()))
        }
        SharedStore::Memcached { hosts, shared } => {
            let stores = hosts.into_iter().map(|address| {
                let name = address.to_string();
                let store = MemcachedStore::new(MemcachedConfig { address, shared: shared.clone() });
                (name.clone(), guarded(Arc::new(store), format!("memcached {name}")))
            });
            Ok(Arc::new(Sharded::new(stores.collect())?))
        }
    }
}

/// For the operator, who sees in the metrics that the cache is not asked, but not why.
fn tell(place: &str, state: BreakerState, error: Option<&StoreError>) {
    match (state, error) {
        (BreakerState::Closed, _) => eprintln!("siftd: the cache in {place} answers again"),
        (_, Some(error)) => eprintln!("siftd: the cache in {place} is not asked until it answers: {error}"),
        _ => {}
    }
}
