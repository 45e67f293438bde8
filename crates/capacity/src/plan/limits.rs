use chart::number;

use super::tier::planned_shards;
use super::{Plan, Shared, memory::Demand, section as named};
use crate::limits::{self, Limit, Symptom};
use crate::report::{Section, Table};
use crate::simulation::Outcome;
use crate::workload::Objective;

/// How exactly the rate is told at which something is short: to a hundredth of what processors can do.
const HALVINGS: u32 = 7;

/// What instances are not counted by: other settings, or other machines, are what helps. Processors, the queue and pixels are in the
/// simulation, what caches forget is in the hit ratio, and the network bounds what an instance carries.
const NOT_COUNTED_BY: [&Symptom; 4] =
    [&limits::BODIES, &limits::CONNECTIONS, &limits::MEMORY, &limits::SHARED_OPERATIONS];

/// What is short before the busiest time, by the rate at which it is: where there is anything, the plan does not hold, and says so.
pub(super) fn shortages(plan: &Plan<'_>, limits: &[Limit]) -> Vec<String> {
    let peak = plan.request.workload.peak_rate();
    let beside = limits.iter().filter(|limit| NOT_COUNTED_BY.contains(&limit.symptom));
    let short = beside.filter_map(|limit| Some((limit.symptom, limit.rate.filter(|rate| *rate < peak)?)));
    let told = short.map(|(symptom, rate)| {
        let (rate, peak, Symptom { resource, remedy, .. }) = (number(rate), number(peak), symptom);
        let short = format!("short at {rate} requests a second, and the busiest time has {peak}");
        format!("THIS PLAN DOES NOT HOLD: {resource}: {short}. Remedy: {remedy}.")
    });
    told.collect()
}

pub(super) fn section(plan: &Plan<'_>, found: &[Limit]) -> Section {
    let order = Table {
        key: "limits",
        name: "What is short first".to_owned(),
        columns: ["resource", "short at, 1/s", "formula"].map(str::to_owned).to_vec(),
        rows: found
            .iter()
            .map(|limit| vec![limit.symptom.resource.into(), limit.rate.into(), limit.formula.into()])
            .collect(),
        formula: "rate of requests of the whole deployment at which each is used up, at this hit ratio",
        source: format!("{}, settings and the models above; - is never", plan.measured()),
    };
    let symptoms = Table {
        key: "symptoms",
        name: "How it shows, and what to do".to_owned(),
        columns: ["resource", "seen in", "alert (PromQL)", "remedy"].map(str::to_owned).to_vec(),
        rows: found
            .iter()
            .map(|limit| {
                let Symptom { resource, metric, alert, remedy } = *limit.symptom;
                vec![resource.into(), metric.into(), alert.into(), remedy.into()]
            })
            .collect(),
        formula: "names in capitals stand for the plan's figures and the settings",
        source: "docs/metrics.md".to_owned(),
    };
    Section { tables: vec![order, symptoms], ..named("limits", "What gives first") }
}

