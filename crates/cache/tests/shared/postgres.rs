//! PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use cache::{BreakerState, ErrorKind, Extent, PostgresConfig, PostgresStore, SharedConfig, Store};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::contract::{Backend, Change, contract, got, key, patient, until, value};
use crate::faults::{Failing, Watched, faults};
use crate::servers::{Certificates, PostgresServer, Unreachable};

impl Backend for PostgresServer {
    const LARGEST: usize = 20 << 20;

    fn store(&self, shared: SharedConfig) -> Arc<dyn Store> {
        let mut config = self.config();
        config.shared = shared;
        Arc::new(PostgresStore::new(config).unwrap())
    }

    fn tamper(&self, name: &str, change: Change<'_>) {
        let changing = async {
            let client = self.client().await;
            let row =
                client.query_one("SELECT value FROM siftd_entries WHERE name = $1", &[&name]).await.unwrap();
            let changed = change(row.get(0));
            let update = "UPDATE siftd_entries SET value = $2 WHERE name = $1";
            assert_eq!(client.execute(update, &[&name, &changed]).await.unwrap(), 1);
        };
        block_in_place(|| Handle::current().block_on(changing));
    }
}

impl Failing for PostgresServer {
    fn kill(&mut self) {
        self.process.kill();
    }

    fn restart(&mut self) {
        self.process.restart();
    }

    fn pause(&self) {
        self.process.pause();
    }

    fn resume(&self) {
        self.process.resume();
    }
}

contract!(PostgresServer::start(&[]));
faults!(PostgresServer::start(&[]));

