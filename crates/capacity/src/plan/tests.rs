use std::time::Duration;

use super::*;
use crate::cache_memory::{Entry, Memory};
use crate::hit_ratio::{Lookups, Zipf};
use crate::profile::RequestProfile;
use crate::profile::tests::profile;
use crate::report::Cell;
use crate::workload::{Hits, Objective};

fn shared() -> Shared {
    Shared { backend: Backend::Redis, capacity_bytes: 4e9, shard_bytes: 2e9, operations_per_second: 80_000.0 }
}

fn planned(workload: &Workload, shared: Option<Shared>) -> Result<Document, Error> {
    let catalogues = Catalogue::examples().unwrap();
    plan(&Request { shared, catalogues: &catalogues, ..asked(&profile(), workload) })
}

/// Of instances as they are by default, alone and without prices.
fn asked<'a>(profile: &'a Profile, workload: &'a Workload) -> Request<'a> {
    let setup = Setup::of(profile);
    Request { profile, profile_name: "test", workload, setup, shared: None, catalogues: &[] }
}

#[test]
fn a_small_workload_fits_one_host() {
    let document = planned(&Workload::new(50.0, Hits::Ratio(0.8)), None).unwrap();
    let needed = document.section("needed").unwrap();
    assert_eq!(needed.value("instances"), Some(1.0));
    // Two processors, 50 ms of five: 200 less what keeps p99.
    let greatest = needed.value("greatest_rate").unwrap();
    assert!((120.0..198.0).contains(&greatest), "{greatest}");
    let tier = document.section("tier").unwrap();
    assert!(tier.attachments[0].text.contains("SIFTD_CACHE=memory://"));
}

/// The table of latencies and the rate that keeps the objective are of the same requests: near capacity, too, the one keeps what the other
/// says.
#[test]
fn latencies_keep_the_objective_up_to_the_greatest_rate_and_not_beyond() {
    for (hit_ratio, p99) in [(0.0, 0.5), (0.8, 0.7), (0.9, 2.0)] {
        let objective = Objective { p99, refused: 0.01 };
        let workload = Workload { objective, ..Workload::new(10.0, Hits::Ratio(hit_ratio)) };
        let document = planned(&workload, None).unwrap();
        let greatest = document.section("needed").unwrap().value("greatest_rate").unwrap();
        let table = &document.section("latency").unwrap().tables[0];
        let column = |name: &str| {
            let index = table.columns.iter().position(|column| column == name).unwrap();
            table.rows.iter().map(move |row| match row[index] {
                Cell::Number(value) => value,
                _ => f64::NAN,
            })
        };
        let rows: Vec<_> = column("rate, 1/s").zip(column("all p99, ms").zip(column("refused, %"))).collect();
        assert!(
            rows.iter().any(|(rate, _)| *rate < greatest) && rows.iter().any(|(rate, _)| *rate > greatest)
        );
        for (rate, (p99, refused)) in rows {
            let keeps = p99 <= objective.p99 * 1e3 && refused <= objective.refused * 100.0;
            assert_eq!(keeps, rate <= greatest, "{rate} of {greatest}: {p99} ms, {refused} %");
        }
    }
}

#[test]
fn a_plan_of_which_something_is_short_says_so_first() {
    let workload = Workload::new(100.0, Hits::Ratio(0.8));
    let profile = profile();
    let notes = |change: fn(&mut Setup)| {
        let mut request = asked(&profile, &workload);
        change(&mut request.setup);
        plan(&request).unwrap().section("needed").unwrap().notes.join(" ")
    };
    assert_eq!(notes(|_| {}), "");
    // More than processors can do, of which the objective lets some be refused.
    let much = Workload { objective: Objective { p99: 10.0, refused: 0.2 }, ..workload.clone() };
    let document = plan(&asked(&profile, &much)).unwrap();
    assert_eq!(document.section("needed").unwrap().notes, Vec::<String>::new());
    let short = notes(|setup| (setup.max_connections, setup.memory_bytes) = (0.01, 1e6));
    assert!(
        short.contains("HOLD: connections: short at") && short.contains("HOLD: memory of an instance"),
        "{short}"
    );
}

