use super::{Plan, machine::beyond_measured, section as named};
use crate::instance::{Instance, Setup};
use crate::report::{Cell, Plot, Scale, Section, Table};
use crate::throughput::{arithmetic_mean_of_rates, serial};

/// Hit ratios that every plan shows.
const RATIOS: [f64; 6] = [0.0, 0.2, 0.5, 0.8, 0.95, 1.0];
const WORKERS: [u32; 5] = [1, 2, 4, 8, 16];

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let mut ratios = RATIOS.to_vec();
    ratios.push(plan.hit_ratio);
    ratios.sort_by(f64::total_cmp);
    ratios.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    let row = |ratio: &f64| {
        let bounds = WORKERS.map(|cores| Cell::from(of_cores(&plan.instance, cores).bound(*ratio)));
        [vec![Cell::from(ratio * 100.0)], bounds.to_vec()].concat()
    };
    let columns = WORKERS.map(|cores| format!("on {cores}"));
    let table = Table {
        key: "throughput",
        name: "Requests a second that so many processors can do at most".to_owned(),
        columns: [vec!["hits, %".to_owned()], columns.to_vec()].concat(),
        rows: ratios.iter().map(row).collect(),
        formula: "processors / (request + (1 - h) compute), from the mean of times; computing slowed by contention",
        source: plan.measured(),
    };
    let measured = plan.request.profile.machine.cores;
    let extended = WORKERS.iter().any(|workers| *workers > measured);
    let notes = extended.then(|| beyond_measured("Some columns are for", measured)).into_iter().collect();
    Section { notes, tables: vec![table], plots: vec![plot(plan)], ..named("throughput", "Throughput") }
}

/// Both means, for who has a plan with the other one.
fn plot(plan: &Plan<'_>) -> Plot {
    let demand = plan.instance.demand(plan.hit_ratio);
    let (hit, miss) = (demand.request, demand.request + demand.compute);
    let cores = f64::from(plan.instance.setup.cores);
    let line = |of: fn(f64, f64, f64) -> f64| {
        (0..=49).map(|step| f64::from(step) / 50.0).map(|h| (h * 100.0, cores * of(h, hit, miss))).collect()
    };
    Plot {
        name: "Requests a second by hit ratio".to_owned(),
        x: "hits, %".to_owned(),
        y: "requests a second".to_owned(),
        lines: vec![
            ("from the mean of times".to_owned(), line(serial)),
            ("from the mean of rates, which nothing does".to_owned(), line(arithmetic_mean_of_rates)),
        ],
        x_scale: Scale::Linear,
        y_scale: Scale::Logarithmic,
    }
}

/// The instance on another number of processors.
fn of_cores<'a>(instance: &Instance<'a>, cores: u32) -> Instance<'a> {
    let setup = Setup { cores, ..instance.setup.clone() };
    instance.with_setup(setup)
}
