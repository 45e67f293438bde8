//! The configurations in `deploy/redis` against `redis-server`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cache::{HostPort, RedisConfig, RedisServers, RedisStore, SharedConfig};
use rustix::process::{Pid, Signal, kill_process};

use crate::faults::Watched;
use crate::servers::{RedisServer, first_of_six, until};

fn deploy(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/redis").join(name)
}

/// Ends with the value.
struct Cluster(Child);

impl Drop for Cluster {
    fn drop(&mut self) {
        // The script ends its nodes.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recommended_configuration_is_accepted_and_serves() {
    let file = deploy("redis.conf");
    let server = RedisServer::start_configured(&file);
    for (setting, expected) in [
        ("maxmemory", "4294967296"),
        ("maxmemory-policy", "allkeys-lru"),
        ("appendfsync", "everysec"),
        ("save", ""),
    ] {
        let [_, value]: [String; 2] = server.ask(&[b"CONFIG", b"GET", setting.as_bytes()]).unwrap();
        assert_eq!(value, expected, "{setting}");
    }
    let config = RedisConfig { shared: SharedConfig::default(), ..server.config() };
    Watched::new(Arc::new(RedisStore::new(config).unwrap())).serves(1).await;

    let text = std::fs::read_to_string(file).unwrap();
    let user = text.lines().find_map(|line| line.strip_prefix("# user siftd ")).expect("the user's line");
    let rules = format!("ACL SETUSER siftd {user}");
    let rules: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
    server.ask::<()>(&rules).unwrap();
    let credentials =
        cache::Credentials { username: Some("siftd".into()), password: Some("PASSWORD".into()) };
    let config = RedisConfig { credentials, ..server.config() };
    Watched::new(Arc::new(RedisStore::new(config).unwrap())).serves(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cluster_of_six_is_made_by_its_script_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let first = first_of_six();
    let mut script = Command::new(deploy("cluster"));
    script.arg(folder.path()).arg(first.to_string()).stdout(Stdio::null());
    let _cluster = Cluster(script.spawn().unwrap());
    let addresses = (first..first + 3).map(|port| HostPort { host: "127.0.0.1".into(), port });
    let config = RedisConfig::new(RedisServers::Cluster(addresses.collect()));
    let watched = Watched::new(Arc::new(RedisStore::new(config).unwrap()));
    watched.serves(1).await;
    until("every primary has a replica", || {
        let replicas: redis::RedisResult<Vec<redis::Value>> =
            crate::servers::ask(first, &[b"CLUSTER", b"SLOTS"]);
        replicas.is_ok_and(|slots| slots.len() == 3 && slots.iter().all(has_replica))
    });
}

/// Whether a row of `CLUSTER SLOTS` (from, to, primary, replicas ...) has a replica.
fn has_replica(row: &redis::Value) -> bool {
    matches!(row, redis::Value::Array(parts) if parts.len() > 3)
}
