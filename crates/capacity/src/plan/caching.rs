use super::{Backend, ENVELOPE_BYTES, Plan, Shared, figure, section as named, tier};
use crate::cache_memory::{Disk, Filling, Footprint, Memory, Persistence, Redis};
use crate::hit_ratio::Lookups;
use crate::report::{Figure, Section, Table};
use crate::workload::Hits;

/// Bytes of a command and its answer on the wire beside key and value, about: framing of the protocol.
const FRAMING: f64 = 60.0;
/// Rate at which a disk takes a rewritten file, bytes a second.
const DISK_RATE: f64 = 100e6;
/// `max_connections` of PostgreSQL, if nobody sets it.
const POSTGRES_CONNECTIONS: f64 = 100.0;

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let mut section = named("caching", "Caches");
    let entries = plan.entries();
    section.figures = vec![
        figure("hit_ratio", "hit ratio", plan.hit_ratio, "", hit_formula(plan), hit_source(plan)),
        held(plan, entries),
    ];
    section.tables.push(footprints(plan, entries));
    section.figures.extend(filling(plan, &memory_tier(plan)));
    if let Some(shared) = plan.shared {
        section.figures.extend(filling(plan, &shared_tier(plan, shared)));
        section.figures.extend(traffic(plan, shared));
        if shared.backend == Backend::Redis {
            section.figures.extend(redis(plan, shared, entries));
        }
        section.notes.extend(notes(plan, shared));
    }
    section.figures.extend(evictions(plan));
    if let Some(popularity) = plan.popularity() {
        let rate = plan.planned_rate();
        section.tables.push(by_room(plan, |capacity, ttl| Lookups { popularity, rate, capacity, ttl }));
    }
    section
}

fn notes(plan: &Plan<'_>, shared: Shared) -> Vec<String> {
    let (name, mut notes) = (shared.backend.name(), Vec::new());
    if !plan.request.profile.requests.shared_lookups.contains_key(name) {
        notes.push(format!(
            "What a lookup in {name} costs was not measured, and counts as nothing: siftd profile --cache measures it."
        ));
    }
    if !shared.backend.evicts() {
        notes.push(
            "PostgreSQL evicts nothing: its table has all entries until they expire, whatever room is given."
                .to_owned(),
        );
        let connections = connections(plan, shared);
        if connections > POSTGRES_CONNECTIONS {
            notes.push(format!(
                "PostgreSQL has {POSTGRES_CONNECTIONS:.0} connections by default, and {connections:.0} are needed: raise its \
                 max_connections, or put a pooler before it."
            ));
        }
    }
    notes
}

fn held(plan: &Plan<'_>, entries: f64) -> Figure {
    let (formula, source) = match plan.popularity() {
        Some(_) => ("Σ of the shares of time that each picture is there", hit_formula(plan)),
        None => (
            "misses a second x time to live (Little's law), were there room",
            "rate, hit ratio and cache_ttl above",
        ),
    };
    figure("entries", "entries in the long run", entries, "", formula, source)
}

