use cache::{HostPort, RedisConfig, RedisServers};

use super::redis::ask;
use super::{RedisServer, free_port, until};

/// Slots of a cluster.
const SLOTS: u32 = 16_384;

/// Three primaries and three replicas.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    /// Primaries first, then the replica of each, in the same order.
    pub(crate) nodes: Vec<RedisServer>,
}

impl RedisCluster {
    pub(crate) fn start() -> Self {
        let nodes: Vec<RedisServer> = (0..6).map(|_| node()).collect();
        let cluster = Self { nodes };
        cluster.join();
        cluster
    }

    pub(crate) fn config(&self) -> RedisConfig {
        let addresses: Vec<HostPort> = self.nodes.iter().map(RedisServer::address).collect();
        RedisConfig::new(RedisServers::Cluster(addresses))
    }

    /// Slots to the primaries, a replica to each, and waits until all agree.
    fn join(&self) {
        for (number, primary) in (0_u32..).zip(&self.nodes[..3]) {
            let (from, to) = (number * SLOTS / 3, (number + 1) * SLOTS / 3 - 1);
            let (from, to) = (from.to_string(), to.to_string());
            let command: [&[u8]; 4] = [b"CLUSTER", b"ADDSLOTSRANGE", from.as_bytes(), to.as_bytes()];
            primary.ask::<()>(&command).unwrap();
            let epoch = (number + 1).to_string();
            primary.ask::<()>(&[b"CLUSTER", b"SET-CONFIG-EPOCH", epoch.as_bytes()]).unwrap();
        }
        let first = &self.nodes[0];
        for other in &self.nodes[1..] {
            let (port, bus) = (other.port.to_string(), bus(other).to_string());
            let command: [&[u8]; 5] = [b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes(), bus.as_bytes()];
            first.ask::<()>(&command).unwrap();
        }
        until("all nodes have met", || self.nodes.iter().all(|node| state(node, "cluster_known_nodes:6")));
        for (primary, replica) in self.nodes.iter().zip(&self.nodes[3..]) {
            let id: String = primary.ask(&[b"CLUSTER", b"MYID"]).unwrap();
            until("a replica knows its primary", || {
                replica.ask::<()>(&[b"CLUSTER", b"REPLICATE", id.as_bytes()]).is_ok()
            });
        }
        until("the cluster is up", || self.nodes.iter().all(|node| state(node, "cluster_state:ok")));
        until("replicas are in step", || {
            self.nodes[3..].iter().all(|node| {
                let info: String = node.ask(&[b"INFO", b"replication"]).unwrap();
                info.contains("role:slave") && info.contains("master_link_status:up")
            })
        });
    }

    /// Which of the nodes has the slot of a key.
    pub(crate) fn node_of(&self, key: &str) -> usize {
        let slot: u32 = self.nodes[0].ask(&[b"CLUSTER", b"KEYSLOT", key.as_bytes()]).unwrap();
        (slot * 3 / SLOTS) as usize
    }
}

fn node() -> RedisServer {
    let bus = free_port().to_string();
    RedisServer::start(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "1000",
        "--cluster-replica-validity-factor",
        "0",
        "--repl-diskless-sync-delay",
        "0",
        "--appendonly",
        "no",
    ])
}

/// The port on which the nodes of a cluster speak with each other.
fn bus(node: &RedisServer) -> u16 {
    let [_, port]: [String; 2] = ask(node.port, &[b"CONFIG", b"GET", b"cluster-port"]).unwrap();
    port.parse().unwrap()
}

fn state(node: &RedisServer, line: &str) -> bool {
    let info: String = node.ask(&[b"CLUSTER", b"INFO"]).unwrap();
    info.lines().any(|found| found == line)
}
