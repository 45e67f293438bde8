//! Servers that tests start, stop and pause.

mod certificates;
mod memcached;
mod ports;
mod postgres;
mod process;
mod redis;
mod redis_cluster;
mod unreachable;

pub(crate) use self::certificates::Certificates;
pub(crate) use self::memcached::MemcachedServer;
pub(crate) use self::ports::{first_of_six, free_port};
pub(crate) use self::postgres::PostgresServer;
pub(crate) use self::process::{Process, until};
pub(crate) use self::redis::{RedisServer, ask};
pub(crate) use self::redis_cluster::RedisCluster;
pub(crate) use self::unreachable::Unreachable;
