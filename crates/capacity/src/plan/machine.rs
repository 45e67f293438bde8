use super::{Plan, figure, section as named};
use crate::report::{Section, Table};
use crate::workload::Hits;

/// Contention across pictures, which share nothing, from which on a profile is doubtful.
const DOUBTFUL: f64 = 0.5;
/// Share of processor time taken by others from which on times are those of an hour.
const STOLEN: f64 = 0.02;

fn notes(plan: &Plan<'_>) -> Vec<String> {
    let (profile, setup) = (plan.request.profile, &plan.instance.setup);
    let machine = &profile.machine;
    let mut notes = vec![format!(
        "Measured on {} ({} processors, {}, {}), siftd {}, {}.",
        machine.cpu,
        machine.cores,
        machine.instruction_set,
        machine.system,
        profile.software.siftd,
        profile.made
    )];
    if profile.stolen > STOLEN {
        notes.push(format!(
            "While this profile was measured, the host gave {:.0} % of the processor time that was asked for to others (steal): all \
             times are longer for it, and shorter or longer in another hour.",
            100.0 * profile.stolen
        ));
    }
    let sigma = profile.contention.across_pictures.law.sigma;
    if sigma > DOUBTFUL {
        notes.push(format!(
            "This profile is doubtful: two pictures at a time are computed {:.2} times as fast as one (sigma {sigma:.2}). Either \
             something else ran while it was measured, or its processors are shares of one. Measure again on a quiet machine.",
            profile.contention.across_pictures.law.speedup(2.0)
        ));
    }
    if setup.cores > machine.cores {
        notes.push(beyond_measured("An instance has", machine.cores));
    }
    if let (Hits::Ratio(_), None) = (plan.request.workload.hits, plan.request.shared) {
        notes.push(
            "The hit ratio is given, not reckoned: --popularity and --working-set reckon it.".to_owned(),
        );
    }
    notes
}

/// What is to be said of figures for more processors than the law of contention has points for.
pub(super) fn beyond_measured(what: &str, measured: u32) -> String {
    format!(
        "{what} more processors than the {measured} that were measured: the universal scalability law is extended beyond its points. \
         Profile such a machine before you rely on it."
    )
}

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let (instance, measured) = (&plan.instance, plan.measured());
    let demand = instance.demand(plan.hit_ratio);
    let laws = &plan.request.profile.contention;
    let rows =
        [("across pictures", &laws.across_pictures.law), ("within a picture", &laws.within_picture.law)];
    let contention = Table {
        key: "contention",
        name: "Contention".to_owned(),
        columns: ["", "one, 1/s", "sigma", "kappa"].map(str::to_owned).to_vec(),
        rows: rows
            .iter()
            .map(|(name, law)| vec![(*name).into(), law.lambda.into(), law.sigma.into(), law.kappa.into()])
            .collect(),
        formula: "X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)), least squares (Gunther 2007)",
        source: measured.clone(),
    };
    Section {
        notes: notes(plan),
        figures: vec![
            figure("pixels", "a picture", instance.pixels(), "px", "mean of the mix", measured.clone()),
            figure(
                "upload_bytes",
                "its file",
                instance.upload_bytes(),
                "bytes",
                "mean of the mix",
                measured.clone(),
            ),
            figure(
                "stored_bytes",
                "its features, stored",
                instance.stored_bytes(),
                "bytes",
                "header + keypoints x bytes of one",
                measured.clone(),
            ),
            figure(
                "service_seconds",
                "computing it, one thread",
                instance.service_seconds() * 1e3,
                "ms",
                "mean of measured times",
                measured.clone(),
            ),
            figure(
                "compute_demand",
                "processor time of computing, all processors busy",
                demand.compute * 1e3,
                "ms",
                "service time / efficiency (universal scalability law)",
                measured.clone(),
            ),
            figure(
                "request_demand",
                "processor time of a request beside it",
                demand.request * 1e3,
                "ms",
                "measured hits at as many a second, linear in bytes; misses are received and hashed, too",
                measured,
            ),
        ],
        tables: vec![contention],
        ..named("machine", "The machine and its work")
    }
}
