//! Redis and what speaks its protocol: Valkey, Redis Cluster, Redis behind Sentinel.

mod connection;
mod primaries;
mod reply;
mod server;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use redis::Cmd;

use self::connection::Connection;
use self::server::Servers;
use crate::shared::{Credentials, Envelope, HostPort, Link, Links, SharedConfig, WHOLE, reach};
use crate::store::Answer;
use crate::{Cached, Extent, Key, ServerInfo, Store, StoreError, StoreLimits};

/// Strings in Redis may have so many bytes (its `proto-max-bulk-len`).
const LARGEST: u64 = 512 << 20;

/// A connection to a server that is no primary is made anew when it is so old: Sentinel, a name or an address that moves may know the
/// new primary, and where none does reads go on undisturbed.
const DEMOTED_AGE: Duration = Duration::from_secs(10);

/// Name of the store that a cluster is.
const CLUSTER: &str = "redis-cluster";

/// Which Redis keeps the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// The servers.
    pub servers: RedisServers,
    /// Who they are asked as.
    pub credentials: Credentials,
    /// Number of the database. A cluster has 0 alone.
    pub database: u32,
    /// Whether connections are encrypted, and the server proves by a certificate who it is.
    pub tls: bool,
    /// Certificates in PEM that the server's may be signed by. None stands for those that the system trusts.
    pub authorities: Option<Vec<u8>>,
    /// What holds for every shared store.
    pub shared: SharedConfig,
}

/// Servers of a Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisServers {
    /// One.
    Standalone(HostPort),
    /// A Redis Cluster, of which these are known; it tells of the others.
    Cluster(Vec<HostPort>),
    /// The primary that these Sentinels know under a name. The credentials are the primary's.
    Sentinel {
        /// The Sentinels.
        sentinels: Vec<HostPort>,
        /// Name of the primary.
        name: String,
    },
}

impl RedisConfig {
    /// One server, without a password.
    pub fn new(servers: RedisServers) -> Self {
        Self {
            servers,
            credentials: Credentials::default(),
            database: 0,
            tls: false,
            authorities: None,
            shared: SharedConfig::default(),
        }
    }
}

/// Values in Redis, each a string under `<prefix><key>` that expires by itself.
///
/// A lookup is one command, `GETRANGE` of 160 bytes for a summary or else `GET`, and a write is one `SET`. Lookups go over one
/// connection, writes over another (in a cluster, two a node), on which they follow each other without waiting. Each is made
/// when it is first needed, so that opening never fails for a server that is away, and both again when one broke.
///
/// Other bytes than what was stored, and values of other types, are [`StoreError::Corrupt`].
#[derive(Debug)]
pub struct RedisStore {
    name: &'static str,
    links: Links<Connection>,
    shared: SharedConfig,
}

impl RedisStore {
    /// A store that is not connected yet.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], for certificates that are none or addresses that cannot be.
    pub fn new(config: RedisConfig) -> Result<Self, StoreError> {
        let name = match config.servers {
            RedisServers::Cluster(_) => CLUSTER,
            RedisServers::Standalone(_) | RedisServers::Sentinel { .. } => "redis",
        };
        let links = Links { lookups: connection::link(&config)?, writes: connection::link(&config)? };
        Ok(Self { name, links, shared: config.shared })
    }

    async fn look_up(&self, command: Cmd) -> Result<redis::Value, StoreError> {
        self.run(&self.links.lookups, command).await
    }

    async fn write(&self, command: Cmd) -> Result<(), StoreError> {
        self.run(&self.links.writes, command).await.map(drop)
    }

    async fn run(&self, link: &Link<Connection>, command: Cmd) -> Result<redis::Value, StoreError> {
        let mut linked = link.get().await?;
        if linked.connection.is_outdated() {
            linked.discard();
            linked = link.get().await?;
        }
        let reply = linked.connection.run(&command).await;
        linked.answered();
        reply.map_err(|error| {
            let is_demoted = reply::is_read_only(&error) && linked.age() >= DEMOTED_AGE;
            // That the other one leads to a server that is no primary, too, lookups are never told.
            if error.is_unrecoverable_error() || is_demoted {
                self.links.give_up(&linked);
            }
            reply::failed(link.at(), &error)
        })
    }

    /// What the servers say of themselves.
    async fn servers(&self) -> Result<Servers, StoreError> {
        let info = reply::text(self.look_up(redis::cmd("INFO")).await?)?;
        let cluster = match self.name {
            CLUSTER => {
                let mut command = redis::cmd("CLUSTER");
                command.arg("INFO");
                Some(reply::text(self.look_up(command).await?)?)
            }
            _ => None,
        };
        Ok(Servers::new(&info, cluster.as_deref()))
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        self.name
    }

    fn limits(&self) -> StoreLimits {
        self.shared.limits()
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            let command = match reach(wanted) {
                WHOLE => {
                    let mut command = Cmd::with_capacity(2, name.len() + 3);
                    command.arg("GET").arg(&name);
                    command
                }
                length => {
                    let mut command = Cmd::with_capacity(4, name.len() + 12);
                    command.arg("GETRANGE").arg(&name).arg(0).arg(length - 1);
                    command
                }
            };
            let Some(stored) = reply::bytes(self.look_up(command).await?)? else { return Ok(None) };
            let (envelope, value) = Envelope::open(&name, stored)?;
            envelope.value(value, wanted)
        })
    }

    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(async move {
            let stored = (value.len() + Envelope::LENGTH) as u64;
            if stored > LARGEST {
                return Err(StoreError::TooLarge { actual: stored, allowed: LARGEST });
            }
            let (name, ttl) = (self.shared.name(&key), self.shared.ttl_of(&key));
            let sealed = Envelope::of(&value, SystemTime::now() + ttl).seal(&name);
            let mut command = Cmd::with_capacity(5, name.len() + value.len() + 64);
            command.arg("SET").arg(&name).arg([&sealed[..], &value].concat());
            command.arg("PX").arg(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
            self.write(command).await
        })
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            let mut command = Cmd::with_capacity(2, name.len() + 6);
            command.arg("UNLINK").arg(&name);
            self.write(command).await
        })
    }

    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        Box::pin(async move { Ok(Some(self.servers().await?.info())) })
    }

    /// By `MEMORY USAGE`, for each copy: name, value and their place in the table, each as large as the allocator makes it.
    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut bytes = 0;
            for key in keys {
                let mut command = redis::cmd("MEMORY");
                command.arg("USAGE").arg(self.shared.name(key));
                bytes += reply::number(&self.look_up(command).await?)?;
            }
            Ok(bytes * self.servers().await?.copies())
        })
    }

    fn close(&self) -> Answer<'_, ()> {
        self.links.close();
        Box::pin(async { Ok(()) })
    }
}
