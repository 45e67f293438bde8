use super::{Plan, Request, needed, section as named};
use crate::Error;
use crate::instance::{Instance, Setup};
use crate::profile::Profile;
use crate::report::{Section, Table};
use crate::workload::{Hits, Objective, Workload};

/// How much each input is moved, up and down.
const STEP: f64 = 0.1;

type Change = fn(&mut Profile, &mut Workload, &mut Setup, f64);

const INPUTS: [(&str, Change); 8] = [
    ("rate", |_, workload, _, factor| workload.rate *= factor),
    ("peak factor", |_, workload, _, factor| workload.peak_factor *= factor),
    ("time of computing", |profile, _, _, factor| {
        for run in profile.pictures.iter_mut().flat_map(|picture| &mut picture.runs) {
            run.service = run.service.scaled(factor);
        }
    }),
    ("processor time of a request", |profile, _, _, factor| {
        profile.requests.upload_hits.iter_mut().for_each(|hit| hit.cpu_seconds *= factor);
        profile.requests.hits_beside.iter_mut().for_each(|hit| hit.cpu_seconds *= factor);
    }),
    ("share of misses", |_, workload, _, factor| {
        if let Hits::Ratio(ratio) = &mut workload.hits {
            *ratio = (1.0 - (1.0 - *ratio) * factor).clamp(0.0, 1.0);
        }
    }),
    ("working set", |_, workload, _, factor| {
        if let Hits::Popularity(popularity) = &mut workload.hits {
            popularity.pictures = (popularity.pictures as f64 * factor) as u64;
        }
    }),
    ("time to live", |_, _, setup, factor| setup.ttl *= factor),
    ("p99 that is allowed", |_, workload, _, factor| {
        workload.objective = Objective { p99: workload.objective.p99 * factor, ..workload.objective };
    }),
];

pub(super) fn section(plan: &Plan<'_>) -> Result<Section, Error> {
    let base =
        instances(plan.request, &plan.request.profile.clone(), plan.request.workload, &plan.request.setup)?;
    let mut rows = Vec::new();
    for (name, change) in INPUTS {
        let moved = |factor: f64| {
            let (mut profile, mut workload) = (plan.request.profile.clone(), plan.request.workload.clone());
            let mut setup = plan.request.setup.clone();
            change(&mut profile, &mut workload, &mut setup, factor);
            workload.peak_factor = workload.peak_factor.max(1.0);
            // What cannot be any more has no figure.
            instances(plan.request, &profile, &workload, &setup).ok()
        };
        let (less, more) = (moved(1.0 - STEP), moved(1.0 + STEP));
        let elasticity = less.zip(more).map(|(less, more)| (more - less) / base / (2.0 * STEP));
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
        "Cost follows the instances, in whole ones. An elasticity of 1 is proportional, 0 has no effect."
            .to_owned(),
    ];
    Ok(Section { notes, tables: vec![table], ..named("sensitivity", "Sensitivity") })
}

/// Instances that are needed with these inputs, as a fraction.
fn instances(
    request: &Request<'_>,
    profile: &Profile,
    workload: &Workload,
    setup: &Setup,
) -> Result<f64, Error> {
    workload.validate()?;
    let moved = Request { profile, workload, setup: setup.clone(), ..request.clone() };
    let plan = needed::plan(&moved)?;
    let instance: &Instance<'_> = &plan.instance;
    // Between whole steps of the search the bound of processors tells.
    let share = plan.greatest / instance.bound(plan.hit_ratio);
    Ok(workload.peak_rate() / (instance.bound(plan.hit_ratio) * share))
}
