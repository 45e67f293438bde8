//! Connections to each kind of Redis.

use std::fmt;
use std::sync::Arc;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError,
    RedisResult, TlsCertificates, TlsMode, Value,
};
use tokio::sync::Mutex;

use super::primaries::Primaries;
use super::{RedisConfig, RedisServers, reply};
use crate::StoreError;
use crate::shared::{HOST_TIMEOUT, HostPort, Link, USER_TIMEOUT, listed};

/// Commands that may wait to be written to a connection.
const PIPELINE: usize = 512;

/// Times that a command goes to a cluster again after it was sent to the wrong node, or its node was lost.
const RETRIES: u32 = 3;

/// How long a cluster waits before it does, ms.
const RETRY_WAIT_MS: (u64, u64) = (2, 50);

#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection, Arc<Primaries>),
}

impl Connection {
    /// Whether it leads where it no longer should, and nobody says so to whoever uses it.
    pub(super) fn is_outdated(&self) -> bool {
        match self {
            Self::Single(_) => false,
            Self::Cluster(_, primaries) => primaries.are_replaced(),
        }
    }

    pub(super) async fn run(&mut self, command: &Cmd) -> RedisResult<Value> {
        let reply = match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection, _) => connection.req_packed_command(command).await,
        };
        reply?.extract_error()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// The way to a Redis, not taken yet.
pub(super) fn link(config: &RedisConfig) -> Result<Link<Connection>, StoreError> {
    if config.tls {
        // An error says that it was chosen before, by whoever else in the process needs one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    match &config.servers {
        RedisServers::Standalone(address) => {
            let at = address.to_string();
            let client = standalone(config, address).map_err(|error| unusable(&at, &error))?;
            Ok(linked(at, 0, client, |client| async move { single(&client).await }))
        }
        RedisServers::Cluster(addresses) => {
            let at = listed(addresses);
            let client = cluster(config, addresses).map_err(|error| unusable(&at, &error))?;
            // All of the addresses at a time, then all nodes that they tell of.
            Ok(linked(at, 2, client, |client| async move {
                let connection = client.get_async_connection().await?;
                let primaries = Primaries::watch(connection.clone());
                Ok(Connection::Cluster(connection, Arc::new(primaries)))
            }))
        }
        RedisServers::Sentinel { sentinels, name } => {
            let at = format!("{} of the Sentinels {}", name, listed(sentinels));
            let client = sentinel(config, sentinels, name).map_err(|error| unusable(&at, &error))?;
            // A Sentinel that was there before is waited for twice.
            Ok(linked(at, 2, Arc::new(Mutex::new(client)), |client| async move {
                single(&client.lock().await.async_get_client().await?).await
            }))
        }
    }
}

fn linked<C, F>(at: String, in_vain: usize, client: C, connect: fn(C) -> F) -> Link<Connection>
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = RedisResult<Connection>> + Send + 'static,
{
    Link::new(at.clone(), in_vain, move || {
        let (at, connecting) = (at.clone(), connect(client.clone()));
        Box::pin(async move { connecting.await.map_err(|error| reply::failed(&at, &error)) })
    })
}

/// Times are limited by whoever asks, and by [`Link`].
async fn single(client: &Client) -> RedisResult<Connection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(PIPELINE);
    client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
}

fn standalone(config: &RedisConfig, address: &HostPort) -> RedisResult<Client> {
    let info = connection_address(config, address).into_connection_info()?;
    let info = info.set_tcp_settings(tcp(!address.is_loopback())).set_redis_settings(settings(config));
    match &config.authorities {
        Some(authorities) if config.tls => Client::build_with_tls(info, certificates(authorities)),
        _ => Client::open(info),
    }
}

fn cluster(config: &RedisConfig, addresses: &[HostPort]) -> RedisResult<ClusterClient> {
    let addresses = addresses.iter().map(|address| connection_address(config, address));
    let mut builder = ClusterClientBuilder::new(addresses)
        .connection_timeout(HOST_TIMEOUT)
        .response_timeout(config.shared.write_timeout)
        .retries(RETRIES)
        .min_retry_wait(RETRY_WAIT_MS.0)
        .max_retry_wait(RETRY_WAIT_MS.1)
        .tcp_settings(tcp(true));
    if let Some(username) = &config.credentials.username {
        builder = builder.username(username);
    }
    if let Some(password) = &config.credentials.password {
        builder = builder.password(password);
    }
    if config.tls {
        builder = builder.tls(TlsMode::Secure);
    }
    match &config.authorities {
        Some(authorities) if config.tls => builder.certs(certificates(authorities)).build(),
        _ => builder.build(),
    }
}

fn sentinel(config: &RedisConfig, sentinels: &[HostPort], name: &str) -> RedisResult<SentinelClient> {
    let sentinels = sentinels.iter().map(|address| connection_address(config, address));
    let mut builder = SentinelClientBuilder::new(sentinels, name, SentinelServerType::Master)?
        .set_client_to_redis_db(config.database.into())
        .set_client_to_redis_tcp_settings(tcp(true))
        .set_client_to_sentinel_tcp_settings(tcp(true));
    if let Some(username) = &config.credentials.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &config.credentials.password {
        builder = builder.set_client_to_redis_password(password);
    }
    if config.tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        if let Some(authorities) = &config.authorities {
            builder = builder
                .set_client_to_redis_certificates(certificates(authorities))
                .set_client_to_sentinel_certificates(certificates(authorities));
        }
    }
    builder.build()
}

fn connection_address(config: &RedisConfig, address: &HostPort) -> ConnectionAddr {
    let HostPort { host, port } = address.clone();
    if config.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

fn settings(config: &RedisConfig) -> RedisConnectionInfo {
    let mut settings = RedisConnectionInfo::default().set_db(config.database.into());
    if let Some(username) = &config.credentials.username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &config.credentials.password {
        settings = settings.set_password(password);
    }
    settings
}

/// Over a network no lookup waits until the one before is acknowledged, which takes a round trip; where a cluster's nodes and
/// Sentinels' primaries are is not known before. On the same host it is a few microseconds, in which more gather: a connection
/// with 16 callers then takes half as much of the system's time.
fn tcp(nodelay: bool) -> TcpSettings {
    TcpSettings::default().set_nodelay(nodelay).set_user_timeout(USER_TIMEOUT)
}

fn certificates(authorities: &[u8]) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: Some(authorities.to_vec()) }
}

fn unusable(at: &str, error: &RedisError) -> StoreError {
    StoreError::Unusable { at: at.to_owned(), reason: error.to_string() }
}
