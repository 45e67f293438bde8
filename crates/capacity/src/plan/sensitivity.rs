use super::{Plan, Request, Shared, needed, section as named};
use crate::Error;
use crate::instance::Setup;
use crate::profile::Profile;
use crate::report::{Section, Table};
use crate::workload::{Hits, Workload};

/// How much each input is moved, up and down.
const STEP: f64 = 0.1;

/// Moves an input by a factor. Whether it has it at all.
type Change = fn(&mut Inputs, f64) -> bool;

/// What the inputs are taken from.
struct Inputs {
    profile: Profile,
    workload: Workload,
    setup: Setup,
    shared: Option<Shared>,
}

const INPUTS: [(&str, Change); 14] = [
    ("rate", |inputs, factor| scale(&mut inputs.workload.rate, factor)),
    ("growth", |inputs, factor| scale(&mut inputs.workload.growth, factor)),
    ("peak factor", |inputs, factor| scale(&mut inputs.workload.peak_factor, factor)),
    ("time of computing", |inputs, factor| {
        for run in inputs.profile.pictures.iter_mut().flat_map(|picture| &mut picture.runs) {
            run.service = run.service.scaled(factor);
        }
        true
    }),
    ("processor time of a request", |inputs, factor| {
        let requests = &mut inputs.profile.requests;
        requests.upload_hits.iter_mut().for_each(|hit| hit.cpu_seconds *= factor);
        requests.hits_beside.iter_mut().for_each(|hit| hit.cpu_seconds *= factor);
        true
    }),
    ("processor time of a shared lookup", |inputs, factor| {
        let Some(shared) = inputs.shared else { return false };
        let lookup = inputs.profile.requests.shared_lookups.get_mut(shared.backend.name());
        lookup.is_some_and(|lookup| scale(&mut lookup.cpu_seconds, factor))
    }),
    ("share of misses", |inputs, factor| {
        let Hits::Ratio(ratio) = &mut inputs.workload.hits else { return false };
        *ratio = 1.0 - (1.0 - *ratio) * factor;
        true
    }),
    ("working set", |inputs, factor| {
        let Hits::Popularity(popularity) = &mut inputs.workload.hits else { return false };
        popularity.pictures = (popularity.pictures as f64 * factor) as u64;
        true
    }),
    ("exponent of the popularity", |inputs, factor| {
        let Hits::Popularity(popularity) = &mut inputs.workload.hits else { return false };
        scale(&mut popularity.exponent, factor)
    }),
    ("time to live", |inputs, factor| is_reckoned(inputs) && scale(&mut inputs.setup.ttl, factor)),
    ("room of the memory tier", |inputs, factor| {
        is_reckoned(inputs) && scale(&mut inputs.setup.memory_tier_bytes, factor)
    }),
    ("room of the shared cache", |inputs, factor| {
        is_reckoned(inputs)
            && inputs.shared.as_mut().is_some_and(|shared| scale(&mut shared.capacity_bytes, factor))
    }),
    ("p99 that is allowed", |inputs, factor| scale(&mut inputs.workload.objective.p99, factor)),
    ("share that may be refused", |inputs, factor| scale(&mut inputs.workload.objective.refused, factor)),
];

fn scale(value: &mut f64, factor: f64) -> bool {
    *value *= factor;
    true
}

/// Whether the hit ratio follows from popularity and room.
fn is_reckoned(inputs: &Inputs) -> bool {
    matches!(inputs.workload.hits, Hits::Popularity(_))
}

pub(super) fn section(plan: &Plan<'_>) -> Result<Section, Error> {
    let inputs = || Inputs {
        profile: plan.request.profile.clone(),
        workload: plan.request.workload.clone(),
        setup: plan.instance.setup.clone(),
        shared: plan.shared,
    };
    let base = instances(plan.request, &inputs())?;
    let mut rows = Vec::new();
    for (name, change) in INPUTS {
        let mut ends = [1.0 - STEP, 1.0 + STEP].map(|factor| (factor, inputs()));
        if !ends.iter_mut().all(|(factor, inputs)| change(inputs, *factor)) {
            continue;
        }
        // What cannot be has no figure, as a peak factor below 1.
        let [less, more] = ends.map(|(_, inputs)| instances(plan.request, &inputs).ok());
        let slope = match (less, more) {
            (Some(less), Some(more)) => Some((more - less) / (2.0 * STEP)),
            (None, Some(more)) => Some((more - base) / STEP),
            (Some(less), None) => Some((base - less) / STEP),
            (None, None) => None,
        };
        let elasticity = slope.map(|slope| slope / base);
        rows.push(vec![name.into(), less.into(), base.into(), more.into(), elasticity.into()]);
    }
    let columns = ["input", "10 % less", "as planned", "10 % more", "elasticity"];
    let table = Table {
        key: "sensitivity",
        name: "Instances that are needed, not rounded up".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
        formula: "busiest rate / rate at which one instance keeps the objective; elasticity: relative change of it over that of the input",
        source: "the plan made anew with one input moved, and the same random numbers".to_owned(),
    };
    let notes = vec![
        "Cost follows the instances, in whole ones. An elasticity of 1 is proportional, 0 has no effect. Cost moves with prices in proportion; another mix of pictures is another plan."
            .to_owned(),
    ];
    Ok(Section { notes, tables: vec![table], ..named("sensitivity", "Sensitivity") })
}

/// Instances that are needed with these inputs, as a fraction.
fn instances(request: &Request<'_>, inputs: &Inputs) -> Result<f64, Error> {
    let Inputs { profile, workload, setup, shared } = inputs;
    workload.validate()?;
    let moved = Request { profile, workload, ..request.clone() };
    let least = if shared.is_some() { 2 } else { 1 };
    let plan = needed::settled(&moved, setup, *shared, least)?;
    Ok(workload.peak_rate() / plan.greatest)
}
