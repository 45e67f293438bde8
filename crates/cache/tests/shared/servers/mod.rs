//! Servers that tests start, stop and pause.

mod certificates;
mod memcached;
mod postgres;
mod process;
mod redis;
mod redis_cluster;

pub(crate) use self::certificates::Certificates;
pub(crate) use self::memcached::MemcachedServer;
pub(crate) use self::postgres::PostgresServer;
pub(crate) use self::process::{Process, free_port, until};
pub(crate) use self::redis::{RedisServer, ask};
pub(crate) use self::redis_cluster::RedisCluster;
