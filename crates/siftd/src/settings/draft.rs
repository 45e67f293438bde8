//! The configuration in the making, and made.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use cache::{
    DiskConfig, HostPort, KeyPrefix, MemoryConfig, PostgresConfig, RedisConfig, RedisServers, SharedConfig,
};
use engine::ConfigError;
use extract::ParamsBuilder;
use service::RateLimit;

use super::authority::Authority;
use super::cache_url::{CacheUrl, Server};
use super::conflict::Conflict;

/// What `siftd serve` serves, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServeConfig {
    pub(crate) service: service::Config,
    pub(crate) engine: engine::Config,
    pub(crate) cache: CacheConfig,
}

/// Where answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CacheConfig {
    /// Nowhere.
    None,
    /// In the memory of the process.
    Memory(MemoryConfig),
    /// In a folder, with memory in front.
    Disk { memory: MemoryConfig, disk: DiskConfig },
    /// In a server that others share, with memory in front. Certificates are trusted that those of a file signed, or else
    /// those that the system trusts.
    Shared { memory: MemoryConfig, store: Box<SharedStore>, authorities: Option<PathBuf> },
}

/// What others share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SharedStore {
    Redis(RedisConfig),
    Memcached { hosts: Vec<HostPort>, shared: SharedConfig },
    Postgres(Box<PostgresConfig>),
}

/// All settings while they are being set, one by one and in any order.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// What is kept as it is set; the fields below replace their namesakes in it.
    pub(crate) service: service::Config,
    /// As above.
    pub(crate) engine: engine::Config,
    pub(crate) params: ParamsBuilder,
    pub(crate) threads: Option<NonZeroUsize>,
    /// Requests a second.
    pub(crate) rate_limit: Option<f64>,
    pub(crate) rate_burst: Option<NonZeroU32>,
    pub(crate) cache: CacheUrl,
    pub(crate) cache_memory: u64,
    pub(crate) cache_disk: u64,
    pub(crate) cache_ttl: Duration,
    pub(crate) cache_timeout: Duration,
    pub(crate) cache_prefix: KeyPrefix,
    pub(crate) cache_ca: Option<PathBuf>,
}

impl Default for Draft {
    fn default() -> Self {
        let memory = MemoryConfig::default();
        let shared = SharedConfig::default();
        Self {
            service: service::Config::default(),
            engine: engine::Config::default(),
            params: ParamsBuilder::default(),
            threads: None,
            rate_limit: None,
            rate_burst: None,
            cache: CacheUrl::Memory,
            cache_memory: memory.capacity_bytes,
            cache_disk: DiskConfig::new("").capacity_bytes,
            cache_ttl: memory.ttl,
            cache_timeout: shared.read_timeout,
            cache_prefix: shared.prefix,
            cache_ca: None,
        }
    }
}

impl Draft {
    /// The configuration, checked.
    ///
    /// # Errors
    /// Settings that are each allowed, but not together.
    pub(crate) fn finish(&self) -> Result<ServeConfig, Conflict> {
        Ok(ServeConfig { service: self.service()?, engine: self.engine()?, cache: self.cache() })
    }

    fn service(&self) -> Result<service::Config, Conflict> {
        let service::Config { listen, admin_listen, bounds, .. } = &self.service;
        if listen.port() != 0 && *admin_listen == Some(*listen) {
            return Err(Conflict::SameAddress(*listen));
        }
        let (budget, max_bytes) = (bounds.body_budget, self.engine.limits.max_bytes);
        if budget < max_bytes {
            return Err(Conflict::BodyBudget { budget, max_bytes });
        }
        self.params.build()?;
        Ok(service::Config { params: self.params, rate_limit: self.rate_limit()?, ..self.service.clone() })
    }

    /// A burst that is not set is what a second allows, at least 1.
    fn rate_limit(&self) -> Result<Option<RateLimit>, Conflict> {
        match (self.rate_limit, self.rate_burst) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Conflict::BurstAlone),
            (Some(per_second), burst) => {
                let burst = burst.or(NonZeroU32::new(per_second as u32)).unwrap_or(NonZeroU32::MIN);
                Ok(Some(RateLimit { per_second, burst }))
            }
        }
    }

    fn engine(&self) -> Result<engine::Config, Conflict> {
        let mut engine = self.engine.clone();
        engine.threads = self.threads.unwrap_or(engine.threads);
        match engine.validate() {
            Ok(()) => Ok(engine),
            Err(ConfigError::PixelBudget { budget, max_pixels }) => {
                Err(Conflict::PixelBudget { budget, max_pixels })
            }
            Err(error) => Err(Conflict::Engine(error)),
        }
    }

    /// Where answers are kept, by the settings of the cache alone.
    pub(crate) fn cache(&self) -> CacheConfig {
        let memory = MemoryConfig { capacity_bytes: self.cache_memory, ttl: self.cache_ttl };
        if let Some(folder) = self.cache.folder() {
            let disk = DiskConfig { folder, capacity_bytes: self.cache_disk, ttl: self.cache_ttl };
            return CacheConfig::Disk { memory, disk };
        }
        match &self.cache {
            CacheUrl::None => CacheConfig::None,
            CacheUrl::Memory | CacheUrl::Disk(_) => CacheConfig::Memory(memory),
            CacheUrl::Shared(server, _) => CacheConfig::Shared {
                memory,
                store: Box::new(self.shared(Server::clone(server))),
                authorities: self.cache_ca.clone(),
            },
        }
    }

    fn shared(&self, server: Server) -> SharedStore {
        let shared = SharedConfig {
            prefix: self.cache_prefix.clone(),
            ttl: self.cache_ttl,
            read_timeout: self.cache_timeout,
            ..SharedConfig::default()
        };
        let redis = |servers, credentials, database, tls| {
            let shared = shared.clone();
            SharedStore::Redis(RedisConfig {
                credentials,
                database,
                tls,
                shared,
                ..RedisConfig::new(servers)
            })
        };
        match server {
            Server::Redis { host, credentials, database, tls } => {
                redis(RedisServers::Standalone(host), credentials, database, tls)
            }
            Server::RedisCluster { authority: Authority { hosts, credentials }, tls } => {
                redis(RedisServers::Cluster(hosts), credentials, 0, tls)
            }
            Server::RedisSentinel { authority: Authority { hosts, credentials }, name, database, tls } => {
                redis(RedisServers::Sentinel { sentinels: hosts, name }, credentials, database, tls)
            }
            Server::Memcached(hosts) => SharedStore::Memcached { hosts, shared },
            Server::Postgres(mut config) => {
                config.shared = shared;
                SharedStore::Postgres(config)
            }
        }
    }
}
