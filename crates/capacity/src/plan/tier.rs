use std::fmt::Write;

use super::memory::Demand;
use super::{Backend, Plan, Shared, figure, section as named};
use crate::report::{Attachment, Section};

/// Instances up to which each tier goes.
const ONE_HOST: u32 = 1;
const CONTAINERS: u32 = 4;
const PODS: u32 = 50;
const LEAST_PODS: u32 = 10;

/// `max_pixels` and `max_bytes`, if nobody sets them.
const MAX_PIXELS: u64 = 50_000_000;
const MAX_BYTES: f64 = 10_000_000.0;

/// Share of a shard's memory that entries may take.
const ROOM: f64 = 0.75;

/// How a deployment is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    OneHost,
    Containers,
    Pods,
    /// More than one cluster should have: several of them, on paper.
    Cells,
}

impl Plan<'_> {
    /// Instances that the tier runs.
    pub(super) fn deployed(&self) -> u32 {
        Tier::of(self).instances(self.instances)
    }

    /// Clusters that they are in.
    pub(super) fn cells(&self) -> u32 {
        Tier::of(self).cells(self.deployed())
    }
}

impl Tier {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        match plan.instances {
            ONE_HOST => Self::OneHost,
            needed if needed <= CONTAINERS => Self::Containers,
            needed if needed <= PODS => Self::Pods,
            _ => Self::Cells,
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::OneHost => "One host: a single instance with its embedded cache.",
            Self::Containers => "4 containers behind a balancer, with a shared cache of 3 nodes.",
            Self::Pods => {
                "10 to 50 pods behind a balancer, with a shared cache of 6 nodes and a CDN for GET."
            }
            Self::Cells => {
                "More than 50 pods: several clusters of the tier of pods, each with a cache of its own, split by the hash of the picture. On paper: nobody has run it."
            }
        }
    }

    /// Instances that it runs: those that are needed, and no fewer than the tier has.
    fn instances(self, needed: u32) -> u32 {
        match self {
            Self::OneHost => needed,
            Self::Containers => CONTAINERS,
            Self::Pods | Self::Cells => needed.max(LEAST_PODS),
        }
    }

    /// Clusters that instances are in.
    fn cells(self, instances: u32) -> u32 {
        match self {
            Self::Cells => instances.div_ceil(PODS),
            _ => 1,
        }
    }

    /// Nodes of the shared cache, with replicas where the tier has them.
    pub(super) fn cache_nodes(self, backend: Backend, shards: u32) -> u32 {
        match (self, backend) {
            (Self::OneHost, _) => 0,
            (Self::Containers, Backend::Postgres) => 1,
            (Self::Containers, _) => shards.max(3),
            (_, Backend::Postgres) => 2,
            (_, Backend::Memcached) => shards.max(6),
            (_, Backend::Redis) => (2 * shards).max(6),
        }
    }
}

/// Shards of the caches of all clusters for the busiest time, if each may hold so much. A database is one in each.
pub(super) fn planned_shards(plan: &Plan<'_>, shared: Shared, shard_bytes: f64) -> u32 {
    shards_of_cluster(plan, shared, shard_bytes) * plan.cells()
}

/// Those of one cluster, whose cache is its own.
pub(super) fn shards_of_cluster(plan: &Plan<'_>, shared: Shared, shard_bytes: f64) -> u32 {
    if shared.backend == Backend::Postgres {
        return 1;
    }
    let bytes = (plan.shared_entry_bytes(shared) * plan.entries()).min(shared.capacity_bytes);
    let stored = (1.0 - plan.hit_ratio) * shared.backend.sets();
    let operations = plan.request.workload.peak_rate() * (plan.beyond_memory() + stored);
    let needed = (bytes / (shard_bytes * ROOM)).max(operations / shared.operations_per_second);
    (needed / f64::from(plan.cells())).ceil().clamp(1.0, 1e6) as u32
}

/// Nodes of the shared cache of one cluster, 0 where there is none.
fn nodes_of_cluster(plan: &Plan<'_>, tier: Tier, shard_bytes: impl Fn(Shared) -> f64) -> u32 {
    let nodes = |shared: Shared| {
        tier.cache_nodes(shared.backend, shards_of_cluster(plan, shared, shard_bytes(shared)))
    };
    plan.shared.map_or(0, nodes)
}

/// Nodes of the shared caches of all clusters.
pub(super) fn cache_nodes(plan: &Plan<'_>, tier: Tier, shard_bytes: impl Fn(Shared) -> f64) -> u32 {
    nodes_of_cluster(plan, tier, shard_bytes) * plan.cells()
}

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let tier = Tier::of(plan);
    let instances = plan.deployed();
    let nodes = cache_nodes(plan, tier, |shared| shared.shard_bytes);
    let mut attachments = vec![Attachment { name: ".env", language: "sh", text: environment(plan, tier) }];
    if matches!(tier, Tier::Pods | Tier::Cells) {
        attachments.push(Attachment { name: "values.yaml", language: "yaml", text: values(plan, tier) });
    }
    Section {
        notes: vec![tier.description().to_owned()],
        figures: vec![
            figure(
                "tier_instances",
                "instances that it runs",
                f64::from(instances),
                "",
                "those needed, and no fewer than the tier has",
                "what is needed",
            ),
            figure(
                "tier_cache_nodes",
                "nodes of the shared cache",
                f64::from(nodes),
                "",
                "shards, no fewer than the tier has, with replicas of Redis in the tier of pods; a database and its standby; of all clusters",
                "caches",
            ),
            figure(
                "tier_load",
                "load of each at the busiest time",
                plan.request.workload.peak_rate() / f64::from(instances) / plan.greatest,
                "of what keeps the objective",
                "busiest / instances / one instance",
                "what is needed",
            ),
        ],
        attachments,
        ..named("tier", "The tier")
    }
}

