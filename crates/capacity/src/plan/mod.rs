//! A plan: what a workload needs, from a profile.

mod caching;
mod latency;
mod limits;
mod machine;
mod memory;
mod money;
mod needed;
mod occupancy;
mod sensitivity;
mod shared;
mod throughput;
mod tier;

use crate::Error;
use crate::hit_ratio::Caching;
use crate::instance::{Instance, Setup};
use crate::prices::Catalogue;
use crate::profile::Profile;
use crate::report::{Document, Figure, Section};
use crate::workload::Workload;

use shared::ENVELOPE_BYTES;
pub use shared::{Backend, Shared};

/// What is planned, and from what.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What was measured.
    pub profile: &'a Profile,
    /// Where the profile is from, as the plan names it.
    pub profile_name: &'a str,
    /// What is asked of the service.
    pub workload: &'a Workload,
    /// How its instances are set.
    pub setup: Setup,
    /// The cache that instances share, if there is one.
    pub shared: Option<Shared>,
    /// Prices. Without any there is no section on cost.
    pub catalogues: &'a [Catalogue],
}

/// What the sections are written from.
#[derive(Debug, Clone)]
struct Plan<'a> {
    request: &'a Request<'a>,
    instance: Instance<'a>,
    /// The cache that the instances share: none where there is one instance.
    shared: Option<Shared>,
    /// Share of requests that caches answer.
    hit_ratio: f64,
    /// What the tiers do, if popularity tells: the memory tier of an instance, and the shared one.
    memory_tier: Option<Caching>,
    shared_tier: Option<Caching>,
    /// Requests a second at which one instance keeps the objective, as simulated.
    within_objective: f64,
    /// Those of them that its network carries, too.
    greatest: f64,
    /// The hit ratio, and the share of requests that ask the shared cache, that this is for.
    simulated: Option<(f64, f64)>,
    /// Instances that are needed at the busiest time.
    instances: u32,
}

/// Plans.
///
/// # Errors
/// [`Error`], for a workload that cannot be or an objective that nothing meets.
pub fn plan(request: &Request<'_>) -> Result<Document, Error> {
    request.workload.validate()?;
    request.profile.validate()?;
    let plan = needed::plan(request, &request.setup)?;
    let limits = limits::limits_of(&plan);
    let mut sections = vec![
        machine::section(&plan),
        throughput::section(&plan),
        needed::section(&plan, limits::shortages(&plan, &limits)),
        latency::section(&plan),
        caching::section(&plan),
        memory::section(&plan),
        limits::section(&plan, &limits),
        tier::section(&plan),
    ];
    if !request.catalogues.is_empty() {
        sections.push(money::section(&plan));
    }
    sections.push(sensitivity::section(&plan)?);
    Ok(Document { title: title(&plan), sections })
}

fn title(plan: &Plan<'_>) -> String {
    let Plan { request: Request { workload, .. }, hit_ratio, .. } = plan;
    let rate = chart::number(workload.rate);
    format!("A plan for {rate} requests a second, {:.0} % of them hits", hit_ratio * 100.0)
}

impl Plan<'_> {
    /// Where figures of the profile come from.
    fn measured(&self) -> String {
        format!("profile {}, {}", self.request.profile_name, self.request.profile.made)
    }

    /// Requests a second that the network of one instance carries, in whichever direction it is short first.
    fn network_rate(&self) -> f64 {
        let bytes = self.instance.upload_bytes().max(self.request.workload.answer_bytes);
        self.instance.setup.network_bytes_per_second / bytes
    }

    /// Misses a second at this rate of requests.
    fn misses(&self, rate: f64) -> f64 {
        rate * (1.0 - self.hit_ratio)
    }
}

fn figure(
    key: &'static str,
    name: &str,
    value: f64,
    unit: &'static str,
    formula: &'static str,
    source: impl Into<String>,
) -> Figure {
    Figure { key, name: name.to_owned(), value, unit, formula, source: source.into() }
}

fn section(key: &'static str, title: &str) -> Section {
    Section { key, title: title.to_owned(), ..Section::default() }
}

#[cfg(test)]
mod tests;
