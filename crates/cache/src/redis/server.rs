use std::str::FromStr;

use crate::ServerInfo;
use crate::shared::CONNECTIONS;

/// What Redis says of itself, by `INFO`, and as a cluster by `CLUSTER INFO`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Servers {
    version: String,
    primaries: u32,
    processes: u32,
    /// Processes like this one that it has connections for.
    clients: u64,
}

impl Servers {
    pub(super) fn new(info: &str, cluster: Option<&str>) -> Self {
        let version = match (field(info, "valkey_version"), field(info, "redis_version")) {
            (Some(version), _) => format!("Valkey {version}"),
            (None, version) => format!("Redis {}", version.unwrap_or("of unknown version")),
        };
        let (primaries, processes) = match cluster {
            Some(cluster) => (number(cluster, "cluster_size"), number(cluster, "cluster_known_nodes")),
            None => (Some(1), number(info, "connected_slaves").map(|replicas: u32| 1 + replicas)),
        };
        let primaries = primaries.unwrap_or(1).max(1);
        let processes = processes.unwrap_or(1).max(primaries);
        Self { version, primaries, processes, clients: number(info, "maxclients").unwrap_or(0) / CONNECTIONS }
    }

    /// How often each entry is kept.
    pub(super) fn copies(&self) -> u64 {
        u64::from(self.processes / self.primaries)
    }

    pub(super) fn info(self) -> ServerInfo {
        ServerInfo { version: self.version, processes: self.processes, clients: self.clients }
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn number<T: FromStr>(text: &str, name: &str) -> Option<T> {
    field(text, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_counted_with_their_replicas() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxclients:10000\r\nconnected_slaves:2\r\n";
        let alone = Servers::new(info, None);
        assert_eq!(alone.copies(), 3);
        let expected = ServerInfo { version: "Redis 7.0.15".to_owned(), processes: 3, clients: 5_000 };
        assert_eq!(alone.info(), expected);
        let cluster = "cluster_state:ok\r\ncluster_known_nodes:6\r\ncluster_size:3\r\n";
        let cluster = Servers::new("redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n", Some(cluster));
        assert_eq!((cluster.copies(), cluster.processes), (2, 6));
        assert_eq!(cluster.version, "Valkey 8.0.1");
        assert_eq!(Servers::new("", Some("")).copies(), 1);
    }
}
