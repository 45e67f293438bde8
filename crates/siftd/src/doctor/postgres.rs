//! A PostgreSQL server, by what it tells of itself.

use std::io;

use tokio::runtime;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, Error, NoTls, Row};

use super::finding::Finding;
use super::reach::{TIMEOUT, latency, unreachable};
use crate::tcp;

const CHECK: &str = "PostgreSQL";
const PORT: u16 = 5432;
/// Connections in use, of those that there may be.
const FULL: f64 = 0.8;

const ABOUT: &str = "SELECT split_part(current_setting('server_version'), ' ', 1), \
    current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8, \
    (SELECT sum(numbackends)::int8 FROM pg_stat_database), \
    current_setting('transaction_read_only')::bool, pg_is_in_recovery()";

/// Why nothing could be found.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error("{0}")]
    Runtime(#[from] io::Error),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    // What the error came from says more than the error.
    #[error("{}", std::error::Error::source(.0).map_or_else(|| .0.to_string(), ToString::to_string))]
    Server(#[from] Error),
}

pub(super) fn check(url: &str) -> Vec<Finding> {
    let config = match url.parse::<Config>() {
        Ok(config) => config,
        Err(error) => return vec![unreachable(CHECK, "its URL", &error, "see docs/cache.md for URLs")],
    };
    let server = name(&config);
    let reach = format!("pg_isready -d postgres://{server}");
    if config.get_ssl_mode() == SslMode::Require {
        return vec![match first_reached(&config) {
            Ok(server) => {
                Finding::unknown(CHECK, format!("{server} takes connections; over TLS no more is looked at"))
            }
            Err(error) => unreachable(CHECK, &server, &error, reach),
        }];
    }
    ask(&config, &server).unwrap_or_else(|error| vec![unreachable(CHECK, &server, &error, reach)])
}

/// All servers, of which the first that answers is asked.
fn name(config: &Config) -> String {
    let names: Vec<_> = names(config).collect();
    if names.is_empty() { format!("localhost:{PORT}") } else { names.join(",") }
}

/// Hosts and ports: one port for each host, or one for all.
fn names(config: &Config) -> impl Iterator<Item = String> {
    config.get_hosts().iter().enumerate().map(|(number, host)| {
        let ports = config.get_ports();
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(PORT);
        match host {
            Host::Tcp(host) => format!("{host}:{port}"),
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    })
}

/// The first of the servers that takes connections.
fn first_reached(config: &Config) -> io::Result<String> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for name in names(config) {
        match tcp::connect(&name, TIMEOUT) {
            Ok(_) => return Ok(name),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn ask(config: &Config, server: &str) -> Result<Vec<Finding>, Unreachable> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let hosts = config.get_hosts().len().max(1) as u32;
    let config = config.clone().connect_timeout(TIMEOUT).to_owned();
    let client = runtime.block_on(async {
        let connecting = timeout(TIMEOUT * hosts, config.connect(NoTls));
        let (client, connection) = connecting.await.map_err(|_| Unreachable::Timeout)??;
        tokio::spawn(connection);
        Ok::<Client, Unreachable>(client)
    })?;
    let about = runtime.block_on(async {
        timeout(TIMEOUT, client.query_one(ABOUT, &[])).await.map_err(|_| Unreachable::Timeout)
    })??;
    let version: String = about.try_get(0)?;
    let round_trip = || {
        runtime.block_on(async {
            timeout(TIMEOUT, client.simple_query("")).await.map_err(|_| Unreachable::Timeout)?.map(drop)?;
            Ok::<(), Unreachable>(())
        })
    };
    let latency = latency(CHECK, server, &version, round_trip)?;
    Ok(vec![latency, connections(server, &about)?, writes(server, &about)?])
}

fn connections(server: &str, about: &Row) -> Result<Finding, Error> {
    let (most, now): (i64, i64) = (about.try_get(1)?, about.try_get(2)?);
    let found = format!("{server}: {now} of {most} connections");
    if (now as f64) < FULL * most as f64 {
        return Ok(Finding::ok(CHECK, found));
    }
    let why = "each siftd holds four: the next instances are refused";
    let command = format!("psql -c 'ALTER SYSTEM SET max_connections = {}' (then restart it)", 2 * most);
    Ok(Finding::warning(CHECK, found, why, command))
}

fn writes(server: &str, about: &Row) -> Result<Finding, Error> {
    let (read_only, is_replica): (bool, bool) = (about.try_get(3)?, about.try_get(4)?);
    let why = "what is computed is not kept there";
    Ok(match (read_only, is_replica) {
        (false, _) => Finding::ok(CHECK, format!("{server}: takes writes")),
        (true, true) => {
            let command = "name its primary in the URL, or promote it: psql -c 'SELECT pg_promote()'";
            Finding::error(CHECK, format!("{server}: is a replica, and takes no writes"), why, command)
        }
        (true, false) => {
            let command =
                "psql -c 'ALTER SYSTEM SET default_transaction_read_only = off' -c 'SELECT pg_reload_conf()'";
            Finding::error(CHECK, format!("{server}: takes no writes"), why, command)
        }
    })
}
