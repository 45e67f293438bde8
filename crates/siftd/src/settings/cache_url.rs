//! Where the cache keeps what it keeps, as a URL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use cache::{Credentials, HostPort, PostgresConfig};

use super::authority::{Authority, masked};

/// What a cache URL says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CacheUrl {
    /// `none:`: nothing is kept.
    None,
    /// `memory://`: the memory of the process.
    Memory,
    /// `disk:///folder`: a folder, with memory in front. The path is taken as it is, nothing in it is decoded.
    Disk(String),
    /// A server that many processes share, with memory in front, and the text that names it.
    Shared(Box<Server>, String),
}

/// A server, or several that are one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Server {
    /// `redis://[user[:password]@]host[:port][/database]`, `rediss://` over TLS.
    Redis { host: HostPort, credentials: Credentials, database: u32, tls: bool },
    /// `redis-cluster://[user[:password]@]host[:port],...`, `rediss-cluster://` over TLS.
    RedisCluster { authority: Authority, tls: bool },
    /// `redis-sentinel://[user[:password]@]sentinel[:port],.../name[/database]`, `rediss-sentinel://` over TLS.
    RedisSentinel { authority: Authority, name: String, database: u32, tls: bool },
    /// `memcached://host[:port],...`.
    Memcached(Vec<HostPort>),
    /// `postgres://user[:password]@host[:port]/database[?sslmode=require]`.
    Postgres(Box<PostgresConfig>),
}

/// A text that is no URL of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownCache;

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;
const MEMCACHED_PORT: u16 = 11_211;

impl CacheUrl {
    /// The URLs that there are, in words.
    pub(crate) const ALLOWED: &str = "memory://, disk:///absolute/path, redis://host:port/database, rediss:// (TLS), \
        redis-cluster://host,host, redis-sentinel://host,host/name, memcached://host,host, \
        postgres://user:password@host/database or none:";

    /// The folder of a disk.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Disk(path) => Some(path.into()),
            _ => None,
        }
    }
}

impl Server {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let tls = scheme.starts_with("rediss");
        let server = match scheme {
            "redis" | "rediss" => {
                let Authority { hosts, credentials } = Authority::parse(authority, REDIS_PORT)?;
                let [host] = <[HostPort; 1]>::try_from(hosts).ok()?;
                Self::Redis { host, credentials, database: database(path)?, tls }
            }
            "redis-cluster" | "rediss-cluster" if path.is_empty() => {
                Self::RedisCluster { authority: Authority::parse(authority, REDIS_PORT)?, tls }
            }
            "redis-sentinel" | "rediss-sentinel" => {
                let (name, path) = path.split_once('/').unwrap_or((path, ""));
                let name = (!name.is_empty()).then(|| name.to_owned())?;
                let authority = Authority::parse(authority, SENTINEL_PORT)?;
                Self::RedisSentinel { authority, name, database: database(path)?, tls }
            }
            "memcached" if path.is_empty() => {
                let Authority { hosts, credentials } = Authority::parse(authority, MEMCACHED_PORT)?;
                // It has no users.
                (credentials == Credentials::default()).then_some(Self::Memcached(hosts))?
            }
            "postgres" | "postgresql" => Self::Postgres(Box::new(PostgresConfig::new(url).ok()?)),
            _ => return None,
        };
        Some(server)
    }
}

fn database(path: &str) -> Option<u32> {
    if path.is_empty() { Some(0) } else { path.parse().ok().filter(|_| !path.starts_with('+')) }
}

impl FromStr for CacheUrl {
    type Err = UnknownCache;

    fn from_str(url: &str) -> Result<Self, UnknownCache> {
        match url {
            "none:" => Ok(Self::None),
            "memory://" => Ok(Self::Memory),
            _ => {
                let path = url.strip_prefix("disk://").filter(|path| path.starts_with('/') && path.len() > 1);
                let disk = path.map(|path| Self::Disk(path.to_owned()));
                let shared = || Some(Self::Shared(Box::new(Server::parse(url)?), url.to_owned()));
                disk.or_else(shared).ok_or(UnknownCache)
            }
        }
    }
}

impl fmt::Display for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none:"),
            Self::Memory => f.write_str("memory://"),
            Self::Disk(path) => write!(f, "disk://{path}"),
            Self::Shared(_, url) => f.write_str(url),
        }
    }
}

/// Without the password.
impl fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_back() {
        let urls = [
            "none:",
            "memory://",
            "disk:///var/cache/siftd",
            "disk:///with space/é%20",
            "redis://localhost",
            "redis://user:p%40ss@10.0.0.1:6380/5",
            "rediss://:secret@cache.example.org",
            "redis-cluster://a:7000,b,[::1]:7002",
            "redis-sentinel://a,b,c/pictures/2",
            "memcached://a,b:11212",
            "postgres://siftd:secret@db/cache?sslmode=require",
        ];
        for url in urls {
            assert_eq!(url.parse::<CacheUrl>().map(|read| read.to_string()).as_deref(), Ok(url));
        }
        let none = [
            "",
            "memory",
            "memory://x",
            "disk://",
            "disk:///",
            "disk://relative",
            "redis://",
            "redis://a,b",
            "redis://host:0",
            "redis://host:x",
            "redis://host/x",
            "redis://host/-1",
            "redis-cluster://a/1",
            "redis-sentinel://a",
            "memcached://user@host",
            "memcached://host/x",
            "postgres://",
            "mysql://host",
        ];
        for url in none {
            assert_eq!(url.parse::<CacheUrl>(), Err(UnknownCache), "{url}");
        }
    }

    #[test]
    fn servers_are_as_the_url_says() {
        let server = |url: &str| match url.parse() {
            Ok(CacheUrl::Shared(server, _)) => *server,
            other => panic!("{url}: {other:?}"),
        };
        let Server::Redis { host, credentials, database, tls } = server("rediss://user:p%40ss@cache/7")
        else {
            panic!("it is a Redis");
        };
        assert_eq!((host.to_string().as_str(), database, tls), ("cache:6379", 7, true));
        assert_eq!(credentials.username.as_deref(), Some("user"));
        assert_eq!(credentials.password.as_deref(), Some("p@ss"));
        let Server::RedisSentinel { authority, name, database, tls } =
            server("redis-sentinel://a,b:1/pictures")
        else {
            panic!("it is a Redis behind Sentinel");
        };
        let hosts: Vec<_> = authority.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(
            (hosts, name.as_str(), database, tls),
            (vec!["a:26379".into(), "b:1".into()], "pictures", 0, false)
        );
    }
}
