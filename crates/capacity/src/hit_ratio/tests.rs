use std::collections::{BTreeMap, HashMap};

use super::*;

/// A cache that forgets the least recently used and what is too old, asked at random: share of hits after it has filled.
fn simulated(lookups: &Lookups, requests: u64) -> f64 {
    let mut random = fastrand::Rng::with_seed(7);
    let exponent = lookups.popularity.exponent;
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for rank in 1..=lookups.popularity.pictures {
        sum += (rank as f64).powf(-exponent);
        sums.push(sum);
    }
    // Inserted when, and when used last; and the other way round.
    let mut entries: HashMap<usize, (f64, u64)> = HashMap::new();
    let mut by_age: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut now, mut hits) = (0.0, 0);
    for number in 0..requests {
        now += -(1.0 - random.f64()).ln() / lookups.rate;
        let drawn = random.f64() * sum;
        let picture = sums.partition_point(|sum| *sum <= drawn);
        let fresh = entries.get(&picture).is_some_and(|(inserted, _)| now - inserted <= lookups.ttl);
        let last = entries.get(&picture).map(|(_, last)| *last);
        last.and_then(|last| by_age.remove(&last));
        let inserted = if fresh { entries[&picture].0 } else { now };
        entries.insert(picture, (inserted, number));
        by_age.insert(number, picture);
        if entries.len() as f64 > lookups.capacity {
            let (_, oldest) = by_age.pop_first().unwrap();
            entries.remove(&oldest);
        }
        if number >= requests / 2 {
            hits += u64::from(fresh);
        }
    }
    hits as f64 / (requests / 2) as f64
}

/// Within 0.01, whatever binds: room, time to live, or both.
#[test]
fn the_approximation_is_what_a_cache_does() {
    for (exponent, capacity, ttl) in [
        (0.8, 1_000.0, 1e9),
        (0.8, 1_000.0, 60.0),
        (0.8, 5_000.0, 100.0),
        (1.0, 200.0, 30.0),
        (0.6, 20_000.0, 200.0),
        (1.2, 100.0, 10.0),
        (0.0, 3_000.0, 50.0),
    ] {
        let popularity = Zipf { exponent, pictures: 20_000 };
        let lookups = Lookups { popularity, rate: 100.0, capacity, ttl };
        let approximated = lookups.cached();
        let hit_ratio = simulated(&lookups, 400_000);
        assert!(
            (approximated.hit_ratio - hit_ratio).abs() < 0.01,
            "{lookups:?}: {approximated:?} {hit_ratio}"
        );
    }
}

#[test]
fn more_room_and_more_time_never_hit_less() {
    let popularity = Zipf { exponent: 0.8, pictures: 1_000_000 };
    let ratio =
        |capacity: f64, ttl: f64| Lookups { popularity, rate: 50.0, capacity, ttl }.cached().hit_ratio;
    let by_room: Vec<f64> = [10.0, 1e3, 1e5, 1e7].map(|capacity| ratio(capacity, 3600.0)).to_vec();
    let by_time: Vec<f64> = [1.0, 60.0, 3600.0, 86_400.0].map(|ttl| ratio(1e5, ttl)).to_vec();
    assert!(by_room.is_sorted() && by_time.is_sorted(), "{by_room:?} {by_time:?}");
}

#[test]
fn a_cache_fills_in_the_time_in_which_as_many_pictures_are_asked_for() {
    // All alike: after t each was asked for with 1 - e^(-t / 100).
    let popularity = Zipf { exponent: 0.0, pictures: 10_000 };
    let lookups = Lookups { popularity, rate: 100.0, capacity: 5_000.0, ttl: 3600.0 };
    assert!((lookups.fills_after().unwrap() - 100.0 * 2.0_f64.ln()).abs() < 1e-6);
    assert_eq!(Lookups { capacity: 10_000.0, ..lookups }.fills_after(), None);
    assert_eq!(Lookups { ttl: 50.0, ..lookups }.fills_after(), None, "a third are there at a time");
}

#[test]
fn a_cache_is_short_from_the_rate_at_which_its_entries_take_all_room() {
    // Each is there for a share λT / (1 + λT) of the time: half where λT is 1.
    let popularity = Zipf { exponent: 0.0, pictures: 10_000 };
    let lookups = Lookups { popularity, rate: 1.0, capacity: 5_000.0, ttl: 100.0 };
    assert!((lookups.fills_at().unwrap() - 100.0).abs() < 1e-6);
    assert_eq!(Lookups { capacity: 10_000.0, ..lookups }.fills_at(), None, "room for all");
}
