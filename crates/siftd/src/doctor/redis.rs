//! A Redis server, by what it tells of itself.

mod eviction;
mod memory;
mod persistence;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache::{Credentials, HostPort};
use redis::{
    Client, Connection, ConnectionAddr, ConnectionInfo, InfoDict, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, RedisResult, TlsCertificates, cmd,
};

use super::finding::Finding;
use super::reach::{TIMEOUT, latency, unreachable};
use crate::host::Host;

const CHECK: &str = "Redis";
/// Clocks further apart than this expire entries at visibly different times.
const SKEW: Duration = Duration::from_secs(2);
/// Connections in use, of those that there may be.
const FULL: f64 = 0.8;

/// Where a server is, and who it is asked as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: HostPort,
    pub(crate) credentials: Credentials,
    pub(crate) database: u32,
    pub(crate) tls: bool,
}

impl Address {
    fn info(&self) -> RedisResult<ConnectionInfo> {
        let Self { host: HostPort { host, port }, credentials, database, tls } = self.clone();
        let address = if tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let mut settings = RedisConnectionInfo::default().set_db(database.into());
        if let Some(username) = credentials.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = credentials.password {
            settings = settings.set_password(password);
        }
        Ok(address.into_connection_info()?.set_redis_settings(settings))
    }
}

/// A server and how it is told of.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) is_local: bool,
    /// What mends it begins with this.
    pub(super) cli: String,
    pub(super) connection: Connection,
}

/// `authorities` are those to trust over TLS in place of the system's.
pub(super) fn check(address: &Address, host: &Host, authorities: Option<&Path>) -> Vec<Finding> {
    let name = address.host.to_string();
    let is_local = ["localhost", "127.0.0.1", "::1"].contains(&address.host.host.as_str());
    let cli = cli(address, authorities);
    let opened = connect(address, authorities.filter(|_| address.tls));
    let findings = opened.and_then(|connection| {
        let mut server = Server { name: name.clone(), is_local, cli: cli.clone(), connection };
        Ok(ask(&mut server, host)?)
    });
    findings.unwrap_or_else(|error| vec![unreachable(CHECK, &name, &error, format!("{cli} ping"))])
}

/// What commands begin with that a person types; the password is asked for.
fn cli(
    Address { host: HostPort { host, port }, credentials, tls, .. }: &Address,
    authorities: Option<&Path>,
) -> String {
    let mut cli = format!("redis-cli -h {host} -p {port}");
    if *tls {
        cli += " --tls";
        cli.extend(authorities.map(|path| format!(" --cacert {}", path.display())));
    }
    cli.extend(credentials.username.as_ref().map(|name| format!(" --user {name}")));
    if credentials.password.is_some() {
        cli += " --askpass";
    }
    cli
}

fn connect(address: &Address, authorities: Option<&Path>) -> Result<Connection, Box<dyn Error>> {
    let info = address.info()?;
    let client = match authorities {
        Some(path) => {
            let root_cert = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(root_cert) })?
        }
        None => Client::open(info)?,
    };
    let connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    Ok(connection)
}

/// Whether the user may not give a command: one that siftd does without.
fn is_not_permitted(error: &RedisError) -> bool {
    error.code() == Some("NOPERM")
}

fn ask(server: &mut Server, host: &Host) -> RedisResult<Vec<Finding>> {
    let info = match server.info() {
        Err(error) if is_not_permitted(&error) => return ask_little(server),
        info => info?,
    };
    let version: String = info.get("redis_version").unwrap_or_else(|| "unknown".to_owned());
    let Server { name, connection, .. } = server;
    let mut findings = vec![latency(CHECK, name, &version, || ping(connection))?];
    findings.push(clients(server, &info));
    findings.extend(skew(server)?);
    findings.extend(memory::check(server, &info));
    findings.extend(persistence::check(server, &info, host));
    findings.push(eviction::check(server, &info)?);
    Ok(findings)
}

/// There and back. For a user who may not ask that, to be told so is as long a way.
fn ping(connection: &mut Connection) -> RedisResult<()> {
    match cmd("PING").query(connection) {
        Err(error) if is_not_permitted(&error) => Ok(()),
        answer => answer,
    }
}

/// What there is to find for a user who may give no more commands than siftd needs.
fn ask_little(server: &mut Server) -> RedisResult<Vec<Finding>> {
    let Server { name, connection, .. } = server;
    let latency = latency(CHECK, name, "not told", || ping(connection))?;
    let rest = "its user may not ask INFO, so that memory, persistence, evictions and clients are not looked at: --cache with \
        one that may";
    let findings = [Some(latency), Some(Finding::unknown(CHECK, server.told(rest))), skew(server)?];
    Ok(findings.into_iter().flatten().collect())
}

impl Server {
    pub(super) fn info(&mut self) -> RedisResult<InfoDict> {
        cmd("INFO").query(&mut self.connection)
    }

    /// A setting, where the server tells: managed ones do not.
    pub(super) fn setting(&mut self, name: &str) -> Option<String> {
        let pairs: Vec<String> = cmd("CONFIG").arg("GET").arg(name).query(&mut self.connection).ok()?;
        pairs.into_iter().nth(1)
    }

    pub(super) fn told(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.name)
    }

    pub(super) fn set(&self, name: &str, value: &str) -> String {
        format!("{} config set {name} {value}", self.cli)
    }
}

fn clients(server: &Server, info: &InfoDict) -> Finding {
    let (now, most): (u64, u64) =
        (info.get("connected_clients").unwrap_or(0), info.get("maxclients").unwrap_or(0));
    let found = server.told(format!("{now} of {most} clients"));
    if most == 0 || (now as f64) < FULL * most as f64 {
        return Finding::ok(CHECK, found);
    }
    let why = "the next instances of siftd are refused";
    Finding::warning(CHECK, found, why, server.set("maxclients", &(2 * most).to_string()))
}

/// How far its clock is from this host's; nothing where they agree, or the user may not ask.
fn skew(server: &mut Server) -> RedisResult<Option<Finding>> {
    let (seconds, micros): (u64, u64) = match cmd("TIME").query(&mut server.connection) {
        Err(error) if is_not_permitted(&error) => return Ok(None),
        time => time?,
    };
    let theirs = Duration::from_secs(seconds) + Duration::from_micros(micros);
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let apart = ours.abs_diff(theirs);
    Ok((apart > SKEW).then(|| {
        let found = server.told(format!("its clock is {:.1} s from this host's", apart.as_secs_f64()));
        let why = "entries expire that much earlier or later than they should";
        Finding::warning("clock", found, why, "timedatectl set-ntp true (on both hosts)")
    }))
}
