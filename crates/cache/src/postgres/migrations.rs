//! Tables, made and brought up to date by whichever process connects first.

use tokio_postgres::{Client, Error};

/// All there ever were, in order. One that was released is never changed.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_entries.sql")];

/// Number of a lock that siftd alone takes.
const LOCK: i64 = 0x0073_6966_7464;

const DONE: &str = "SELECT count(*) FROM siftd_migrations";

const HAS_ENTRIES: &str = "SELECT to_regclass('siftd_entries') IS NOT NULL";

/// Whoever may not make tables can use those that are there. `schema`, quoted, is made where there are none; the connection's
/// search path names it.
pub(super) async fn migrate(client: &mut Client, schema: Option<&str>) -> Result<(), Error> {
    if version(client).await? >= MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    if let Some(schema) = schema {
        transaction.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
    }
    transaction
        .batch_execute("CREATE TABLE IF NOT EXISTS siftd_migrations (version int PRIMARY KEY)")
        .await?;
    // A table that somebody dropped is made anew, as all migrations are about it.
    if !transaction.query_one(HAS_ENTRIES, &[]).await?.try_get::<_, bool>(0)? {
        transaction.execute("DELETE FROM siftd_migrations", &[]).await?;
    }
    // Another process may have done it while this one waited for the lock.
    let done: i64 = transaction.query_one(DONE, &[]).await?.try_get(0)?;
    for (version, migration) in (1_i32..).zip(MIGRATIONS).skip(usize::try_from(done).unwrap_or_default()) {
        transaction.batch_execute(migration).await?;
        transaction.execute("INSERT INTO siftd_migrations VALUES ($1)", &[&version]).await?;
    }
    transaction.commit().await
}

/// How many have been done.
async fn version(client: &Client) -> Result<usize, Error> {
    let exists =
        "SELECT to_regclass('siftd_migrations') IS NOT NULL AND to_regclass('siftd_entries') IS NOT NULL";
    if !client.query_one_scalar::<bool, _>(exists, &[]).await? {
        return Ok(0);
    }
    let done: i64 = client.query_one_scalar(DONE, &[]).await?;
    Ok(usize::try_from(done).unwrap_or_default())
}