/// 200 requests of 200 KB a second at the busiest time, of which a network carries 20 or 2,000.
#[test]
fn instances_are_as_many_as_the_network_into_them_takes() {
    let workload = Workload::new(100.0, Hits::Ratio(0.8));
    let profile = profile();
    let instances = |bytes| {
        let mut request = asked(&profile, &workload);
        request.setup.network_bytes_per_second = bytes;
        let document = plan(&request).unwrap();
        let (needed, limits) = (document.section("needed").unwrap(), document.section("limits").unwrap());
        assert_eq!(needed.notes, Vec::<String>::new());
        let short_at = |resource: &str| {
            let mut rows = limits.tables[0].rows.iter();
            let Some(Cell::Number(rate)) =
                rows.find_map(|row| (row[0] == resource.into()).then(|| row[1].clone()))
            else {
                panic!("{resource} is short at no rate")
            };
            rate
        };
        let first = short_at("the network into the instances") < short_at("the objective for latency");
        (needed.value("instances").unwrap(), needed.value("greatest_rate").unwrap(), first)
    };
    assert_eq!(instances(4e6), (10.0, 20.0, true));
    let (few, greatest, first) = instances(4e8);
    assert!(few <= 2.0 && greatest > 100.0 && !first, "{few} that carry {greatest} each");
}

#[test]
fn one_host_needs_no_shared_cache() {
    let document = planned(&Workload::new(50.0, Hits::Ratio(0.8)), Some(shared())).unwrap();
    let tier = document.section("tier").unwrap();
    assert_eq!(tier.value("tier_cache_nodes"), Some(0.0));
    assert!(tier.attachments[0].text.contains("SIFTD_CACHE=memory://"));
    assert_eq!(document.section("caching").unwrap().value("shards"), None);
}

#[test]
fn shards_have_room_for_all_bytes() {
    let workload = Workload::new(3000.0, Hits::Ratio(0.8));
    let document = planned(&workload, Some(Shared { capacity_bytes: 1e12, ..shared() })).unwrap();
    let caching = document.section("caching").unwrap();
    let needed = caching.value("shared_needed").unwrap();
    // 2 GB each, of which entries may take three quarters.
    assert_eq!(caching.value("shards"), Some((needed / 1.5).ceil()));
    let little = planned(&workload, Some(Shared { capacity_bytes: 4e9, ..shared() })).unwrap();
    assert_eq!(little.section("caching").unwrap().value("shards"), Some(3.0), "4 GB at the most");
}

#[test]
fn urls_name_the_nodes_of_the_tier() {
    let url = |rate, backend| {
        let shared = Some(Shared { backend, ..shared() });
        let document = planned(&Workload::new(rate, Hits::Ratio(0.8)), shared).unwrap();
        let text = &document.section("tier").unwrap().attachments[0].text;
        text.lines().find_map(|line| line.strip_prefix("SIFTD_CACHE=")).unwrap().to_owned()
    };
    assert_eq!(url(150.0, Backend::Redis), "redis-cluster://cache-0,cache-1,cache-2");
    assert_eq!(url(150.0, Backend::Memcached), "memcached://cache-0,cache-1,cache-2");
    assert_eq!(url(150.0, Backend::Postgres), "postgres://siftd@cache-0/siftd");
    let pods = url(800.0, Backend::Redis);
    assert_eq!(pods, "redis-cluster://cache-0.cache,cache-1.cache,cache-2.cache");
}

#[test]
fn lookups_in_a_shared_cache_cost_what_was_measured() {
    let mut profile = profile();
    let workload = Workload::new(500.0, Hits::Ratio(0.95));
    let greatest = |profile: &Profile| {
        let request = Request { shared: Some(shared()), ..asked(profile, &workload) };
        let document = plan(&request).unwrap();
        let told =
            document.section("caching").unwrap().notes.iter().any(|note| note.contains("not measured"));
        (document.section("needed").unwrap().value("greatest_rate").unwrap(), told)
    };
    let (free, told) = greatest(&profile);
    assert!(told);
    let hit = profile.requests.upload_hits[0].clone();
    let lookup = RequestProfile { cpu_seconds: hit.cpu_seconds * 10.0, ..hit };
    profile.requests.shared_lookups.insert("redis".to_owned(), lookup);
    let (paid, told) = greatest(&profile);
    assert!(paid < free && !told, "{paid} {free}");
}

