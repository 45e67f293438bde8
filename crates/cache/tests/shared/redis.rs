//! Redis, alone.

use std::sync::Arc;
use std::time::Duration;

use cache::{BreakerState, Credentials, ErrorKind, Extent, RedisConfig, RedisStore, SharedConfig, Store};
use tokio::time;

use crate::contract::{Backend, Change, contract, got, key, name, patient, until, value};
use crate::faults::{Failing, Watched, faults};
use crate::servers::{Certificates, RedisServer, free_port};

impl Backend for RedisServer {
    const LARGEST: usize = 20 << 20;

    fn store(&self, shared: SharedConfig) -> Arc<dyn Store> {
        Arc::new(RedisStore::new(RedisConfig { shared, ..self.config() }).unwrap())
    }

    fn tamper(&self, name: &str, change: Change<'_>) {
        let stored: Vec<u8> = self.ask(&[b"GET", name.as_bytes()]).unwrap();
        self.ask::<()>(&[b"SET", name.as_bytes(), &change(stored)]).unwrap();
    }
}

impl Failing for RedisServer {
    fn kill(&mut self) {
        self.process.kill();
    }

    fn restart(&mut self) {
        RedisServer::restart(self);
    }

    fn pause(&self) {
        self.process.pause();
    }

    fn resume(&self) {
        self.process.resume();
    }
}

contract!(RedisServer::start(&[]));
faults!(RedisServer::start(&[]));

#[tokio::test]
async fn a_hit_is_one_command_and_a_summary_moves_a_header() {
    let server = RedisServer::start(&[]);
    let store = server.store(patient());
    store.set(key(1), value(1, 150_000)).await.unwrap();
    let before = server.info("stats", "total_net_output_bytes");
    for _ in 0..100 {
        got(&*store, key(1), Extent::Prefix(128)).await.unwrap();
    }
    let moved = server.info("stats", "total_net_output_bytes") - before;
    assert!(moved < 100 * 170 + 20_000, "{moved} bytes, those of INFO among them");
    assert_eq!(server.info("commandstats", "cmdstat_getrange"), 100);
    let commands = server.info("stats", "total_commands_processed");
    for _ in 0..10 {
        got(&*store, key(1), Extent::Whole).await.unwrap();
    }
    // The questions of this test are connections of their own: HELLO, two CLIENT SETINFO and INFO, or fewer.
    let commands = server.info("stats", "total_commands_processed") - commands;
    assert!((10..20).contains(&commands), "{commands} for 10 hits");
    assert_eq!(server.info("commandstats", "cmdstat_get"), 10);
    assert_eq!(server.info("commandstats", "cmdstat_set"), 1);
}

#[tokio::test]
async fn a_write_that_takes_long_holds_up_no_lookup() {
    let server = RedisServer::start(&[]);
    let store = server.store(patient());
    store.set(key(1), value(1, 100)).await.unwrap();
    // Writes wait, and what follows them on the same connection.
    server.ask::<()>(&[b"CLIENT", b"PAUSE", b"60000", b"WRITE"]).unwrap();
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.set(key(2), value(2, 100)).await })
    };
    until("the write waits", async || {
        let clients: String = server.ask(&[b"CLIENT", b"LIST"]).unwrap();
        clients.lines().any(|client| client.contains("cmd=set") && client.contains("flags=b"))
    })
    .await;
    let lookup = time::timeout(Duration::from_secs(30), got(&*store, key(1), Extent::Whole)).await;
    assert_eq!(lookup.expect("it is answered"), Some((value(1, 100), Extent::Whole)));
    assert!(!writing.is_finished());
    server.ask::<()>(&[b"CLIENT", b"UNPAUSE"]).unwrap();
    writing.await.unwrap().unwrap();
}

#[tokio::test]
async fn redis_itself_forgets_what_has_expired() {
    let server = RedisServer::start(&[]);
    server
        .store(SharedConfig { ttl: Duration::from_secs(100), ..patient() })
        .set(key(1), value(1, 10))
        .await
        .unwrap();
    let ttl: u64 = server.ask(&[b"PTTL", name(key(1)).as_bytes()]).unwrap();
    assert!((80_000..=100_000).contains(&ttl), "{ttl} ms");
}

