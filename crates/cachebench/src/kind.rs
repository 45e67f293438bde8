/// What kind of cache it is, in terms of what must be run for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The memory of the process.
    Memory,
    /// A folder.
    Disk,
    /// One Redis, or one with replicas.
    Redis,
    /// A Redis, its replicas and so many Sentinels that watch over them.
    Sentinel(u32),
    /// A Redis Cluster.
    RedisCluster,
    /// One or several memcached.
    Memcached,
    /// A PostgreSQL.
    Postgres,
}

impl Kind {
    /// Its name. Memory stands in front of all of them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "memory + disk",
            Self::Redis => "Redis",
            Self::Sentinel(_) => "Redis, Sentinel",
            Self::RedisCluster => "Redis Cluster",
            Self::Memcached => "memcached",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// Whether what is kept ends up in siftd itself, and no server is asked.
    pub fn is_embedded(self) -> bool {
        matches!(self, Self::Memory | Self::Disk)
    }

    /// Processes that must run beside siftd, where its server has so many; none where that is not known.
    pub(crate) fn processes(self, of_server: Option<u32>) -> Option<u32> {
        match self {
            Self::Memory | Self::Disk => Some(0),
            Self::Sentinel(sentinels) => of_server.map(|processes| processes + sentinels),
            _ => of_server,
        }
    }

    /// Processes of siftd that can share it, where its server has connections for so many.
    pub(crate) fn sharers(self, of_server: Option<u64>) -> Option<u64> {
        if self.is_embedded() { Some(1) } else { of_server }
    }

    /// What must run and be looked after, in words.
    pub(crate) fn simplicity(self) -> &'static str {
        match self {
            Self::Memory => "nothing",
            Self::Disk => "a folder",
            Self::Redis => "a server",
            Self::Sentinel(_) => "a server, replicas, Sentinels",
            Self::RedisCluster => "a cluster",
            Self::Memcached => "servers, each by itself",
            Self::Postgres => "a database",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_run_is_what_the_server_is_and_its_sentinels() {
        assert_eq!(Kind::Disk.processes(None), Some(0));
        assert_eq!(Kind::RedisCluster.processes(Some(6)), Some(6));
        assert_eq!(Kind::Sentinel(3).processes(Some(2)), Some(5));
        assert_eq!(Kind::Redis.processes(None), None);
        assert_eq!((Kind::Memory.sharers(Some(9)), Kind::Postgres.sharers(Some(24))), (Some(1), Some(24)));
    }
}