#[test]
fn every_figure_names_its_formula_and_its_source() {
    let document = planned(&Workload::new(5000.0, Hits::Ratio(0.8)), Some(shared())).unwrap();
    for section in &document.sections {
        for figure in &section.figures {
            assert!(!figure.formula.is_empty() && !figure.source.is_empty(), "{figure:?}");
            assert!(figure.value.is_finite(), "{figure:?}");
        }
        for table in &section.tables {
            assert!(!table.formula.is_empty() && !table.source.is_empty(), "{}", table.name);
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.name);
        }
        let mut keys: Vec<&str> = section.figures.iter().map(|figure| figure.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), section.figures.len(), "{}", section.key);
    }
    assert!(document.section("tier").unwrap().attachments[1].text.contains("replicaCount"));
}

#[test]
fn a_profile_of_a_busy_machine_is_told() {
    let mut profile = profile();
    profile.contention.across_pictures.law.sigma = 1.1;
    let workload = Workload::new(5.0, Hits::Ratio(0.5));
    let document = plan(&asked(&profile, &workload)).unwrap();
    assert!(document.section("machine").unwrap().notes.iter().any(|note| note.contains("doubtful")));
    assert!(document.section("cost").is_none(), "without prices there is no cost");
}

#[test]
fn limits_are_in_order() {
    let document = planned(&Workload::new(300.0, Hits::Ratio(0.8)), Some(shared())).unwrap();
    let limits = &document.section("limits").unwrap().tables[0];
    let rates: Vec<f64> = limits
        .rows
        .iter()
        .filter_map(|row| if let Cell::Number(rate) = row[1] { Some(rate) } else { None })
        .collect();
    assert!(rates.is_sorted() && rates.len() >= 7, "{rates:?}");
}

#[test]
fn a_million_a_second_is_planned_on_paper() {
    let document = planned(&Workload::new(1e6, Hits::Ratio(0.95)), Some(shared())).unwrap();
    let instances = document.section("needed").unwrap().value("instances").unwrap();
    assert!(instances > 1000.0);
    assert!(document.section("tier").unwrap().notes[0].contains("On paper"));
    let cost = document.section("cost").unwrap();
    assert!(cost.notes.iter().any(|note| note.contains("nothing meets the objective")), "{:?}", cost.notes);
}

#[test]
fn what_is_impossible_says_what_is_possible() {
    let mut workload = Workload::new(10.0, Hits::Ratio(0.5));
    workload.objective = Objective { p99: 0.02, ..workload.objective };
    let error = planned(&workload, None).unwrap_err();
    let Error::ObjectiveOutOfReach { least, .. } = error else { panic!("{error}") };
    workload.objective.p99 = least * 1.3;
    assert!(planned(&workload, None).is_ok(), "{error}");
}

#[test]
fn what_is_always_lost_says_which_settings_lose_it() {
    let profile = profile();
    let workload = Workload::new(10.0, Hits::Ratio(0.0));
    // Less than a picture takes.
    let setup = Setup { deadline: Duration::from_millis(20), ..Setup::of(&profile) };
    let request = Request { setup, ..asked(&profile, &workload) };
    let Err(Error::LossOutOfReach { late, deadline, .. }) = plan(&request) else { panic!() };
    assert_eq!((late, deadline), (1.0, 0.02));
}

