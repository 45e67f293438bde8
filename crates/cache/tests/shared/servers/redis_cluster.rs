use cache::{HostPort, RedisConfig, RedisServers};

use super::redis::ask;
use super::{Certificates, RedisServer, free_port, until};

/// Slots of a cluster.
const SLOTS: u32 = 16_384;

/// Three primaries and three replicas.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    /// Primaries first, then the replica of each, in the same order.
    pub(crate) nodes: Vec<RedisServer>,
    /// Where the nodes speak TLS, if they do.
    tls_ports: Option<Vec<u16>>,
}

impl RedisCluster {
    pub(crate) fn start() -> Self {
        let cluster = Self { nodes: (0..6).map(|_| node(&[])).collect(), tls_ports: None };
        cluster.join();
        cluster
    }

    /// One whose nodes speak TLS with each other, and with clients at ports of their own.
    pub(crate) fn start_tls(certificates: &Certificates) -> Self {
        let (nodes, ports) = (0..6)
            .map(|_| {
                let port = free_port();
                let among_nodes = ["--tls-cluster", "yes", "--tls-replication", "yes"].map(str::to_owned);
                (node(&[&certificates.options(port)[..], &among_nodes].concat()), port)
            })
            .unzip();
        let cluster = Self { nodes, tls_ports: Some(ports) };
        cluster.join();
        cluster
    }

    pub(crate) fn config(&self) -> RedisConfig {
        let ports =
            self.tls_ports.clone().unwrap_or_else(|| self.nodes.iter().map(|node| node.port).collect());
        let addresses = ports.into_iter().map(|port| HostPort { host: "127.0.0.1".to_owned(), port });
        RedisConfig::new(RedisServers::Cluster(addresses.collect()))
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
        for (number, other) in self.nodes.iter().enumerate().skip(1) {
            let port = self.tls_ports.as_ref().map_or(other.port, |ports| ports[number]);
            let (port, bus) = (port.to_string(), bus(other).to_string());
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

fn node(options: &[String]) -> RedisServer {
    let bus = free_port().to_string();
    let of_cluster = [
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
    ];
    let options: Vec<&str> = of_cluster.into_iter().chain(options.iter().map(String::as_str)).collect();
    RedisServer::start(&options)
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
