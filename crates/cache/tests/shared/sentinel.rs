//! Redis behind Sentinel.

use cache::{RedisConfig, RedisServers, RedisStore, SharedConfig};

use crate::contract::until;
use crate::faults::Watched;
use crate::servers::{RedisServer, free_port};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_is_found_and_its_successor_too() {
    its_successor_is_found_where(|primary| primary.process.kill()).await;
}

/// The system that it runs on goes on acknowledging what is sent to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_successor_of_a_primary_that_hangs_is_found() {
    its_successor_is_found_where(|primary| primary.process.pause()).await;
}

async fn its_successor_is_found_where(the_primary_is_lost: impl FnOnce(&mut RedisServer)) {
    let mut primary = RedisServer::start(&["--repl-diskless-sync-delay", "0"]);
    let port = primary.port.to_string();
    let replica = RedisServer::start(&["--replicaof", &format!("127.0.0.1 {port}")]);
    until("the replica is in step", async || {
        let info: String = replica.ask(&[b"INFO", b"replication"]).unwrap();
        info.contains("master_link_status:up")
    })
    .await;
    let sentinel = sentinel(&port);
    until("the sentinel knows the replica", async || {
        let known: redis::RedisResult<Vec<redis::Value>> =
            sentinel.ask(&[b"SENTINEL", b"REPLICAS", b"pictures"]);
        known.is_ok_and(|known| known.len() == 1)
    })
    .await;

    let servers = RedisServers::Sentinel { sentinels: vec![sentinel.address()], name: "pictures".to_owned() };
    let config = RedisConfig { shared: SharedConfig::default(), ..RedisConfig::new(servers) };
    let watched = Watched::new(std::sync::Arc::new(RedisStore::new(config).unwrap()));
    watched.serves(1).await;
    let entries: u64 = primary.ask(&[b"DBSIZE"]).unwrap();
    assert_eq!(entries, 1);

    the_primary_is_lost(&mut primary);
    until("the replica is promoted", async || {
        // Sentinel cuts its clients as it promotes it.
        let info: redis::RedisResult<String> = replica.ask(&[b"INFO", b"replication"]);
        info.is_ok_and(|info| info.contains("role:master"))
    })
    .await;
    watched.serves(2).await;
}

/// A Sentinel that alone decides that the primary is lost, soon.
fn sentinel(primary: &str) -> RedisServer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sentinel.conf");
    let settings = format!(
        "sentinel monitor pictures 127.0.0.1 {primary} 1\n\
         sentinel down-after-milliseconds pictures 500\n\
         sentinel failover-timeout pictures 2000\n"
    );
    std::fs::write(&file, settings).unwrap();
    RedisServer::start_sentinel(folder, free_port(), &file)
}
