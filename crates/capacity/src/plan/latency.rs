use super::{Plan, section as named};
use crate::queueing::{Mmc, allen_cunneen};
use crate::report::{Cell, Plot, Scale, Section, Table};

/// Loads that are shown, as shares of what the processors can do.
const LOADS: [f64; 10] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.1, 2.0];

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let bound = plan.instance.bound(plan.hit_ratio);
    let busiest = plan.request.workload.peak_rate() / f64::from(plan.instances);
    let mut rates: Vec<(Cell, f64)> = LOADS.map(|load| (Cell::from(load * 100.0), load * bound)).to_vec();
    rates.push(("busiest time".into(), busiest));
    let (mut rows, mut hits, mut misses) = (Vec::new(), Vec::new(), Vec::new());
    for (name, rate) in rates {
        let outcome = plan.instance.scenario(rate, plan.hit_ratio).run();
        let ms = |latencies: &crate::simulation::Latencies, share: f64| {
            (latencies.count() > 0).then(|| latencies.quantile(share) * 1e3)
        };
        if matches!(name, Cell::Number(_)) {
            hits.extend(ms(&outcome.hits, 0.99).map(|p99| (rate, p99)));
            misses.extend(ms(&outcome.misses, 0.99).map(|p99| (rate, p99)));
        }
        rows.push(vec![
            name,
            rate.into(),
            ms(&outcome.hits, 0.5).into(),
            ms(&outcome.hits, 0.99).into(),
            ms(&outcome.misses, 0.5).into(),
            ms(&outcome.misses, 0.99).into(),
            ms(&outcome.answered(), 0.99).into(),
            outcome.throughput().into(),
            (outcome.refused_share() * 100.0).into(),
            outcome.mean_queued().into(),
            formula_wait(plan, rate).map(|wait| wait * 1e3).into(),
        ]);
    }
    let columns = [
        "load, %",
        "rate, 1/s",
        "hits p50, ms",
        "hits p99, ms",
        "misses p50, ms",
        "misses p99, ms",
        "all p99, ms",
        "answered, 1/s",
        "refused, %",
        "waiting",
        "wait by formula, ms",
    ];
    let table = Table {
        key: "latency",
        name: format!("One instance of {} processors", plan.instance.setup.cores),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
        formula: "discrete-event simulation of the service's own admission; by formula: mean wait of misses, G/G/c (Allen-Cunneen)",
        source: format!("times of the {}, Poisson arrivals, seed 1", plan.measured()),
    };
    let plot = Plot {
        name: "99 % of answers come within".to_owned(),
        x: "requests a second".to_owned(),
        y: "ms".to_owned(),
        lines: vec![("hits".to_owned(), hits), ("misses".to_owned(), misses)],
        x_scale: Scale::Linear,
        y_scale: Scale::Logarithmic,
    };
    let notes = vec![
        "The load is of what processors can do, not of what keeps the objective. The formula knows no bound of the queue, no \
         second thread in a picture and no hits, so it is beside the simulation as a check of its order only."
            .to_owned(),
    ];
    Section { notes, tables: vec![table], plots: vec![plot], ..named("latency", "Latency and refusals") }
}

/// Mean wait of misses if nothing but their number counted, s; none from full load on.
fn formula_wait(plan: &Plan<'_>, rate: f64) -> Option<f64> {
    let instance = &plan.instance;
    let demand = instance.demand(plan.hit_ratio);
    let (mean, cores) = (demand.compute, instance.setup.cores);
    let square = instance
        .mean(|picture| picture.single().map_or(0.0, |run| run.service.variance + run.service.mean.powi(2)));
    let scv = (square
        / instance.mean(|picture| picture.single().map_or(0.0, |run| run.service.mean)).powi(2)
        - 1.0)
        .max(0.0);
    let mmc = Mmc { servers: cores, rate: plan.misses(rate), mean };
    let wait = allen_cunneen(&mmc, 1.0, scv);
    wait.is_finite().then_some(wait)
}
