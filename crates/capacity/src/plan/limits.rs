use chart::number;

use super::tier::planned_shards;
use super::{Plan, Shared, memory::Demand, section as named};
use crate::limits::{self, Limit, Symptom};
use crate::report::{Section, Table};
use crate::workload::Objective;

/// How exactly the rate is told at which memory is short: to a hundredth of what processors can do.
const HALVINGS: u32 = 7;

/// What is short before the busiest time, by the rate at which it is: where there is anything, the plan does not hold, and says so.
pub(super) fn shortages(plan: &Plan<'_>, limits: &[Limit]) -> Vec<String> {
    let peak = plan.request.workload.peak_rate();
    let short = limits.iter().filter_map(|limit| Some((limit.symptom, limit.rate?)));
    // Instances are as many as the objective for latency needs, but for the last bits.
    let short = short.filter(|(symptom, rate)| symptom.is_fatal() && *rate < peak * (1.0 - 1e-9));
    let told = short.map(|(symptom, rate)| {
        let (rate, peak, Symptom { resource, remedy, .. }) = (number(rate), number(peak), symptom);
        format!("THIS PLAN DOES NOT HOLD: {resource}: short at {rate} requests a second, and the busiest time has {peak}. Remedy: {remedy}.")
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
    // Time for which a body is held, and a connection used: of all requests, at full load.
    let present = simulated.answered().mean();
    let limit = |symptom, rate: Option<f64>, formula| Limit { symptom, rate, formula };
    let mut found = vec![
        limit(
            &limits::LATENCY,
            Some(plan.greatest * n),
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
            Some(setup.network_bytes_per_second / instance.upload_bytes().max(workload.answer_bytes) * n),
            "instances x bytes a second / bytes of an upload or an answer, the larger",
        ),
        limit(
            &limits::BODIES,
            Some(setup.body_budget / (instance.upload_bytes() * present) * n),
            "instances x body_budget / (bytes of an upload x time in the system)",
        ),
        limit(
            &limits::CONNECTIONS,
            Some(setup.max_connections / present * n),
            "instances x max_connections / time in the system (Little's law)",
        ),
        limit(
            &limits::MEMORY,
            memory(plan, bound).map(|rate| rate * n),
            "instances x rate at which one takes more than there is, with the pixels in flight that are simulated then",
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

/// The rate of one instance from which it takes more memory than it has, by halving; none if it never does.
fn memory(plan: &Plan<'_>, bound: f64) -> Option<f64> {
    let fits = |rate: f64| Demand::of(plan, rate).bytes() <= plan.instance.setup.memory_bytes;
    if fits(bound) {
        return None;
    }
    let (mut enough, mut short) = (0.0, bound);
    for _ in 0..HALVINGS {
        let rate = (enough + short) / 2.0;
        *if fits(rate) { &mut enough } else { &mut short } = rate;
    }
    Some(enough)
}
