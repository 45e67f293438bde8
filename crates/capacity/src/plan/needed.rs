//! How many instances are needed.

use super::{Plan, Request, figure, section as named};
use crate::Error;
use crate::cache_memory::{Entry, Footprint, Memcached, Memory, Postgres, Redis, SizeClasses};
use crate::hit_ratio::{Caching, Lookups, Zipf};
use crate::instance::{Instance, Setup};
use crate::report::Section;
use crate::workload::Hits;

/// A cache that instances share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// Which.
    pub backend: Backend,
    /// Bytes that it may hold, all shards together.
    pub capacity_bytes: f64,
    /// Bytes that one shard may hold.
    pub shard_bytes: f64,
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

    /// Connections that an instance has to each server.
    pub(super) const fn connections(self) -> f64 {
        match self {
            Self::Redis | Self::Memcached => 1.0,
            Self::Postgres => 4.0,
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

/// What an entry of a shared cache has before its value (magic, checksums, expiry, length), and before its key, bytes:
/// `envelope` and the default prefix of `cache`.
pub(super) const ENVELOPE_BYTES: u64 = 32;
const PREFIX_BYTES: u64 = 6;

/// Rounds in which instances and hit ratio settle: each depends on the other.
const ROUNDS: u32 = 4;

/// One host needs no shared cache; several have the one that is asked for.
pub(super) fn plan<'a>(request: &'a Request<'a>, setup: &Setup) -> Result<Plan<'a>, Error> {
    let alone = settled(request, setup, None);
    match (&alone, request.shared) {
        (_, None) => alone,
        (Ok(Plan { instances: 1, .. }), _) => alone,
        (_, Some(shared)) => {
            let together = settled(request, setup, Some(shared))?;
            Ok(Plan { instances: together.instances.max(2), ..together })
        }
    }
}

/// A plan with this shared cache, or none.
pub(super) fn settled<'a>(
    request: &'a Request<'a>,
    setup: &Setup,
    shared: Option<Shared>,
) -> Result<Plan<'a>, Error> {
    let &Request { profile, workload, .. } = request;
    let mut plan = Plan {
        request,
        instance: Instance::new(profile, setup.clone(), workload)?,
        shared,
        hit_ratio: 0.0,
        memory_tier: None,
        shared_tier: None,
        greatest: 0.0,
        instances: 1,
    };
    for _ in 0..ROUNDS {
        let settled = plan.hit_ratio;
        plan.caches();
        if let Some(shared) = shared {
            plan.instance.look_up_in(shared.backend.name(), plan.beyond_memory());
        }
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
    /// Sizes of an entry of the mean picture in the memory tier.
    pub(super) fn entry(&self) -> Entry {
        let key_bytes = self.request.profile.stored.key_bytes as u64;
        Entry { key_bytes, value_bytes: self.instance.stored_bytes() as u64, expires: true }
    }

    /// Sizes of such an entry in a shared cache.
    pub(super) fn shared_entry(&self) -> Entry {
        let Entry { key_bytes, value_bytes, expires } = self.entry();
        Entry { key_bytes: key_bytes + PREFIX_BYTES, value_bytes: value_bytes + ENVELOPE_BYTES, expires }
    }

    /// Share of requests that memory tiers do not answer, as far as that is known: they ask the shared cache.
    pub(super) fn beyond_memory(&self) -> f64 {
        1.0 - self.memory_tier.map_or(0.0, |tier| tier.hit_ratio)
    }

    /// Insertions a second into the memory tiers at this rate of requests: what was computed, and what a shared cache answers,
    /// as far as that is known.
    pub(super) fn memory_insertions(&self, rate: f64) -> f64 {
        rate * self.memory_tier.map_or(1.0 - self.hit_ratio, |tier| 1.0 - tier.hit_ratio)
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
        let room = self.instance.setup.memory_tier_bytes / Memory.footprint(self.entry()).bytes();
        let memory = self.lookups(popularity, rate / f64::from(self.instances), room);
        self.memory_tier = Some(memory);
        self.hit_ratio = memory.hit_ratio;
        if let Some(shared) = self.shared {
            let entry = self.shared_entry();
            let likely = shared.capacity_bytes / entry.value_bytes.max(1) as f64;
            let room = shared.capacity_bytes / shared.backend.footprint(entry, likely as u64).bytes();
            let together = self.lookups(popularity, rate, room);
            self.shared_tier = Some(together);
            self.hit_ratio = together.hit_ratio.max(memory.hit_ratio);
        }
    }

    /// Hit ratio if nothing were ever evicted; none where it is given.
    pub(super) fn hit_ratio_without_eviction(&self) -> Option<f64> {
        let Hits::Popularity(popularity) = self.request.workload.hits else { return None };
        // Without a shared cache each instance computes for itself.
        let apart = if self.shared.is_some() { 1.0 } else { f64::from(self.instances) };
        let rate = self.request.workload.planned_rate() / apart;
        Some(self.lookups(popularity, rate, f64::INFINITY).hit_ratio)
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