#[tokio::test]
async fn another_type_is_corrupt_and_replaced() {
    let server = RedisServer::start(&[]);
    let store = server.store(patient());
    server.ask::<()>(&[b"LPUSH", name(key(1)).as_bytes(), b"element"]).unwrap();
    for wanted in [Extent::Whole, Extent::Prefix(128)] {
        assert_eq!(store.get(key(1), wanted).await.unwrap_err().kind(), ErrorKind::Corrupt);
    }
    store.set(key(1), value(1, 300)).await.unwrap();
    assert_eq!(got(&*store, key(1), Extent::Whole).await, Some((value(1, 300), Extent::Whole)));
}

#[tokio::test]
async fn values_live_in_the_database_of_that_number() {
    let server = RedisServer::start(&[]);
    let config = RedisConfig { database: 5, shared: patient(), ..server.config() };
    let store = RedisStore::new(config).unwrap();
    store.set(key(1), value(1, 300)).await.unwrap();
    assert_eq!(server.info("keyspace", "db0"), 0);
    let keyspace: String = server.ask(&[b"INFO", b"keyspace"]).unwrap();
    assert!(keyspace.contains("db5:keys=1"), "{keyspace}");
}

#[tokio::test]
async fn a_user_needs_few_commands_and_keys_of_its_prefix() {
    let server = RedisServer::start(&[]);
    let rules = "ACL SETUSER siftd on >secret resetkeys ~siftd:* -@all +get +getrange +set +unlink +select";
    let rules: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
    server.ask::<()>(&rules).unwrap();
    let as_user = |password: &str| {
        let credentials = Credentials { username: Some("siftd".into()), password: Some(password.into()) };
        RedisStore::new(RedisConfig { credentials, shared: patient(), ..server.config() }).unwrap()
    };
    let store = as_user("secret");
    store.set(key(1), value(1, 300)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Prefix(10)).await, Some((value(1, 10), Extent::Prefix(10))));
    store.remove(key(1)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Whole).await, None);
    let error = as_user("wrong").get(key(1), Extent::Whole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!error.to_string().contains("secret") && !error.to_string().contains("wrong "), "{error}");

    let elsewhere = SharedConfig { prefix: "other:".parse().unwrap(), ..patient() };
    let credentials = Credentials { username: Some("siftd".into()), password: Some("secret".into()) };
    let config = RedisConfig { credentials, shared: elsewhere, ..server.config() };
    let error = RedisStore::new(config).unwrap().get(key(1), Extent::Whole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn tls_needs_a_certificate_of_a_known_authority() {
    let certificates = Certificates::make();
    let port = free_port();
    let options = certificates.options(port);
    let alone = ["--port", "0", "--requirepass", "secret"];
    let options: Vec<&str> = options.iter().map(String::as_str).chain(alone).collect();
    let server = RedisServer::start_in(tempfile::tempdir().unwrap(), port, &options);
    let open = |authorities: Vec<u8>| {
        let credentials = Credentials { username: None, password: Some("secret".into()) };
        let config = RedisConfig {
            tls: true,
            authorities: Some(authorities),
            credentials,
            shared: patient(),
            ..server.config()
        };
        RedisStore::new(config)
    };
    let store = open(certificates.authority()).unwrap();
    store.set(key(1), value(1, 200_000)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Whole).await, Some((value(1, 200_000), Extent::Whole)));

    let stranger = open(Certificates::make().authority()).unwrap();
    assert_eq!(stranger.get(key(1), Extent::Whole).await.unwrap_err().kind(), ErrorKind::Io);
    assert!(open(b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n".to_vec()).is_err());
}

#[tokio::test]
async fn connections_refused_at_the_limit_open_the_breaker_and_heal() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[b"CONFIG", b"SET", b"maxclients", b"2"]).unwrap();
    let client = redis::Client::open(("127.0.0.1", server.port)).unwrap();
    let others = [(); 2].map(|()| {
        let mut other = client.get_connection().unwrap();
        redis::cmd("PING").query::<()>(&mut other).unwrap();
        other
    });
    let watched = Watched::new(server.store(SharedConfig::default()));
    watched.until(BreakerState::Open).await;
    drop(others);
    watched.serves(1).await;
}