/// Each instance more has fewer requests of its own, and hits less of them: the plan is where that ends.
#[test]
fn instances_are_as_many_as_suffice_with_the_hits_that_they_have() {
    let profile = profile();
    for (exponent, rate) in [(0.6, 400.0), (0.8, 800.0)] {
        let workload = Workload::new(rate, Hits::Popularity(Zipf { exponent, pictures: 100_000 }));
        let setup = Setup { memory_tier_bytes: 8e9, ..Setup::of(&profile) };
        let request = asked(&profile, &workload);
        let planned = needed::plan(&request, &setup).unwrap();
        let suffices = |instances: u32| {
            let lookups =
                Lookups { rate: rate / f64::from(instances), ..planned.memory_lookups().unwrap() }.cached();
            let instance = Instance::new(&profile, setup.clone(), &workload).unwrap();
            let greatest = instance.greatest_rate(lookups.hit_ratio, &workload.objective);
            workload.peak_rate() / greatest <= f64::from(instances)
        };
        assert!(planned.instances > 4, "{}", planned.instances);
        assert!(suffices(planned.instances), "{}", planned.instances);
        assert!(!(1..planned.instances).any(suffices), "fewer than {} do", planned.instances);
    }
}

#[test]
fn each_of_several_clusters_has_a_cache_that_can_be() {
    let document = planned(&Workload::new(10_000.0, Hits::Ratio(0.8)), Some(shared())).unwrap();
    let tier = document.section("tier").unwrap();
    let values = &tier.attachments[1].text;
    let clusters: f64 = number_after(values, "# For each of ");
    let nodes: f64 = number_after(values, "nodes: ");
    assert!(clusters >= 2.0 && nodes >= 6.0, "{values}");
    assert_eq!(tier.value("tier_cache_nodes"), Some(clusters * nodes));
    assert!(values.contains("redis-cluster://cache-0.cache,cache-1.cache,cache-2.cache"), "{values}");
}

