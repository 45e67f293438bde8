use super::*;
use crate::hit_ratio::Zipf;
use crate::profile::RequestProfile;
use crate::profile::tests::profile;
use crate::report::Cell;
use crate::workload::{Hits, Objective};

fn shared() -> Shared {
    Shared { backend: Backend::Redis, capacity_bytes: 4e9, shard_bytes: 2e9, operations_per_second: 80_000.0 }
}

fn planned(workload: &Workload, shared: Option<Shared>) -> Result<Document, Error> {
    let profile = profile();
    let catalogues = Catalogue::examples().unwrap();
    let setup = Setup::of(&profile);
    plan(&Request {
        profile: &profile,
        profile_name: "test",
        workload,
        setup,
        shared,
        catalogues: &catalogues,
    })
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
    let workload = Workload::new(5000.0, Hits::Ratio(0.8));
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
        let request = Request {
            profile,
            profile_name: "test",
            workload: &workload,
            setup: Setup::of(profile),
            shared: Some(shared()),
            catalogues: &[],
        };
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
    let setup = Setup::of(&profile);
    let request = Request {
        profile: &profile,
        profile_name: "test",
        workload: &workload,
        setup,
        shared: None,
        catalogues: &[],
    };
    let document = plan(&request).unwrap();
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
