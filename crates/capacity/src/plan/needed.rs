//! How many instances are needed.

use super::{Plan, Request, figure, section as named};
use crate::Error;
use crate::cache_memory::{Entry, Footprint, Memcached, Memory, Postgres, Redis, SizeClasses};
use crate::hit_ratio::{Caching, Lookups, Zipf};
use crate::instance::Instance;
use crate::report::Section;
use crate::workload::Hits;

/// A cache that instances share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// Which.
    pub backend: Backend,
    /// Bytes that it may hold, all shards together.
    pub capacity_bytes: f64,
    /// Operations a second that one shard does.
    pub operations_per_second: f64,
}

/// A server of a shared cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Redis 7, or a cluster of it.
    Redis,
    /// memcached 1.6.
    Memcached,
    /// PostgreSQL.
    Postgres,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Redis, Self::Memcached, Self::Postgres];

    /// Its name, as URLs and profiles have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Memcached => "memcached",
            Self::Postgres => "postgres",
        }
    }

    /// What one of so many entries takes.
    pub fn footprint(self, entry: Entry, entries: u64) -> Footprint {
        match self {
            Self::Redis => Redis { allocator: SizeClasses::BUNDLED }.footprint(entry, entries),
            Self::Memcached => Memcached::default().footprint(entry),
            Self::Postgres => Postgres { dead_share: 0.2 }.footprint(entry),
        }
    }
}

/// Rounds in which instances and hit ratio settle: each depends on the other.
const ROUNDS: u32 = 4;

pub(super) fn plan<'a>(request: &'a Request<'a>) -> Result<Plan<'a>, Error> {
    let &Request { profile, workload, ref setup, shared, .. } = request;
    let mut instance = Instance::new(profile, setup.clone(), workload)?;
    if let Some(shared) = shared {
        instance.with_shared_tier(shared.backend.name());
    }
    let mut plan = Plan {
        request,
        instance,
        hit_ratio: 0.0,
        memory_tier: None,
        shared_tier: None,
        greatest: 0.0,
        instances: 1,
    };
    for _ in 0..ROUNDS {
        let settled = plan.hit_ratio;
        plan.caches();
        if settled == plan.hit_ratio && plan.greatest > 0.0 {
            break;
        }
        plan.greatest = plan.instance.greatest_rate(plan.hit_ratio, &workload.objective);
        if plan.greatest <= 0.0 {
            let least = plan.instance.least_p99(plan.hit_ratio);
            let (p99, cores) = (workload.objective.p99, setup.cores);
            return Err(Error::ObjectiveOutOfReach { p99, least, cores, hit_ratio: plan.hit_ratio });
        }
        plan.instances = (workload.peak_rate() / plan.greatest).ceil().clamp(1.0, f64::from(u32::MAX)) as u32;
    }
    Ok(plan)
}

impl Plan<'_> {
    /// Sizes of an entry of the mean picture.
    pub(super) fn entry(&self) -> Entry {
        let key_bytes = self.request.profile.stored.key_bytes as u64;
        Entry { key_bytes, value_bytes: self.instance.stored_bytes() as u64, expires: true }
    }

    /// What the caches do, with as many instances as there are.
    fn caches(&mut self) {
        let popularity = match self.request.workload.hits {
            Hits::Ratio(ratio) => {
                self.hit_ratio = ratio;
                return;
            }
            Hits::Popularity(popularity) => popularity,
        };
        let rate = self.request.workload.planned_rate();
        let entry = self.entry();
        let room = self.instance.setup.memory_tier_bytes / Memory.footprint(entry).bytes();
        let memory = self.lookups(popularity, rate / f64::from(self.instances), room);
        self.memory_tier = Some(memory);
        self.hit_ratio = memory.hit_ratio;
        if let Some(shared) = self.request.shared {
            let likely = shared.capacity_bytes / entry.value_bytes.max(1) as f64;
            let room = shared.capacity_bytes / shared.backend.footprint(entry, likely as u64).bytes();
            let together = self.lookups(popularity, rate, room);
            self.shared_tier = Some(together);
            self.hit_ratio = together.hit_ratio.max(memory.hit_ratio);
        }
    }

    fn lookups(&self, popularity: Zipf, rate: f64, capacity: f64) -> Caching {
        Lookups { popularity, rate, capacity, ttl: self.instance.setup.ttl }.cached()
    }
}

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let workload = plan.request.workload;
    let objective = workload.objective;
    let simulated = format!(
        "simulation of admission over the {}, 99 % of answers within {} s",
        plan.measured(),
        objective.p99
    );
    let planned = workload.planned_rate();
    let all = plan.greatest * f64::from(plan.instances);
    Section {
        figures: vec![
            figure(
                "peak_rate",
                "requests at the busiest time",
                workload.peak_rate(),
                "1/s",
                "rate x growth x peak factor",
                "given",
            ),
            figure(
                "greatest_rate",
                "one instance keeps the objective up to",
                plan.greatest,
                "1/s",
                "greatest rate with p99 and refusals within bounds",
                simulated,
            ),
            figure(
                "instances",
                "instances",
                f64::from(plan.instances),
                "",
                "ceil(busiest / one instance)",
                "the two above",
            ),
            figure("full_rate", "all of them carry", all, "1/s", "instances x one instance", "the two above"),
            figure(
                "peak_load",
                "load at the busiest time",
                workload.peak_rate() / all,
                "of what they carry",
                "busiest / all",
                "the above",
            ),
            figure(
                "planned_utilisation",
                "processors busy in the mean",
                planned / (plan.instance.bound(plan.hit_ratio) * f64::from(plan.instances)),
                "of all",
                "rate x demand / processors (utilisation law)",
                plan.measured(),
            ),
        ],
        ..named("needed", "What is needed")
    }
}