/// For `env_file` of compose, in the names of `docs/configuration.md`.
// Writing to a String cannot fail.
fn environment(plan: &Plan<'_>, tier: Tier) -> String {
    let setup = &plan.instance.setup;
    let mut text = String::new();
    let _ = writeln!(text, "SIFTD_THREADS={}", setup.cores);
    let _ = writeln!(text, "SIFTD_NICENESS={}", setup.niceness);
    let _ = writeln!(text, "SIFTD_QUEUE_CAPACITY={}", setup.queue_capacity);
    let _ = writeln!(text, "SIFTD_PIXEL_BUDGET={}", setup.pixel_budget);
    // Each is let in alone at least, so that no image may be larger than all that may be there at a time.
    if setup.pixel_budget < MAX_PIXELS {
        let _ = writeln!(text, "SIFTD_MAX_PIXELS={}", setup.pixel_budget);
    }
    let _ = writeln!(text, "SIFTD_DEADLINE={}", setup.deadline.as_secs_f64());
    let _ = writeln!(text, "SIFTD_CACHE_MEMORY={:.0}", setup.memory_tier_bytes);
    let _ = writeln!(text, "SIFTD_CACHE_TTL={}", setup.ttl);
    let _ = writeln!(text, "SIFTD_BODY_BUDGET={:.0}", setup.body_budget);
    if setup.body_budget < MAX_BYTES {
        let _ = writeln!(text, "SIFTD_MAX_BYTES={:.0}", setup.body_budget);
    }
    let _ = writeln!(text, "SIFTD_MAX_CONNECTIONS={:.0}", setup.max_connections);
    let _ = writeln!(text, "SIFTD_CACHE={}", cache_url(plan, tier));
    text
}

/// All nodes of memcached; of a cluster some that tell of the others.
fn cache_url(plan: &Plan<'_>, tier: Tier) -> String {
    const SEEDS: u32 = 3;
    let Some(shared) = plan.shared else { return "memory://".to_owned() };
    let nodes = nodes_of_cluster(plan, tier, |shared| shared.shard_bytes);
    // A headless service of Kubernetes names its pods so; compose names services.
    let service = if tier == Tier::Containers { "" } else { ".cache" };
    let hosts = |count: u32| {
        let hosts: Vec<String> = (0..count).map(|node| format!("cache-{node}{service}")).collect();
        hosts.join(",")
    };
    match shared.backend {
        Backend::Redis => format!("redis-cluster://{}", hosts(nodes.min(SEEDS))),
        Backend::Memcached => format!("memcached://{}", hosts(nodes)),
        Backend::Postgres => format!("postgres://siftd@{}/siftd", hosts(1)),
    }
}

fn values(plan: &Plan<'_>, tier: Tier) -> String {
    let setup = &plan.instance.setup;
    let cells = plan.cells();
    let instances = plan.deployed().div_ceil(cells);
    let demand = Demand::of(plan, plan.greatest);
    let mebibytes = |bytes: f64| (bytes / 1_048_576.0).ceil();
    let least = (f64::from(instances) / plan.request.workload.peak_factor).ceil();
    let mut text = String::new();
    if cells > 1 {
        let _ = writeln!(text, "# For each of {cells} clusters.");
    }
    let _ = writeln!(text, "replicaCount: {instances}");
    let _ = writeln!(text, "autoscaling:\n  minReplicas: {least:.0}\n  maxReplicas: {instances}");
    let _ = writeln!(text, "  targetCPUUtilizationPercentage: 70");
    let cores = setup.cores;
    let _ = writeln!(
        text,
        "resources:\n  requests:\n    cpu: {cores}\n    memory: {:.0}Mi",
        mebibytes(demand.bytes())
    );
    // What the settings above let clients ask for: the kernel ends a process that goes beyond its limit.
    let most = mebibytes(demand.most(plan));
    let _ = writeln!(text, "  limits:\n    cpu: {cores}\n    memory: {most:.0}Mi");
    let _ = writeln!(text, "env:");
    for line in environment(plan, tier).lines() {
        if let Some((name, value)) = line.split_once('=') {
            let _ = writeln!(text, "  {name}: \"{value}\"");
        }
    }
    let nodes = nodes_of_cluster(plan, tier, |shared| shared.shard_bytes);
    let _ = writeln!(text, "cache:\n  nodes: {nodes}");
    text
}
