use super::tier::{Tier, planned_shards};
use super::{Plan, section as named};
use crate::instance::Setup;
use crate::prices::{Bill, Catalogue, Server};
use crate::report::{Cell, Section, Table};

/// Memory of a server that the system keeps.
const SYSTEM_BYTES: f64 = 512.0 * 1024.0 * 1024.0;

/// What a server of a catalogue would do.
struct Offer {
    /// Requests a second that one keeps the objective at.
    greatest: f64,
    servers: u32,
    monthly: f64,
    per_million: f64,
    per_million_full: f64,
    /// Why it does not do; none if it does.
    short: Option<String>,
}

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let mut section = named("cost", "Cost");
    section.notes.push("Prices are examples as of their dates unless they are your own: check them. A processor of each server counts as one of the profile's, unless its catalogue gives its speed.".to_owned());
    for catalogue in plan.request.catalogues {
        let offers: Vec<(&Server, Offer)> =
            catalogue.servers.iter().map(|server| (server, offer(plan, catalogue, server))).collect();
        section.notes.push(cheapest(plan, catalogue, &offers));
        section.tables.push(table(plan, catalogue, &offers));
    }
    section
}

fn table(plan: &Plan<'_>, catalogue: &Catalogue, offers: &[(&Server, Offer)]) -> Table {
    let rows = offers.iter().map(|(server, offer)| {
        let verdict: Cell = offer.short.as_deref().unwrap_or("meets the objective").into();
        vec![
            server.name.as_str().into(),
            offer.greatest.into(),
            if offer.servers > 0 { f64::from(offer.servers).into() } else { Cell::None },
            offer.monthly.into(),
            offer.per_million.into(),
            offer.per_million_full.into(),
            verdict,
        ]
    });
    let currency = &catalogue.currency;
    Table {
        key: "cost",
        name: format!("{}, {}", catalogue.name, catalogue.date),
        columns: vec![
            "server".to_owned(),
            "one carries, 1/s".to_owned(),
            "servers".to_owned(),
            format!("a month, {currency}"),
            format!("a million as planned, {currency}"),
            format!("a million at full load, {currency}"),
            "objective".to_owned(),
        ],
        rows: rows.collect(),
        formula: "servers + cache nodes + balancer + egress beyond what is included; a million: month / (rate x 2,628,000 s)",
        source: format!(
            "{}; {} requests a second planned",
            catalogue.source,
            crate::report::number(plan.request.workload.planned_rate())
        ),
    }
}

/// Which server is the cheapest that does, or by how much the nearest falls short.
fn cheapest(plan: &Plan<'_>, catalogue: &Catalogue, offers: &[(&Server, Offer)]) -> String {
    let meeting = offers.iter().filter(|(_, offer)| offer.short.is_none());
    if let Some((server, offer)) = meeting.min_by(|(_, a), (_, b)| a.monthly.total_cmp(&b.monthly)) {
        let (monthly, million) =
            (crate::report::number(offer.monthly), crate::report::number(offer.per_million));
        return format!(
            "{}: cheapest is {} x {}, {monthly} {currency} a month, {million} {currency} a million requests.",
            catalogue.name,
            offer.servers,
            server.name,
            currency = catalogue.currency
        );
    }
    let most = offers.iter().map(|(server, offer)| {
        let servers = server.most.unwrap_or(offer.servers).min(offer.servers.max(1));
        offer.greatest * f64::from(servers)
    });
    let most = most.fold(0.0, f64::max);
    let wanted = plan.request.workload.peak_rate();
    format!(
        "{}: nothing meets the objective: {} requests a second are wanted at the busiest time, and the most that can be had is \
         {} within the objective, {:.0} % short.",
        catalogue.name,
        crate::report::number(wanted),
        crate::report::number(most),
        (1.0 - most / wanted) * 100.0
    )
}

fn offer(plan: &Plan<'_>, catalogue: &Catalogue, server: &Server) -> Offer {
    let workload = plan.request.workload;
    let memory_bytes = server.memory_gib * 1024.0 * 1024.0 * 1024.0;
    let setup =
        Setup { cores: server.cores, speed: server.speed, memory_bytes, ..plan.instance.setup.clone() };
    let instance = plan.instance.with_setup(setup);
    let greatest = instance.greatest_rate(plan.hit_ratio, &workload.objective);
    let mut offer = Offer {
        greatest,
        servers: 0,
        monthly: f64::NAN,
        per_million: f64::NAN,
        per_million_full: f64::NAN,
        short: None,
    };
    if greatest <= 0.0 {
        let least = instance.least_p99(plan.hit_ratio);
        offer.short = Some(format!(
            "p99 of {:.0} ms at best, {:.0} ms are allowed",
            least * 1e3,
            workload.objective.p99 * 1e3
        ));
        return offer;
    }
    let needed = (workload.peak_rate() / greatest).ceil().clamp(1.0, f64::from(u32::MAX)) as u32;
    let one = Plan { instance, greatest, instances: needed, ..plan.clone() };
    let tier = Tier::of(&one);
    offer.servers = tier.instances(needed);
    let taken = super::memory::Demand::of(&one, greatest).bytes() + SYSTEM_BYTES;
    if taken > memory_bytes {
        offer.short =
            Some(format!("memory: {:.1} GB are needed, it has {:.1}", taken / 1e9, memory_bytes / 1e9));
    }
    if let Some(most) = server.most.filter(|most| *most < needed) {
        offer.short = Some(format!(
            "{needed} are needed, {most} can be had: {:.0} % short",
            (1.0 - f64::from(most) / f64::from(needed)) * 100.0
        ));
    }
    let bill = Bill {
        servers: offer.servers,
        cache_nodes: cache_nodes(&one, catalogue, tier),
        rate: workload.planned_rate(),
        answer_bytes: workload.answer_bytes,
    };
    let full = Bill { rate: greatest * f64::from(offer.servers), ..bill };
    offer.monthly = bill.monthly(catalogue, server);
    offer.per_million = bill.per_million(catalogue, server);
    offer.per_million_full = full.per_million(catalogue, server);
    offer
}

/// Enough for the bytes that the shared cache may hold, and as many as the tier has.
fn cache_nodes(plan: &Plan<'_>, catalogue: &Catalogue, tier: Tier) -> u32 {
    let Some(shared) = plan.request.shared else { return 0 };
    if tier == Tier::OneHost {
        return 0;
    }
    let node = catalogue.cache_node.memory_gib * 1024.0 * 1024.0 * 1024.0 * 0.75;
    let by_bytes = (shared.capacity_bytes / node).ceil().clamp(1.0, 1e6) as u32;
    tier.cache_nodes(planned_shards(plan).max(by_bytes))
}
