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