#[tokio::test]
async fn a_summary_reads_the_beginning_of_a_value_that_is_kept_as_it_is() {
    let server = PostgresServer::start(&[]);
    let store = server.store(patient());
    store.set(key(1), vec![0; 1_000_000].into()).await.unwrap();
    let client = server.client().await;
    let row = client.query_one("SELECT pg_column_size(value) FROM siftd_entries", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 1_000_032, "not compressed");
    let blocks = async || -> i64 {
        client.query_one("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
        let read = "SELECT coalesce(toast_blks_hit + toast_blks_read, 0) FROM pg_statio_user_tables \
            WHERE relname = 'siftd_entries'";
        client.query_one(read, &[]).await.unwrap().get(0)
    };
    let before = blocks().await;
    client.query_one("SELECT substr(value, 1, 160) FROM siftd_entries", &[]).await.unwrap();
    let of_beginning = blocks().await - before;
    client.query_one("SELECT md5(value) FROM siftd_entries", &[]).await.unwrap();
    let of_all = blocks().await - before - of_beginning;
    assert!(of_beginning < 10 && of_all > 100, "{of_beginning} blocks of {of_all}");
}

#[tokio::test]
async fn what_has_expired_is_removed_in_batches() {
    let server = PostgresServer::start(&[]);
    let store = server.store(SharedConfig { ttl: Duration::from_millis(1), ..patient() });
    let client = server.client().await;
    store.set(key(1), value(1, 10)).await.unwrap();
    let many = "INSERT INTO siftd_entries SELECT 'siftd:' || n, now() - interval '1 s', '' FROM generate_series(1, 1700) n";
    client.execute(many, &[]).await.unwrap();
    client
        .execute("INSERT INTO siftd_entries VALUES ('kept', now() + interval '1 day', '')", &[])
        .await
        .unwrap();
    until("all but one are removed", async || {
        store.purge_expired().await.unwrap();
        let row = client.query_one("SELECT count(*) FROM siftd_entries", &[]).await.unwrap();
        row.get::<_, i64>(0) == 1
    })
    .await;
}

#[tokio::test]
async fn what_takes_long_to_remove_is_removed_in_smaller_batches() {
    let server = PostgresServer::start(&[]);
    let store = server.store(SharedConfig { write_timeout: Duration::from_secs(1), ..patient() });
    store.remove(key(1)).await.unwrap();
    let client = server.client().await;
    let rows = "INSERT INTO siftd_entries SELECT 'siftd:' || n, now() - interval '1 s', '' FROM generate_series(1, 100) n";
    client.execute(rows, &[]).await.unwrap();
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.02); RETURN OLD; END'; \
        CREATE TRIGGER slow BEFORE DELETE ON siftd_entries FOR EACH ROW EXECUTE FUNCTION slow()";
    client.batch_execute(slow).await.unwrap();
    store.purge_expired().await.unwrap();
    let row = client.query_one("SELECT count(*) FROM siftd_entries", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0, "all of 2 s of work, of which a second may be done at a time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_start_at_once_make_the_tables_once() {
    let server = PostgresServer::start(&[]);
    let stores: Vec<_> = (0..8).map(|_| server.store(patient())).collect();
    let tasks = stores.iter().zip(0..).map(|(store, number)| {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.set(key(number), value(number, 100)).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let client = server.client().await;
    let row = client.query_one("SELECT count(*) FROM siftd_entries", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 8);
}

#[tokio::test]
async fn tables_that_were_dropped_are_made_anew() {
    let server = PostgresServer::start(&[]);
    let (store, client) = (server.store(patient()), server.client().await);
    for tables in ["siftd_entries, siftd_migrations", "siftd_entries"] {
        store.set(key(1), value(1, 100)).await.unwrap();
        client.batch_execute(&format!("DROP TABLE {tables}")).await.unwrap();
        until("the tables are made anew", async || store.set(key(1), value(1, 100)).await.is_ok()).await;
        assert_eq!(store.get(key(1), Extent::Whole).await.unwrap().unwrap().value, value(1, 100));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_hangs_is_replaced() {
    let server = PostgresServer::start(&[]);
    let watched = Watched::new(server.store(SharedConfig::default()));
    let client = server.client().await;
    until("all of its connections are made", async || {
        watched.serves(1).await;
        let of_siftd = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'siftd'";
        client.query_one(of_siftd, &[]).await.unwrap().get::<_, i64>(0) == 4
    })
    .await;
    let one = "SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'siftd'";
    let pid: i32 = client.query_one(one, &[]).await.unwrap().get(0);
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    let mut answered_in_a_row = 0;
    until("all lookups are answered", async || {
        let is_answered = watched.store.get(key(1), Extent::Whole).await.is_ok();
        answered_in_a_row = if is_answered { answered_in_a_row + 1 } else { 0 };
        answered_in_a_row == 40
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_refused_at_the_limit_open_the_breaker_and_heal() {
    let server = PostgresServer::start(&[
        "-c",
        "max_connections=5",
        "-c",
        "superuser_reserved_connections=0",
        "-c",
        "max_wal_senders=0",
        "-c",
        "autovacuum=off",
    ]);
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(server.client().await);
    }
    let watched = Watched::new(server.store(SharedConfig::default()));
    watched.until(BreakerState::Open).await;
    assert!(watched.reason().contains("too many"), "{}", watched.reason());
    drop(others);
    watched.serves(1).await;
}

#[tokio::test]
async fn hosts_that_are_off_do_not_keep_it_from_the_next() {
    let (server, off) = (PostgresServer::start(&[]), [Unreachable::new(), Unreachable::new()]);
    let url = server
        .url("siftd")
        .replace("127.0.0.1:", &format!("127.0.0.1:{},127.0.0.1:{},127.0.0.1:", off[0].port, off[1].port));
    let mut config = PostgresConfig::new(&url).unwrap();
    config.shared = patient();
    let store = PostgresStore::new(config).unwrap();
    store.set(key(1), value(1, 100)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Whole).await, Some((value(1, 100), Extent::Whole)));
}

#[tokio::test]
async fn a_user_that_may_only_read_is_refused_writes() {
    let server = PostgresServer::start(&[]);
    server.store(patient()).set(key(1), value(1, 100)).await.unwrap();
    let client = server.client().await;
    let grant = "CREATE ROLE reader LOGIN; GRANT SELECT ON siftd_entries, siftd_migrations TO reader";
    client.batch_execute(grant).await.unwrap();
    let mut config = server.config_of("reader");
    config.shared = patient();
    let store = PostgresStore::new(config).unwrap();
    assert!(got(&store, key(1), Extent::Whole).await.is_some());
    assert_eq!(store.set(key(2), value(2, 100)).await.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_server_that_is_read_only_refuses_writes_and_serves_reads() {
    let server = PostgresServer::start(&[]);
    let watched = Watched::new(server.store(patient()));
    watched.serves(1).await;
    let client = server.client().await;
    let read_only = async |on: bool| {
        client.execute(&format!("ALTER SYSTEM SET default_transaction_read_only = {on}"), &[]).await.unwrap();
        client.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    };
    read_only(true).await;
    until("writes are refused", async || {
        let outcome = watched.store.set(key(2), value(2, 100)).await;
        outcome.is_err_and(|error| error.kind() == ErrorKind::Refused)
    })
    .await;
    assert_eq!(watched.store.breaker(), Some(BreakerState::Closed));
    assert_eq!(got(&*watched.store, key(1), Extent::Whole).await, Some((value(1, 9_000), Extent::Whole)));
    read_only(false).await;
    watched.serves(3).await;
}

#[tokio::test]
async fn tls_needs_a_certificate_of_a_known_authority() {
    let certificates = Certificates::make();
    let server = PostgresServer::start_tls(&certificates);
    let open = |authorities: Vec<u8>| {
        let mut config = server.config_tls(authorities);
        config.shared = patient();
        PostgresStore::new(config)
    };
    let store = open(certificates.authority()).unwrap();
    store.set(key(1), value(1, 200_000)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Whole).await, Some((value(1, 200_000), Extent::Whole)));
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'siftd'";
    let row = server.client().await.query_one(encrypted, &[]).await.unwrap();
    assert_eq!(row.get::<_, Option<bool>>(0), Some(true));

    let stranger = open(Certificates::make().authority()).unwrap();
    let error = stranger.get(key(1), Extent::Whole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(open(b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n".to_vec()).is_err());
}

#[tokio::test]
async fn a_schema_of_its_own_is_made_and_removed_with_all_in_it() {
    let server = PostgresServer::start(&[]);
    let named = |schema: Option<&str>| {
        let mut config = server.config();
        config.shared = patient();
        config.schema = schema.map(str::to_owned);
        PostgresStore::new(config).unwrap()
    };
    // A name that needs its quotes.
    let (apart, usual) = (named(Some("a\"b; c")), named(None));
    apart.set(key(1), value(1, 100)).await.unwrap();
    assert_eq!(got(&usual, key(1), Extent::Whole).await, None);
    usual.set(key(1), value(2, 100)).await.unwrap();
    assert_eq!(got(&apart, key(1), Extent::Whole).await, Some((value(1, 100), Extent::Whole)));
    apart.remove_schema().await.unwrap();
    usual.remove_schema().await.unwrap();
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'a\"b; c'";
    assert_eq!(server.client().await.query_one(schemas, &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(got(&usual, key(1), Extent::Whole).await, Some((value(2, 100), Extent::Whole)));
    assert_eq!(named(Some("a\"b; c")).get(key(1), Extent::Whole).await.unwrap().map(|_| ()), None);
}
