//! Redis Cluster: three primaries and three replicas.

use std::sync::Arc;

use cache::{
    BreakerState, Credentials, ErrorKind, Extent, GuardConfig, RedisConfig, RedisServers, RedisStore,
    SharedConfig, Store,
};

use crate::contract::{Backend, Change, contract, got, key, name, patient, until, value};
use crate::faults::Watched;
use crate::servers::{Certificates, RedisCluster, RedisServer, Unreachable};

impl Backend for RedisCluster {
    const LARGEST: usize = 5 << 20;

    const COPIES: u64 = 2;

    fn store(&self, shared: SharedConfig) -> Arc<dyn Store> {
        Arc::new(RedisStore::new(RedisConfig { shared, ..self.config() }).unwrap())
    }

    fn tamper(&self, name: &str, change: Change<'_>) {
        let node = &self.nodes[self.node_of(name)];
        let stored: Vec<u8> = node.ask(&[b"GET", name.as_bytes()]).unwrap();
        node.ask::<()>(&[b"SET", name.as_bytes(), &change(stored)]).unwrap();
    }
}

contract!(RedisCluster::start());

/// As `siftd serve` has a cluster.
fn watched(cluster: &RedisCluster) -> Watched {
    Watched::by(GuardConfig::of_several_servers(), cluster.store(SharedConfig::default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_spread_and_another_type_is_corrupt() {
    let cluster = RedisCluster::start();
    let store = cluster.store(patient());
    for number in 0..300 {
        store.set(key(number), value(number, 100)).await.unwrap();
    }
    for primary in &cluster.nodes[..3] {
        let entries: u64 = primary.ask(&[b"DBSIZE"]).unwrap();
        assert!((50..200).contains(&entries), "{entries} of 300");
    }
    let name = name(key(1));
    let node = &cluster.nodes[cluster.node_of(&name)];
    node.ask::<()>(&[b"DEL", name.as_bytes()]).unwrap();
    node.ask::<()>(&[b"LPUSH", name.as_bytes(), b"element"]).unwrap();
    assert_eq!(store.get(key(1), Extent::Whole).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_needs_few_commands_and_keys_of_its_prefix() {
    let cluster = RedisCluster::start();
    let rules = "ACL SETUSER siftd on >secret resetkeys ~siftd:* -@all +get +getrange +set +unlink +ping +cluster|slots";
    let rules: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
    cluster.nodes.iter().for_each(|node| node.ask(&rules).unwrap());
    let credentials = Credentials { username: Some("siftd".into()), password: Some("secret".into()) };
    let config = RedisConfig { credentials, shared: patient(), ..cluster.config() };
    let store = RedisStore::new(config).unwrap();
    for number in 0..30 {
        store.set(key(number), value(number, 300)).await.unwrap();
        let beginning = Some((value(number, 10), Extent::Prefix(10)));
        assert_eq!(got(&store, key(number), Extent::Prefix(10)).await, beginning);
        store.remove(key(number)).await.unwrap();
        assert_eq!(got(&store, key(number), Extent::Whole).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_costs_its_slots_until_its_replica_takes_over() {
    its_slots_are_served_again_where(|primary| primary.process.kill()).await;
}

/// The system that it runs on goes on acknowledging what is sent to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_a_primary_that_hangs() {
    its_slots_are_served_again_where(|primary| primary.process.pause()).await;
}

async fn its_slots_are_served_again_where(the_primary_is_lost: impl FnOnce(&mut RedisServer)) {
    let mut cluster = RedisCluster::start();
    let watched = watched(&cluster);
    for number in 0..30 {
        watched.serves(number).await;
    }
    for (primary, replica) in cluster.nodes.iter().zip(&cluster.nodes[3..]) {
        let entries: u64 = primary.ask(&[b"DBSIZE"]).unwrap();
        until("the replica has what its primary has", async || {
            replica.ask::<u64>(&[b"DBSIZE"]).unwrap() == entries
        })
        .await;
    }
    let lost = cluster.node_of(&name(key(0)));
    the_primary_is_lost(&mut cluster.nodes[lost]);
    for number in 0..30 {
        until("every value is served again", async || {
            let cached = watched.store.get(key(number), Extent::Whole).await;
            cached.is_ok_and(|cached| cached.is_some_and(|cached| cached.value == value(number, 9_000)))
        })
        .await;
    }
    watched.serves(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_and_comes_back_heals() {
    let mut cluster = RedisCluster::start();
    let watched = watched(&cluster);
    watched.serves(1).await;
    cluster.nodes.iter_mut().for_each(|node| node.process.kill());
    watched.until(BreakerState::Open).await;
    cluster.nodes.iter_mut().for_each(|node| node.process.restart());
    watched.serves(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_away_at_the_start_is_found_later() {
    let mut cluster = RedisCluster::start();
    cluster.nodes.iter_mut().for_each(|node| node.process.kill());
    let watched = watched(&cluster);
    watched.until(BreakerState::Open).await;
    cluster.nodes.iter_mut().for_each(|node| node.process.restart());
    watched.serves(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_off_does_not_keep_it_from_the_others() {
    let (cluster, off) = (RedisCluster::start(), Unreachable::new());
    let RedisServers::Cluster(nodes) = cluster.config().servers else { panic!("it is a cluster") };
    let servers = RedisServers::Cluster([vec![off.address()], nodes].concat());
    let store = RedisStore::new(RedisConfig { servers, shared: patient(), ..cluster.config() }).unwrap();
    store.set(key(1), value(1, 100)).await.unwrap();
    assert_eq!(got(&store, key(1), Extent::Whole).await, Some((value(1, 100), Extent::Whole)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_reaches_every_node_and_needs_a_certificate_of_a_known_authority() {
    let certificates = Certificates::make();
    let cluster = RedisCluster::start_tls(&certificates);
    let open = |authorities: Vec<u8>| {
        let authorities = Some(authorities);
        let config = RedisConfig { tls: true, authorities, shared: patient(), ..cluster.config() };
        RedisStore::new(config).unwrap()
    };
    let store = open(certificates.authority());
    for number in 0..60 {
        store.set(key(number), value(number, 9_000)).await.unwrap();
        assert_eq!(
            got(&store, key(number), Extent::Whole).await,
            Some((value(number, 9_000), Extent::Whole))
        );
    }
    for primary in &cluster.nodes[..3] {
        assert!(primary.ask::<u64>(&[b"DBSIZE"]).unwrap() > 0, "each has some of 60");
    }

    let stranger = open(Certificates::make().authority());
    let error = stranger.get(key(1), Extent::Whole).await.unwrap_err();
    assert!(error.kind().is_outage(), "{error}");
}
