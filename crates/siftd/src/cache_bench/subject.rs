use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cache::{DiskStore, KeyPrefix, Store, StoreError};
use cachebench::{CacheReport, Kind, MemoryStore};

use crate::settings::{CacheConfig, CacheUrl, Draft, Server, SharedStore};
use crate::{stderr, stores};

/// How long an operation may take. What a service waits for is less; here, slowness is to be seen.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Room in what is ours alone, so that nothing is evicted, whatever the hashes.
const LEAST_ROOM: u64 = 256 << 20;

/// Folder of a disk, below the one that is named.
const FOLDER: &str = "cache-bench";

/// Schema of PostgreSQL.
const SCHEMA: &str = "siftd_bench";

/// How caches are set up.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// Of the values of each size.
    pub(super) bytes: u64,
    pub(super) ttl: Duration,
    pub(super) prefix: KeyPrefix,
    /// A file with certificates.
    pub(super) authorities: Option<PathBuf>,
}

/// A cache that is measured, as what is known of it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) url: CacheUrl,
    config: CacheConfig,
    pub(super) report: CacheReport,
}

/// One for each URL.
pub(super) fn subjects(urls: &[CacheUrl], setup: &Setup) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for url in urls {
        let kind = kind(url);
        let name = match subjects.iter().filter(|other| other.kind.name() == kind.name()).count() {
            0 => kind.name().to_owned(),
            others => format!("{} {}", kind.name(), others + 1),
        };
        // Its password is not shown so.
        let report = CacheReport::new(kind, name, format!("{url:?}"));
        subjects.push(Subject { kind, url: url.clone(), config: config(url, setup), report });
    }
    subjects
}

fn kind(url: &CacheUrl) -> Kind {
    match url {
        CacheUrl::None | CacheUrl::Memory => Kind::Memory,
        CacheUrl::Disk(_) => Kind::Disk,
        CacheUrl::Shared(server, _) => match &**server {
            Server::Redis { .. } => Kind::Redis,
            Server::RedisCluster { .. } => Kind::RedisCluster,
            Server::RedisSentinel { authority, .. } => {
                Kind::Sentinel(u32::try_from(authority.hosts.len()).unwrap_or(u32::MAX))
            }
            Server::Memcached(_) => Kind::Memcached,
            Server::Postgres(_) => Kind::Postgres,
        },
    }
}

/// As the settings of a service would have it, but for where entries are, and for how long they may take.
fn config(url: &CacheUrl, setup: &Setup) -> CacheConfig {
    let room = LEAST_ROOM.max(setup.bytes.saturating_mul(4));
    let draft = Draft {
        cache: url.clone(),
        cache_memory: room,
        cache_disk: room,
        cache_ttl: setup.ttl,
        cache_timeout: TIMEOUT,
        cache_prefix: setup.prefix.clone(),
        cache_ca: setup.authorities.clone(),
        ..Draft::default()
    };
    let mut config = draft.cache();
    match &mut config {
        CacheConfig::None | CacheConfig::Memory(_) => {}
        CacheConfig::Disk { disk, .. } => disk.folder.push(FOLDER),
        CacheConfig::Shared { store, .. } => match &mut **store {
            SharedStore::Redis(redis) => redis.shared.write_timeout = TIMEOUT,
            SharedStore::Memcached { shared, .. } => shared.write_timeout = TIMEOUT,
            SharedStore::Postgres(postgres) => {
                postgres.shared.write_timeout = TIMEOUT;
                postgres.schema = Some(SCHEMA.to_owned());
            }
        },
    }
    config
}

impl Subject {
    /// Opens it. A disk that another process has open is an error, a server that is away is not.
    pub(super) fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        match &self.config {
            CacheConfig::Memory(memory) => Ok(Arc::new(MemoryStore::new(*memory))),
            config => stores::unguarded(config.clone()),
        }
    }

    /// Removes the place that entries had for themselves, if they had one. The store must be closed.
    pub(super) async fn tidy(&self) -> Result<(), StoreError> {
        match &self.config {
            CacheConfig::Disk { disk, .. } => DiskStore::remove(&disk.folder),
            CacheConfig::Shared { store, authorities, .. } => match &**store {
                SharedStore::Postgres(config) => {
                    let store = stores::postgres(config.as_ref().clone(), authorities.as_deref())?;
                    store.remove_schema().await
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Tells, and keeps, why it could not be measured.
    pub(super) fn fail(&mut self, error: &StoreError) {
        stderr::tell(format_args!("{}: {error}", self.report.url));
        self.report.error = Some(error.to_string());
    }

    pub(super) fn is_reached(&self) -> bool {
        self.report.error.is_none()
    }
}
