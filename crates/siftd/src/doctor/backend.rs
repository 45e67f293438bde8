//! Servers that answers are kept in, by their URLs.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::finding::Finding;
use super::{memcached, postgres, redis};
use crate::host::Host;

/// For a connection, and for each answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);
/// How long it is looked on whether entries are evicted.
pub(super) const WATCHED: Duration = Duration::from_secs(1);
/// Round trips that are timed.
pub(super) const ROUNDS: usize = 100;
/// A hit waits for a round trip.
const SLOW: Duration = Duration::from_millis(10);

/// A server, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    /// URLs with one server each, as the client library takes them.
    Redis(Vec<String>),
    /// Host and port of each.
    Memcached(Vec<String>),
    /// The URL, as libpq takes them.
    Postgres(String),
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
        let (scheme, rest) =
            url.split_once("://").filter(|(_, rest)| !rest.is_empty()).ok_or(UnknownBackend)?;
        // What stands before the hosts holds for all of them.
        let (credentials, hosts) =
            rest.rsplit_once('@').map_or(("", rest), |(before, hosts)| (before, hosts));
        let hosts = hosts.split(['/', '?']).next().unwrap_or_default();
        let hosts = || hosts.split(',').filter(|host| !host.is_empty());
        match scheme {
            "redis" | "rediss" => Ok(Self::Redis(vec![url.to_owned()])),
            "redis-cluster" | "rediss-cluster" => {
                let scheme = scheme.trim_end_matches("-cluster");
                let at = if credentials.is_empty() { "" } else { "@" };
                Ok(Self::Redis(hosts().map(|host| format!("{scheme}://{credentials}{at}{host}")).collect()))
            }
            "memcached" => Ok(Self::Memcached(hosts().map(|host| with_port(host, 11211)).collect())),
            "postgres" | "postgresql" => Ok(Self::Postgres(url.to_owned())),
            _ => Err(UnknownBackend),
        }
    }
}

fn with_port(host: &str, port: u16) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { host.to_owned() } else { format!("{host}:{port}") }
}

/// What there is to find of a backend. `authorities` are those to trust over TLS beside the system's.
pub(super) fn check(backend: &Backend, host: &Host, authorities: Option<&Path>) -> Vec<Finding> {
    match backend {
        Backend::Redis(urls) => urls.iter().flat_map(|url| redis::check(url, host, authorities)).collect(),
        Backend::Memcached(servers) => servers.iter().flat_map(|server| memcached::check(server)).collect(),
        Backend::Postgres(url) => postgres::check(url),
    }
}

/// What there is to find of the one kind of cache in the settings that is none here.
pub(super) fn behind_sentinels() -> Finding {
    Finding::unknown("Redis", "Sentinels are not asked: name their primary with --cache redis://HOST:PORT")
}

pub(super) fn connect(server: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

pub(super) fn unreachable(
    check: &'static str,
    server: &str,
    error: &dyn ToString,
    command: impl Into<String>,
) -> Finding {
    let why = "every request goes without this tier, as its breaker has it";
    Finding::error(check, format!("{server}: {}", error.to_string()), why, command)
}

/// Times round trips, and tells of them together with the server and its version.
pub(super) fn latency<E>(
    check: &'static str,
    server: &str,
    version: &str,
    mut round_trip: impl FnMut() -> Result<(), E>,
) -> Result<Finding, E> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        round_trip()?;
        times.push(started.elapsed());
    }
    times.sort();
    let at = |share: f64| times.get((share * (ROUNDS - 1) as f64) as usize).copied().unwrap_or_default();
    let (half, most) = (at(0.5), at(0.99));
    let found = format!(
        "{server}: version {version}, round trip {:.2} ms (p50), {:.2} ms (p99)",
        half.as_secs_f64() * 1e3,
        most.as_secs_f64() * 1e3
    );
    if half <= SLOW {
        return Ok(Finding::ok(check, found));
    }
    let why =
        "each hit of this tier waits for a round trip: a tier so far away is hardly faster than computing";
    Ok(Finding::warning(check, found, why, "place the server in the same zone as the service"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_servers_of_a_kind() {
        let redis = |urls: &[&str]| Backend::Redis(urls.iter().map(|url| (*url).to_owned()).collect());
        let memcached =
            |hosts: &[&str]| Backend::Memcached(hosts.iter().map(|host| (*host).to_owned()).collect());
        for (url, backend) in [
            ("redis://:p@h:1/2", redis(&["redis://:p@h:1/2"])),
            ("rediss://h", redis(&["rediss://h"])),
            ("redis-cluster://u:p@a:1,b:2/?x", redis(&["redis://u:p@a:1", "redis://u:p@b:2"])),
            ("memcached://a,b:2", memcached(&["a:11211", "b:2"])),
            ("postgres://u:p@db/features", Backend::Postgres("postgres://u:p@db/features".to_owned())),
        ] {
            assert_eq!(url.parse(), Ok(backend), "{url}");
        }
        for url in ["", "redis://", "memory://", "disk:///x", "http://h", "h:6379"] {
            assert_eq!(url.parse::<Backend>(), Err(UnknownBackend), "{url}");
        }
    }
}