#[tokio::test]
async fn a_redis_without_its_replicas_refuses_writes_and_serves_reads() {
    let server = RedisServer::start(&[]);
    let watched = Watched::new(server.store(patient()));
    watched.serves(1).await;
    server.ask::<()>(&[b"CONFIG", b"SET", b"min-replicas-to-write", b"1"]).unwrap();
    for number in 10..30 {
        let outcome = watched.store.set(key(number), value(number, 100)).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Refused);
    }
    assert!(got(&*watched.store, key(1), Extent::Whole).await.is_some());
    assert_eq!(watched.store.breaker(), Some(BreakerState::Closed));
}

#[tokio::test]
async fn a_demoted_redis_refuses_writes_and_serves_reads_over_the_same_connection() {
    let server = RedisServer::start(&[]);
    let watched = Watched::new(server.store(patient()));
    watched.serves(1).await;
    let nobody = free_port().to_string();
    server.ask::<()>(&[b"REPLICAOF", b"127.0.0.1", nobody.as_bytes()]).unwrap();
    let connections = server.info("stats", "total_connections_received");
    for number in 10..40 {
        let outcome = watched.store.set(key(number), value(number, 100)).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Refused);
        assert!(got(&*watched.store, key(1), Extent::Whole).await.is_some());
    }
    // One is this question's, and others come after ten seconds each.
    let connections = server.info("stats", "total_connections_received") - connections;
    assert!(connections < 10, "{connections} for 30 writes");
    assert_eq!(watched.store.breaker(), Some(BreakerState::Closed));
    server.ask::<()>(&[b"REPLICAOF", b"NO", b"ONE"]).unwrap();
    watched.serves(2).await;
}

#[tokio::test]
async fn a_full_redis_refuses_writes_and_serves_reads() {
    let server = RedisServer::start(&["--maxmemory-policy", "noeviction"]);
    let watched = Watched::new(server.store(patient()));
    watched.serves(1).await;
    server.ask::<()>(&[b"CONFIG", b"SET", b"maxmemory", b"1mb"]).unwrap();
    for number in 10..40 {
        let outcome = watched.store.set(key(number), value(number, 100_000)).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Refused);
    }
    assert_eq!(watched.store.breaker(), Some(BreakerState::Closed));
    assert_eq!(got(&*watched.store, key(1), Extent::Whole).await, Some((value(1, 9_000), Extent::Whole)));
    server.ask::<()>(&[b"CONFIG", b"SET", b"maxmemory", b"0"]).unwrap();
    watched.serves(2).await;
}

#[tokio::test]
async fn an_evicting_redis_takes_every_write() {
    let server = RedisServer::start(&["--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"]);
    let store = server.store(patient());
    for number in 0..200 {
        store.set(key(number), value(number, 100_000)).await.unwrap();
    }
    assert_eq!(got(&*store, key(199), Extent::Whole).await, Some((value(199, 100_000), Extent::Whole)));
    let mut found = 0;
    for number in 0..200 {
        let cached = got(&*store, key(number), Extent::Whole).await;
        found += u32::from(cached.is_some());
        assert!(cached.is_none_or(|(cached, _)| cached == value(number, 100_000)));
    }
    assert!((1..200).contains(&found), "{found} of 20 MB fit into 8");
}

#[tokio::test]
async fn what_was_stored_survives_sigkill_with_an_append_only_file() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let watched = Watched::new(server.store(patient()));
    for number in 0..100 {
        watched.serves(number).await;
    }
    until("the file is on the disk", async || {
        server.info("persistence", "aof_pending_bio_fsync") == 0
            && server.info("persistence", "aof_buffer_length") == 0
    })
    .await;
    server.process.kill();
    watched.until(BreakerState::Open).await;
    server.restart();
    watched.until(BreakerState::Closed).await;
    for number in 0..100 {
        let found = got(&*watched.store, key(number), Extent::Whole).await;
        assert_eq!(found, Some((value(number, 9_000), Extent::Whole)), "{number}");
    }
    assert!(server.folder().join("appendonlydir").is_dir());
}