fn hit_formula(plan: &Plan<'_>) -> &'static str {
    match plan.request.workload.hits {
        Hits::Ratio(_) => "given",
        Hits::Popularity(_) => {
            "Che's approximation with a time to live, Zipf popularity (Che et al. 2002, Fricker et al. 2012)"
        }
    }
}

fn hit_source(plan: &Plan<'_>) -> String {
    match (plan.memory_tier, plan.shared_tier) {
        (Some(memory), Some(_)) => format!(
            "working set, cache_ttl and room; an instance's own memory answers {:.1} %",
            memory.hit_ratio * 100.0
        ),
        (Some(_), None) => "working set, cache_ttl and room of cache_memory in each instance".to_owned(),
        (None, _) => "given".to_owned(),
    }
}

/// What an entry takes everywhere.
fn footprints(plan: &Plan<'_>, entries: f64) -> Table {
    let (entry, shared) = (plan.entry(), plan.shared_entry());
    let mut all: Vec<(&str, Footprint)> =
        vec![("memory tier", Memory.footprint(entry)), ("disk tier", Disk.footprint(entry))];
    all.extend(Backend::ALL.map(|backend| (backend.name(), backend.footprint(shared, entries as u64))));
    let rows = all.into_iter().map(|(name, footprint)| {
        let parts: Vec<String> =
            footprint.parts.iter().map(|(part, bytes)| format!("{part} {}", chart::number(*bytes))).collect();
        let bytes = footprint.bytes();
        vec![name.into(), bytes.into(), (bytes * entries / 1e9).into(), parts.join(", ").into()]
    });
    Table {
        key: "footprint",
        name: "What an entry takes".to_owned(),
        columns: ["", "bytes", "all entries, GB", "of which"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        formula: "size classes, pages and tables of each server (Redis 7, memcached 1.6, PostgreSQL 12 to 17)",
        source: format!(
            "entries of {} bytes under keys of {}, in shared caches {} under {}; held to real servers within 5 % by tests",
            entry.value_bytes, entry.key_bytes, shared.value_bytes, shared.key_bytes
        ),
    }
}

/// A tier of the caches that is being filled.
struct CacheTier {
    keys: [&'static str; 2],
    name: &'static str,
    capacity_bytes: f64,
    entry_bytes: f64,
    insertions_per_second: f64,
    ttl_seconds: f64,
    /// What it is asked for, if popularity tells.
    lookups: Option<Lookups>,
}

fn memory_tier(plan: &Plan<'_>) -> CacheTier {
    CacheTier {
        keys: ["memory_tier_needed", "memory_tier_full"],
        name: "memory",
        capacity_bytes: plan.instance.setup.memory_tier_bytes,
        entry_bytes: plan.memory_entry_bytes(),
        insertions_per_second: plan.memory_insertions(plan.planned_rate()) / f64::from(plan.instances),
        ttl_seconds: plan.instance.setup.ttl,
        lookups: plan.memory_lookups(),
    }
}

fn shared_tier(plan: &Plan<'_>, shared: Shared) -> CacheTier {
    CacheTier {
        keys: ["shared_needed", "shared_full"],
        name: "shared",
        capacity_bytes: if shared.backend.evicts() { shared.capacity_bytes } else { f64::INFINITY },
        entry_bytes: plan.shared_entry_bytes(shared),
        insertions_per_second: plan.misses(plan.planned_rate()),
        ttl_seconds: plan.life(),
        lookups: plan.shared_lookups(),
    }
}

/// What a tier needs, and when eviction begins in it.
fn filling(plan: &Plan<'_>, tier: &CacheTier) -> Vec<Figure> {
    let &CacheTier { keys: [needed_key, full_key], name, capacity_bytes, entry_bytes, .. } = tier;
    let (insertions_per_second, ttl_seconds) = (tier.insertions_per_second, tier.ttl_seconds);
    let flow = Filling { insertions_per_second, entry_bytes, capacity_bytes, ttl_seconds };
    let (needed, full, formulas) = match tier.lookups {
        Some(lookups) => (
            lookups.unbounded().entries * entry_bytes,
            lookups.fills_after(),
            [
                "Σ of the shares of time that each picture would be there x bytes of an entry",
                "time until as many different pictures were asked for as there is room for",
            ],
        ),
        None => (
            flow.needed_bytes(),
            flow.eviction_begins(),
            [
                "insertions a second x time to live x bytes of an entry",
                "room / (insertions a second x bytes of an entry)",
            ],
        ),
    };
    let source = match tier.lookups {
        Some(_) => hit_formula(plan),
        None => "Little's law and the model of the entry; each instance's own for memory",
    };
    let needed_name = format!("{name} tier, for nothing to be evicted");
    let mut figures = vec![figure(needed_key, &needed_name, needed / 1e9, "GB", formulas[0], source)];
    let emptied = "from an empty start; what is evicted is computed again if it is asked for";
    figures.extend(full.map(|full| {
        figure(full_key, &format!("{name} tier is full after"), full, "s", formulas[1], emptied)
    }));
    figures
}

/// What it costs that entries are evicted before their time, where popularity tells.
fn evictions(plan: &Plan<'_>) -> Vec<Figure> {
    let Some(roomy) = plan.hit_ratio_without_eviction() else { return Vec::new() };
    let again = plan.request.workload.peak_rate() * (roomy - plan.hit_ratio).max(0.0);
    vec![
        figure(
            "evicted_again",
            "computed again as it was evicted, busiest",
            again,
            "1/s",
            "rate x (hit ratio with room for all - hit ratio)",
            "Che's approximation with a time to live, twice",
        ),
        figure(
            "evicted_processors",
            "processors that this takes",
            again * plan.instance.demand(plan.hit_ratio).compute,
            "",
            "rate x demand of computing (utilisation law)",
            plan.measured(),
        ),
    ]
}

/// The load of the shared cache.
fn traffic(plan: &Plan<'_>, shared: Shared) -> Vec<Figure> {
    let (peak, entry) = (plan.request.workload.peak_rate(), plan.shared_entry());
    let (lookups, sets) = (shared_lookups(plan), plan.misses(peak));
    let header = plan.request.profile.stored.fixed_bytes + ENVELOPE_BYTES as f64;
    let network = lookups * (header + entry.key_bytes as f64 + FRAMING)
        + sets * ((entry.key_bytes + entry.value_bytes) as f64 + FRAMING);
    vec![
        figure(
            "shared_operations",
            "operations of the shared cache, busiest",
            lookups + sets * shared.backend.sets(),
            "1/s",
            "lookups that memory does not answer + misses stored",
            "every request looks up once, every miss stores once, in memcached its beginning, too",
        ),
        figure(
            "shared_network",
            "its network, busiest",
            network,
            "bytes/s",
            "lookups x (header + key) + misses x (key + value), and framing",
            "a summary reads the header alone",
        ),
        figure(
            "shared_connections",
            "its connections",
            connections(plan, shared),
            "",
            "instances that the tier runs x shards of their cluster x connections to each",
            "two to each server of Redis and memcached, for lookups and for writes, and four to PostgreSQL",
        ),
        figure(
            "shards",
            "shards",
            f64::from(tier::planned_shards(plan, shared, shared.shard_bytes)),
            "",
            "the most of: bytes / room of a shard at 75 %, operations / those of a shard; a database is one",
            "models of the server and of its load",
        ),
    ]
}

fn connections(plan: &Plan<'_>, shared: Shared) -> f64 {
    let shards = tier::shards_of_cluster(plan, shared, shared.shard_bytes);
    f64::from(plan.deployed()) * f64::from(shards) * shared.backend.connections()
}

/// Lookups a second that the memory tiers do not answer, at the busiest time.
fn shared_lookups(plan: &Plan<'_>) -> f64 {
    plan.request.workload.peak_rate() * plan.beyond_memory()
}

/// What Redis needs beside its entries, all shards together. Each rewrites its file for itself.
fn redis(plan: &Plan<'_>, shared: Shared, entries: f64) -> Vec<Figure> {
    let (peak, entry) = (plan.request.workload.peak_rate(), plan.shared_entry());
    let shards = f64::from(tier::planned_shards(plan, shared, shared.shard_bytes));
    let held_bytes = (plan.shared_entry_bytes(shared) * entries).min(shared.capacity_bytes) / shards;
    let command = (entry.key_bytes + entry.value_bytes) as f64 + FRAMING;
    let persistence = Persistence {
        written_per_second: plan.misses(peak) * command / shards,
        rewrite_seconds: held_bytes / DISK_RATE,
        held_bytes,
    };
    vec![
        figure(
            "redis_fork",
            "memory beside it while its file is rewritten",
            persistence.fork_headroom_bytes(shared_lookups(plan) / shards) * shards / 1e9,
            "GB",
            "shards x min(all, (2 x bytes written + pages read) x time of the rewrite), busiest",
            "copy on write after fork; disk of 100 MB/s",
        ),
        figure(
            "redis_rehash",
            "memory beside it while its tables grow",
            Redis::rehashing_bytes((entries / shards) as u64, true) as f64 * shards / 1e9,
            "GB",
            "old tables are there until all entries were moved",
            "dict.c of Redis 7",
        ),
        figure(
            "redis_written",
            "its append-only file grows by",
            plan.misses(plan.request.workload.planned_rate()) * command,
            "bytes/s",
            "misses x (key + value + framing)",
            "appendonly with everysec",
        ),
    ]
}

/// The hit ratio by room and time to live.
fn by_room(plan: &Plan<'_>, lookups: impl Fn(f64, f64) -> Lookups) -> Table {
    let value = plan.entry();
    let bytes = Memory.footprint(value).bytes();
    let times = [600.0, 3600.0, 86_400.0, 604_800.0];
    let rows = [0.25e9, 1e9, 4e9, 16e9, 64e9].iter().map(|room| {
        let ratios = times.map(|ttl| (lookups(room / bytes, ttl).cached().hit_ratio * 100.0).into());
        [vec![(room / 1e9).into()], ratios.to_vec()].concat()
    });
    Table {
        key: "hit_ratio",
        name: "Hits, %, by room and time to live".to_owned(),
        columns: ["room, GB", "10 minutes", "an hour", "a day", "a week"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        formula: "Che's approximation with a time to live",
        source: "all requests on one cache; entries as in the memory tier".to_owned(),
    }
}