fn number_after(text: &str, before: &str) -> f64 {
    let rest = text.split_once(before).unwrap().1;
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn a_container_may_take_what_its_settings_allow() {
    let document = planned(&Workload::new(800.0, Hits::Ratio(0.8)), Some(shared())).unwrap();
    let values = &document.section("tier").unwrap().attachments[1].text;
    let limit = number_after(values.split_once("limits:").unwrap().1, "memory: ") * 1_048_576.0;
    let most = document.section("memory").unwrap().value("process_most").unwrap() * 1e6;
    assert!(limit >= most && limit < most * 1.01, "{limit} {most}");
}

/// What is evicted and computed again is stored again, and yet held once.
#[test]
fn entries_are_those_that_are_there() {
    let popularity = Zipf { exponent: 0.8, pictures: 1_000_000 };
    let workload = Workload::new(100.0, Hits::Popularity(popularity));
    let document = planned(&workload, None).unwrap();
    let caching = document.section("caching").unwrap();
    let profile = profile();
    let bytes = Memory.footprint(Entry {
        key_bytes: profile.stored.key_bytes as u64,
        value_bytes: profile.stored.bytes(1000.0) as u64,
        expires: true,
    });
    let instances = document.section("needed").unwrap().value("instances").unwrap();
    let room = Setup::of(&profile).memory_tier_bytes / bytes.bytes();
    let entries = caching.value("entries").unwrap();
    assert!((entries / (room * instances) - 1.0).abs() < 0.01, "{entries} in room for {room} x {instances}");
    let lookups = Lookups { popularity, rate: 100.0 / instances, capacity: f64::INFINITY, ttl: 3600.0 };
    let needed = lookups.cached().entries * bytes.bytes() / 1e9;
    assert!((caching.value("memory_tier_needed").unwrap() - needed).abs() < 1e-6 * needed);
}

#[test]
fn a_tier_with_room_for_all_pictures_is_never_short() {
    let short_at = |pictures| {
        let workload = Workload::new(100.0, Hits::Popularity(Zipf { exponent: 0.8, pictures }));
        let document = planned(&workload, None).unwrap();
        let rows = &document.section("limits").unwrap().tables[0].rows;
        let row = rows.iter().find(|row| row[0] == Cell::from("room in the memory tier")).unwrap();
        if let Cell::Number(rate) = row[1] { Some(rate) } else { None }
    };
    assert_eq!(short_at(1_000), None);
    assert!(short_at(100_000).is_some());
}

#[test]
fn a_table_grows_and_evicts_nothing() {
    let popularity = Hits::Popularity(Zipf { exponent: 0.8, pictures: 1_000_000 });
    let little = |backend| Some(Shared { backend, capacity_bytes: 1e9, ..shared() });
    let [table, redis] = [Backend::Postgres, Backend::Redis].map(|backend| {
        let document = planned(&Workload::new(500.0, popularity), little(backend)).unwrap();
        let caching = document.section("caching").unwrap();
        let told = caching.notes.iter().any(|note| note.contains("evicts nothing"));
        (caching.value("hit_ratio").unwrap(), caching.value("shared_full").is_some(), told)
    });
    assert!(table.0 > redis.0 + 0.1, "{table:?} {redis:?}");
    assert_eq!((table.1, table.2, redis.1, redis.2), (false, true, true, false));
}

#[test]
fn headers_of_what_a_shared_cache_answers_take_little_of_the_memory_tier() {
    let popularity = Hits::Popularity(Zipf { exponent: 0.8, pictures: 100_000 });
    let profile = profile();
    let workload = Workload::new(1000.0, popularity);
    let shared = Some(Shared { capacity_bytes: 1e12, ..shared() });
    let request = Request { shared, ..asked(&profile, &workload) };
    let planned = needed::plan(&request, &request.setup).unwrap();
    let (memory, whole) = (planned.memory_tier.unwrap(), Memory.footprint(planned.entry()).bytes());
    let (computed, passed) = (1.0 - planned.hit_ratio, 1.0 - memory.hit_ratio);
    // 320 bytes of each that the shared cache answered.
    let mean = (computed * whole + (passed - computed) * 320.0) / passed;
    assert!((planned.memory_entry_bytes() / mean - 1.0).abs() < 1e-9);
    let full = memory.entries * mean / request.setup.memory_tier_bytes;
    assert!((0.9..1.1).contains(&full) || memory.characteristic_time.is_none(), "{full} of its room");
}

#[test]
fn misses_count_in_proportion_where_there_are_no_hits() {
    let document = planned(&Workload::new(100.0, Hits::Ratio(0.0)), None).unwrap();
    let rows = &document.section("sensitivity").unwrap().tables[0].rows;
    let row = rows.iter().find(|row| row[0] == Cell::from("share of misses")).unwrap();
    let Cell::Number(elasticity) = row[4] else { panic!("{row:?}") };
    assert!((elasticity - 1.0).abs() < 0.1, "{elasticity}");
    assert!(matches!(row[3], Cell::None), "more than all cannot miss");
}

#[test]
fn popularity_gives_the_hit_ratio() {
    let popularity = Hits::Popularity(Zipf { exponent: 0.8, pictures: 100_000 });
    let alone = planned(&Workload::new(200.0, popularity), None).unwrap();
    let together = planned(&Workload::new(200.0, popularity), Some(shared())).unwrap();
    let ratio = |document: &Document| document.section("caching").unwrap().value("hit_ratio").unwrap();
    assert!(ratio(&together) > ratio(&alone) + 0.1, "{} {}", ratio(&together), ratio(&alone));
}

#[test]
fn demand_that_doubles_needs_twice_as_much() {
    let document = planned(&Workload::new(300.0, Hits::Ratio(0.5)), None).unwrap();
    let rows = &document.section("sensitivity").unwrap().tables[0].rows;
    let elasticity = |name: &str| {
        let row = rows.iter().find(|row| row[0] == Cell::from(name)).unwrap();
        if let Cell::Number(value) = row[4] { value } else { f64::NAN }
    };
    assert!((elasticity("rate") - 1.0).abs() < 1e-6);
    assert!((elasticity("time of computing") - 1.0).abs() < 0.25, "{}", elasticity("time of computing"));
    assert!(elasticity("p99 that is allowed") <= 0.0);
    assert!(!rows.iter().any(|row| row[0] == Cell::from("working set")), "it has none");
}