/// By the rate at which each is short.
pub(super) fn limits_of(plan: &Plan<'_>) -> Vec<Limit> {
    let (instance, workload) = (&plan.instance, plan.request.workload);
    let (setup, n) = (&instance.setup, f64::from(plan.deployed()));
    let bound = instance.bound(plan.hit_ratio);
    let any_latency = Objective { p99: f64::MAX, refused: workload.objective.refused };
    let simulated = instance.scenario(bound, plan.hit_ratio).run();
    // Bodies are held, and connections used, as long as requests are there (Little's law).
    let present = |rate: f64, outcome: &Outcome| rate * outcome.answered().mean();
    let bodies =
        |rate: f64, outcome: &Outcome| present(rate, outcome) * instance.upload_bytes() <= setup.body_budget;
    let memory =
        |rate: f64, outcome: &Outcome| Demand::with(plan, rate, outcome).bytes() <= setup.memory_bytes;
    let connections = |rate: f64, outcome: &Outcome| present(rate, outcome) <= setup.max_connections;
    let limit = |symptom, rate: Option<f64>, formula| Limit { symptom, rate, formula };
    let mut found = vec![
        limit(
            &limits::LATENCY,
            Some(plan.within_objective * n),
            "instances x greatest rate within the objective, simulated",
        ),
        limit(&limits::PROCESSORS, Some(bound * n), "instances x processors / demand"),
        limit(
            &limits::QUEUE,
            Some(instance.greatest_rate(plan.hit_ratio, &any_latency) * n),
            "instances x greatest rate with refusals within the objective, simulated",
        ),
        limit(
            &limits::PIXELS,
            pixels(plan, simulated.most_pixels),
            "only if a full queue has more pixels than the budget: then as the queue",
        ),
        limit(
            &limits::MEMORY_TIER,
            memory_tier(plan).map(|rate| rate * n),
            match plan.popularity() {
                Some(_) => {
                    "instances x rate at which entries, none evicted, take all room; never where it has room for all pictures"
                }
                None => "room / bytes of an entry / time to live / insertions of a request x instances",
            },
        ),
        limit(
            &limits::NETWORK,
            Some(plan.network_rate() * n),
            "instances x bytes a second / bytes of an upload or an answer, the larger",
        ),
        limit(
            &limits::BODIES,
            short_at(plan, &simulated, bodies).map(|rate| rate * n),
            "instances x rate at which bodies of what is there, as simulated then, exceed body_budget",
        ),
        limit(
            &limits::CONNECTIONS,
            short_at(plan, &simulated, connections).map(|rate| rate * n),
            "instances x rate at which more requests are there, as simulated then, than max_connections",
        ),
        limit(
            &limits::MEMORY,
            short_at(plan, &simulated, memory).map(|rate| rate * n),
            "instances x rate at which one takes more than there is, with what is there, as simulated then",
        ),
    ];
    if let Some(shared) = plan.shared {
        let shards = planned_shards(plan, shared, shared.shard_bytes);
        let operations = plan.beyond_memory() + (1.0 - plan.hit_ratio) * shared.backend.sets();
        found.push(limit(
            &limits::SHARED_TIER,
            shared_tier(plan, shared),
            match plan.popularity() {
                _ if !shared.backend.evicts() => "never: a table grows",
                Some(_) => "rate at which entries, none evicted, take all room; never where it has room for all pictures",
                None => "room / bytes of an entry / time to live / (1 - h)",
            },
        ));
        found.push(limit(
            &limits::SHARED_OPERATIONS,
            Some(shared.operations_per_second * f64::from(shards) / operations),
            "shards x operations a second of one / operations of a request",
        ));
    }
    found.sort_by(|a, b| a.rate.unwrap_or(f64::INFINITY).total_cmp(&b.rate.unwrap_or(f64::INFINITY)));
    found
}

/// The rate of one instance from which its memory tier evicts.
fn memory_tier(plan: &Plan<'_>) -> Option<f64> {
    if let Some(lookups) = plan.memory_lookups() {
        return lookups.fills_at();
    }
    let setup = &plan.instance.setup;
    per(plan.memory_insertions(1.0), setup.memory_tier_bytes / plan.memory_entry_bytes() / setup.ttl)
}

/// The rate of all instances from which the shared cache evicts.
fn shared_tier(plan: &Plan<'_>, shared: Shared) -> Option<f64> {
    if !shared.backend.evicts() {
        return None;
    }
    if let Some(lookups) = plan.shared_lookups() {
        return lookups.fills_at();
    }
    let room = shared.capacity_bytes / plan.shared_entry_bytes(shared);
    per(1.0 - plan.hit_ratio, room / plan.life())
}

fn per(share: f64, value: f64) -> Option<f64> {
    (share > 0.0).then(|| value / share)
}

/// A full queue of the mean picture has more pixels than may be in flight.
fn pixels(plan: &Plan<'_>, most: u64) -> Option<f64> {
    let reached = most as f64 + plan.instance.pixels() > plan.instance.setup.pixel_budget as f64;
    reached.then(|| plan.instance.bound(plan.hit_ratio) * f64::from(plan.deployed()))
}

/// The rate of one instance from which something is not enough, by halving; none if it is at all that processors can do, too, of which the
/// outcome is given.
fn short_at(plan: &Plan<'_>, full: &Outcome, is_enough: impl Fn(f64, &Outcome) -> bool) -> Option<f64> {
    let bound = plan.instance.bound(plan.hit_ratio);
    if is_enough(bound, full) {
        return None;
    }
    let (mut enough, mut short) = (0.0, bound);
    for _ in 0..HALVINGS {
        let rate = (enough + short) / 2.0;
        let outcome = plan.instance.scenario(rate, plan.hit_ratio).run();
        *if is_enough(rate, &outcome) { &mut enough } else { &mut short } = rate;
    }
    Some(enough)
}
