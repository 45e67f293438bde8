//! PostgreSQL.

mod connection;
mod migrations;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use self::connection::Connection;
pub use self::url::PostgresConfig;
use crate::shared::{Envelope, Link, SharedConfig, WHOLE, reach};
use crate::store::Answer;
use crate::{Cached, Extent, Key, ServerInfo, Store, StoreError, StoreLimits};

/// Connections, so that a large value does not hold up all others.
const CONNECTIONS: usize = 4;

/// PostgreSQL's limit of a value is 1 GB; a message with one must stay below it, too.
const LARGEST: u64 = 512 << 20;

/// Rows that the first statement of a clean-up removes. How long that takes is up to their values: each piece of 2 KB is a row of its own
/// to the server.
const FIRST_BATCH: u32 = 16;

/// Rows that one statement of the clean-up removes at most, so that it holds no lock for long.
const LARGEST_BATCH: u32 = 500;

const SERVER: &str = "SELECT split_part(current_setting('server_version'), ' ', 1), \
    current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8";
const FOOTPRINT: &str = "SELECT pg_total_relation_size('siftd_entries')";

/// Values in PostgreSQL, each a row of the table `siftd_entries`, which it makes by itself.
///
/// Values are stored uncompressed and out of line (`STORAGE EXTERNAL`), so that `substr` reads a summary without the rest.
/// A row is no answer once it has expired, and is removed by [`purge_expired`](Store::purge_expired), in batches, by whichever
/// process comes first. Nothing is removed before it expires: the table grows to what is computed in a time to live.
///
/// Commits are not waited for (`synchronous_commit = off`): a crash of the server loses the last moments, and no more.
#[derive(Debug)]
pub struct PostgresStore {
    links: Vec<Link<Arc<Connection>>>,
    next: AtomicUsize,
    schema: Option<String>,
    shared: SharedConfig,
}

impl PostgresStore {
    /// A store that is not connected yet.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], for certificates that are none.
    pub fn new(config: PostgresConfig) -> Result<Self, StoreError> {
        let links = (0..CONNECTIONS).map(|_| connection::link(&config)).collect::<Result<_, _>>()?;
        Ok(Self { links, next: AtomicUsize::new(0), schema: config.schema, shared: config.shared })
    }

    /// Removes the schema that the configuration names, with all that is in it. Nothing, where it names none.
    ///
    /// # Errors
    /// If the server does not answer, or the schema is another user's.
    pub async fn remove_schema(&self) -> Result<(), StoreError> {
        let Some(schema) = &self.schema else { return Ok(()) };
        let statement = format!("DROP SCHEMA IF EXISTS {} CASCADE", connection::quoted(schema));
        let link = self.link()?;
        let mut linked = link.get().await?;
        let removed = linked.connection.client.batch_execute(&statement).await;
        linked.answered();
        removed.map_err(|error| connection::failed(link.at(), &linked, &error))
    }

    /// One row, by a statement that is not prepared.
    async fn ask(&self, statement: &str) -> Result<tokio_postgres::Row, StoreError> {
        let link = self.link()?;
        let mut linked = link.get().await?;
        let row = linked.connection.client.query_one(statement, &[]).await;
        linked.answered();
        row.map_err(|error| connection::failed(link.at(), &linked, &error))
    }

    /// The next in turn, or one that is connected while that is not.
    fn link(&self) -> Result<&Link<Arc<Connection>>, StoreError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.links.len().max(1);
        let (before, from) = self.links.split_at_checked(turn).ok_or(StoreError::Closed)?;
        let in_turn = || from.iter().chain(before);
        let is_open = |connection: &Arc<Connection>| !connection.client.is_closed();
        in_turn().find(|link| link.is_ready(is_open)).or(in_turn().next()).ok_or(StoreError::Closed)
    }

    async fn read(
        &self,
        statement: fn(&Connection) -> &Statement,
        name: &str,
    ) -> Result<Option<Bytes>, StoreError> {
        let link = self.link()?;
        let mut linked = link.get().await?;
        let connection = &linked.connection;
        let row = connection.client.query_opt(statement(connection), &[&name]).await;
        linked.answered();
        let row = row.map_err(|error| connection::failed(link.at(), &linked, &error))?;
        row.map(|row| row.try_get::<_, Vec<u8>>(0))
            .transpose()
            .map(|value| value.map(Bytes::from))
            .map_err(|error| connection::failed(link.at(), &linked, &error))
    }

    async fn write(
        &self,
        statement: fn(&Connection) -> &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let link = self.link()?;
        let mut linked = link.get().await?;
        let connection = &linked.connection;
        let rows = connection.client.execute(statement(connection), values).await;
        linked.answered();
        rows.map_err(|error| connection::failed(link.at(), &linked, &error))
    }

    /// Removes so many expired rows at most: how many there were, or none where that took the server too long.
    async fn purge(&self, most: u32) -> Result<Option<u64>, StoreError> {
        let link = self.link()?;
        let mut linked = link.get().await?;
        let connection = &linked.connection;
        let rows = connection.client.execute(&connection.purge, &[&i64::from(most)]).await;
        linked.answered();
        match rows {
            Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) => Ok(None),
            rows => rows.map(Some).map_err(|error| connection::failed(link.at(), &linked, &error)),
        }
    }
}

impl Store for PostgresStore {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn limits(&self) -> StoreLimits {
        self.shared.limits()
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            let statement: fn(&Connection) -> &Statement = match reach(wanted) {
                WHOLE => |connection| &connection.get,
                _ => |connection| &connection.get_beginning,
            };
            let Some(stored) = self.read(statement, &name).await? else { return Ok(None) };
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
            let stored = [&sealed[..], &value].concat();
            self.write(|connection| &connection.set, &[&name, &stored, &ttl.as_secs_f64()]).await.map(drop)
        })
    }

    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            self.write(|connection| &connection.remove, &[&name]).await.map(drop)
        })
    }

    /// In batches of as many rows as hold up the lookups behind them for less than these wait.
    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let SharedConfig { read_timeout, write_timeout, .. } = self.shared;
            let mut batch = FIRST_BATCH;
            loop {
                let began = Instant::now();
                match self.purge(batch).await? {
                    Some(rows) if rows < u64::from(batch) => return Ok(()),
                    Some(_) if began.elapsed() < read_timeout / 2 => batch = LARGEST_BATCH.min(2 * batch),
                    None if batch == 1 => return Err(StoreError::Timeout { limit: write_timeout }),
                    Some(_) | None => batch = (batch / 2).max(1),
                }
            }
        })
    }

    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        Box::pin(async move {
            let row = self.ask(SERVER).await?;
            let (version, connections) = (row.try_get::<_, String>(0), row.try_get::<_, i64>(1));
            Ok(Some(ServerInfo {
                version: format!("PostgreSQL {}", version.unwrap_or_default()),
                processes: 1,
                clients: connections.unwrap_or(0).unsigned_abs() / CONNECTIONS as u64,
            }))
        })
    }

    /// Of the whole table, with its indices and with values that are out of line.
    fn footprint<'a>(&'a self, _: &'a [Key]) -> Answer<'a, u64> {
        Box::pin(async move {
            let bytes: Result<i64, _> = self.ask(FOOTPRINT).await?.try_get(0);
            Ok(bytes.unwrap_or(0).unsigned_abs())
        })
    }

    fn close(&self) -> Answer<'_, ()> {
        self.links.iter().for_each(Link::close);
        Box::pin(async { Ok(()) })
    }
}
