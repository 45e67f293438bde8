use super::memory::Demand;
use super::tier::{self, Tier};
use super::{Plan, machine::beyond_measured, needed, section as named};
use crate::Error;
use crate::instance::Setup;
use crate::prices::{Bill, Catalogue, Server};
use crate::report::{Cell, Section, Table};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
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
    section.notes.extend(extended(plan));
    section.notes.push("Prices are examples as of their dates unless they are your own: check them. A processor of each server counts as one of the profile's, unless its catalogue gives its speed.".to_owned());
    for catalogue in plan.request.catalogues {
        let offers: Vec<(&Server, Offer)> =
            catalogue.servers.iter().map(|server| (server, offer(plan, catalogue, server))).collect();
        section.notes.push(cheapest(plan, catalogue, &offers));
        section.tables.push(table(plan, catalogue, &offers));
    }
    section
}

/// Servers of more processors than were measured.
fn extended(plan: &Plan<'_>) -> Option<String> {
    let measured = plan.request.profile.machine.cores;
    let servers = plan.request.catalogues.iter().flat_map(|catalogue| &catalogue.servers);
    servers
        .map(|server| server.cores)
        .any(|cores| cores > measured)
        .then(|| beyond_measured("Some servers have", measured))
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
            chart::number(plan.request.workload.planned_rate())
        ),
    }
}

/// Which server is the cheapest that does, or by how much the nearest falls short.
fn cheapest(plan: &Plan<'_>, catalogue: &Catalogue, offers: &[(&Server, Offer)]) -> String {
    let meeting = offers.iter().filter(|(_, offer)| offer.short.is_none());
    if let Some((server, offer)) = meeting.min_by(|(_, a), (_, b)| a.monthly.total_cmp(&b.monthly)) {
        let (monthly, million) = (chart::number(offer.monthly), chart::number(offer.per_million));
        return format!(
            "{}: cheapest is {} x {}, {monthly} {currency} a month, {million} {currency} a million requests.",
            catalogue.name,
            offer.servers,
            server.name,
            currency = catalogue.currency
        );
    }
    let carried = |(server, offer): &(&Server, Offer)| {
        let servers = server.most.unwrap_or(offer.servers).min(offer.servers.max(1));
        offer.greatest * f64::from(servers)
    };
    let wanted = plan.request.workload.peak_rate();
    let nearest = offers.iter().max_by(|a, b| carried(a).total_cmp(&carried(b)));
    match nearest.map(|offer| (offer, carried(offer))) {
        Some(((server, Offer { short: Some(short), .. }), most)) if most >= wanted => {
            format!(
                "{}: nothing meets the objective: the nearest is {}, {short}.",
                catalogue.name, server.name
            )
        }
        nearest => {
            let most = nearest.map_or(0.0, |(_, most)| most);
            format!(
                "{}: nothing meets the objective: {} requests a second are wanted at the busiest time, and the most that can be had \
                 is {} within the objective, {:.0} % short.",
                catalogue.name,
                chart::number(wanted),
                chart::number(most),
                (1.0 - most / wanted) * 100.0
            )
        }
    }
}

fn offer(plan: &Plan<'_>, catalogue: &Catalogue, server: &Server) -> Offer {
    let workload = plan.request.workload;
    let memory_bytes = server.memory_gib * GIB;
    let setup =
        Setup { cores: server.cores, speed: server.speed, memory_bytes, ..plan.instance.setup.clone() };
    let mut offer = Offer {
        greatest: 0.0,
        servers: 0,
        monthly: f64::NAN,
        per_million: f64::NAN,
        per_million_full: f64::NAN,
        short: None,
    };
    let one = match needed::plan(plan.request, &setup) {
        Ok(one) => one,
        Err(Error::ObjectiveOutOfReach { p99, least, .. }) => {
            let ms = |seconds: f64| chart::number(seconds * 1e3);
            offer.short = Some(format!("p99 of {} ms at best, {} ms are allowed", ms(least), ms(p99)));
            return offer;
        }
        Err(error) => {
            offer.short = Some(error.to_string());
            return offer;
        }
    };
    let tier = Tier::of(&one);
    offer.greatest = one.greatest;
    offer.servers = one.deployed();
    offer.short = shortage(&one, server, memory_bytes);
    let node = catalogue.cache_node.memory_gib * GIB;
    let bill = Bill {
        servers: offer.servers,
        cache_nodes: tier::cache_nodes(&one, tier, |_| node),
        rate: workload.planned_rate(),
        answer_bytes: workload.answer_bytes,
    };
    let full = Bill { rate: one.greatest * f64::from(offer.servers), ..bill };
    offer.monthly = bill.monthly(catalogue, server);
    offer.per_million = bill.per_million(catalogue, server);
    offer.per_million_full = full.per_million(catalogue, server);
    offer
}

/// What such servers lack, if they lack something.
fn shortage(one: &Plan<'_>, server: &Server, memory_bytes: f64) -> Option<String> {
    let needed = one.deployed();
    if let Some(most) = server.most.filter(|most| *most < needed) {
        let missing = 1.0 - f64::from(most) / f64::from(needed);
        return Some(format!("{needed} are needed, {most} can be had: {:.0} % short", missing * 100.0));
    }
    let most = Demand::of(one, one.greatest).most(one) + SYSTEM_BYTES;
    let gigabytes = |bytes: f64| bytes / 1e9;
    (most > memory_bytes).then(|| {
        let (most, has) = (gigabytes(most), gigabytes(memory_bytes));
        format!("memory: its settings allow for {most:.1} GB, it has {has:.1}; lower pixel_budget, body_budget or cache_memory")
    })
}
