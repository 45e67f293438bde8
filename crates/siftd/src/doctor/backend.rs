//! Servers that answers are kept in, by their URLs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use cache::HostPort;

use super::finding::Finding;
use super::{memcached, postgres, redis};
use crate::host::Host;
use crate::settings::{Authority, CacheUrl, Server, masked};

/// A server, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    Redis(Vec<redis::Address>),
    /// A Redis behind Sentinels, which are not asked.
    Sentinels,
    Memcached(Vec<HostPort>),
    /// The URL, as libpq takes them.
    Postgres(PostgresUrl),
}

/// A URL whose password is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl(String);

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

/// A text that is no URL of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be redis://, rediss://, redis-cluster://HOST,HOST, rediss-cluster://HOST,HOST, memcached://HOST,HOST or \
     postgres://, with hosts behind it"
)]
pub(crate) struct UnknownBackend;

impl FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(url: &str) -> Result<Self, UnknownBackend> {
        match url.parse() {
            Ok(CacheUrl::Shared(server, url)) => Ok(Self::of(*server, url)),
            _ => Err(UnknownBackend),
        }
    }
}

impl Backend {
    /// The one that a URL of the settings names.
    pub(super) fn of(server: Server, url: String) -> Self {
        match server {
            Server::Redis { host, credentials, database, tls } => {
                Self::Redis(vec![redis::Address { host, credentials, database, tls }])
            }
            Server::RedisCluster { authority: Authority { hosts, credentials }, tls } => {
                let address =
                    |host| redis::Address { host, credentials: credentials.clone(), database: 0, tls };
                Self::Redis(hosts.into_iter().map(address).collect())
            }
            Server::RedisSentinel { .. } => Self::Sentinels,
            Server::Memcached(hosts) => Self::Memcached(hosts),
            Server::Postgres(_) => Self::Postgres(PostgresUrl(url)),
        }
    }
}

/// What there is to find of a backend. `authorities` are those to trust over TLS in place of the system's.
pub(super) fn check(backend: &Backend, host: &Host, authorities: Option<&Path>) -> Vec<Finding> {
    match backend {
        Backend::Redis(servers) => {
            servers.iter().flat_map(|address| redis::check(address, host, authorities)).collect()
        }
        Backend::Sentinels => vec![behind_sentinels()],
        Backend::Memcached(servers) => servers.iter().flat_map(memcached::check).collect(),
        Backend::Postgres(url) => postgres::check(&url.0),
    }
}

fn behind_sentinels() -> Finding {
    Finding::unknown("Redis", "Sentinels are not asked: name their primary with --cache redis://HOST:PORT")
}

#[cfg(test)]
mod tests {
    use cache::Credentials;

    use super::*;

    #[test]
    fn urls_name_servers_of_a_kind() {
        let host = |host: &str, port| HostPort { host: host.to_owned(), port };
        let redis = |hosts: &[(&str, u16)], user: Option<&str>, database, tls| {
            let address = |&(name, port): &(&str, u16)| redis::Address {
                host: host(name, port),
                credentials: Credentials {
                    username: user.map(str::to_owned),
                    password: user.map(|_| "p".to_owned()),
                },
                database,
                tls,
            };
            Backend::Redis(hosts.iter().map(address).collect())
        };
        let postgres = "postgres://u:p@db/features";
        for (url, backend) in [
            ("redis://u:p@h:1/2", redis(&[("h", 1)], Some("u"), 2, false)),
            ("rediss://h", redis(&[("h", 6379)], None, 0, true)),
            ("redis-cluster://u:p@a:1,b:2", redis(&[("a", 1), ("b", 2)], Some("u"), 0, false)),
            ("redis-sentinel://a,b/name", Backend::Sentinels),
            ("memcached://a,b:2", Backend::Memcached(vec![host("a", 11211), host("b", 2)])),
            (postgres, Backend::Postgres(PostgresUrl(postgres.to_owned()))),
        ] {
            assert_eq!(url.parse(), Ok(backend), "{url}");
            let shown = format!("{:?}", url.parse::<Backend>());
            assert!(!shown.contains(":p@") && !shown.contains("\"p\""), "{shown}");
        }
        for url in ["", "redis://", "memory://", "disk:///x", "http://h", "h:6379"] {
            assert_eq!(url.parse::<Backend>(), Err(UnknownBackend), "{url}");
        }
    }
}
