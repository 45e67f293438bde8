use std::io;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresConfig;
use super::migrations::migrate;
use crate::StoreError;
use crate::shared::{HOST_TIMEOUT, Link, Linked, USER_TIMEOUT};

/// A connection with its statements prepared.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) get: Statement,
    pub(super) get_beginning: Statement,
    pub(super) set: Statement,
    pub(super) remove: Statement,
    pub(super) purge: Statement,
}

const GET: &str = "SELECT value FROM siftd_entries WHERE name = $1";
/// As many bytes as an envelope and a summary have.
const GET_BEGINNING: &str = "SELECT substr(value, 1, 160) FROM siftd_entries WHERE name = $1";
const SET: &str = "INSERT INTO siftd_entries (name, value, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3)) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
const REMOVE: &str = "DELETE FROM siftd_entries WHERE name = $1";
/// Rows that another process is removing are passed over.
const PURGE: &str = "DELETE FROM siftd_entries WHERE name = ANY (ARRAY(SELECT name FROM siftd_entries \
    WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))";

/// The way to a PostgreSQL, not taken yet.
pub(super) fn link(config: &PostgresConfig) -> Result<Link<Arc<Connection>>, StoreError> {
    let mut server = config.server.clone();
    server.application_name("siftd").connect_timeout(HOST_TIMEOUT).tcp_user_timeout(USER_TIMEOUT);
    let at = at(&server);
    let tls = match server.get_ssl_mode() {
        SslMode::Disable | SslMode::Prefer => {
            server.ssl_mode(SslMode::Disable);
            None
        }
        _ => Some(tls(config, &at)?),
    };
    // The server gives up by itself what nobody waits for any more.
    let statement_timeout = config.shared.write_timeout.as_millis();
    let mut settings = format!("SET statement_timeout = {statement_timeout}; SET synchronous_commit = off");
    let schema = config.schema.as_deref().map(quoted);
    if let Some(schema) = &schema {
        settings += &format!("; SET search_path = {schema}");
    }
    // One after the other; a name may have an address of either kind.
    let in_vain = server.get_hosts().len();
    Ok(Link::new(at.clone(), in_vain, move || {
        let (at, server, tls) = (at.clone(), server.clone(), tls.clone());
        let (settings, schema) = (settings.clone(), schema.clone());
        Box::pin(async move {
            let connected = open(&server, tls, &settings, schema.as_deref()).await;
            connected.map(Arc::new).map_err(|error| told(&at, &error))
        })
    }))
}

/// A name as statements have it, whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema` is quoted.
async fn open(
    server: &Config,
    tls: Option<MakeRustlsConnect>,
    settings: &str,
    schema: Option<&str>,
) -> Result<Connection, Error> {
    let mut client = match tls {
        Some(tls) => {
            let (client, driver) = server.connect(tls).await?;
            // Its error is told to whoever uses the client.
            tokio::spawn(async move { drop(driver.await) });
            client
        }
        None => {
            let (client, driver) = server.connect(NoTls).await?;
            tokio::spawn(async move { drop(driver.await) });
            client
        }
    };
    client.batch_execute(settings).await?;
    migrate(&mut client, schema).await?;
    let (get, get_beginning, set, remove, purge) = tokio::try_join!(
        client.prepare(GET),
        client.prepare(GET_BEGINNING),
        client.prepare(SET),
        client.prepare(REMOVE),
        client.prepare(PURGE)
    )?;
    Ok(Connection { client, get, get_beginning, set, remove, purge })
}

/// The error of a statement; what shows that the connection or its tables are gone ends the connection.
pub(super) fn failed(at: &str, linked: &Linked<'_, Arc<Connection>>, error: &Error) -> StoreError {
    let of_server = error.code();
    let keeps = of_server.is_some_and(|code| !matches!(*code, SqlState::UNDEFINED_TABLE) && !is_away(code));
    if !keeps || linked.connection.client.is_closed() {
        linked.discard();
    }
    told(at, error)
}

/// Whether it says of the server that it serves nobody: class 57, but for a statement that took too long.
fn is_away(code: &SqlState) -> bool {
    code.code().starts_with("57") && *code != SqlState::QUERY_CANCELED
}

fn told(at: &str, error: &Error) -> StoreError {
    let at = at.to_owned();
    let Some(server) = error.as_db_error() else {
        return StoreError::Io { at, source: io::Error::other(reasons(error)) };
    };
    let reason = server.message().to_owned();
    match *server.code() {
        SqlState::DISK_FULL
        | SqlState::OUT_OF_MEMORY
        | SqlState::INSUFFICIENT_PRIVILEGE
        | SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::Refused { at, reason },
        _ => StoreError::Unavailable { at, reason },
    }
}

/// An error and what it came from.
fn reasons(error: &Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn at(server: &Config) -> String {
    let ports = server.get_ports();
    let hosts = server.get_hosts().iter().enumerate().map(|(number, host)| {
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(host) => format!("{host}:{port}"),
            Host::Unix(folder) => folder.display().to_string(),
        }
    });
    hosts.collect::<Vec<_>>().join(",")
}

fn tls(config: &PostgresConfig, at: &str) -> Result<MakeRustlsConnect, StoreError> {
    let unusable = |reason: String| StoreError::Unusable { at: at.to_owned(), reason };
    let mut roots = RootCertStore::empty();
    match &config.authorities {
        Some(authorities) => {
            for certificate in CertificateDer::pem_slice_iter(authorities) {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.map_err(|error| unusable(error.to_string()))?;
    Ok(MakeRustlsConnect::new(client.with_root_certificates(roots).with_no_client_auth()))
}
