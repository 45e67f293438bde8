use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;

fn key(number: u32) -> Key {
    Key { engine_version: number, fingerprint: [0; 16], digest: [0; 32] }
}

fn cached(value: impl Into<Bytes>, extent: Extent, expires_at: Instant) -> Cached {
    Cached { value: value.into(), extent, expires_at }
}

fn memory(capacity_bytes: u64) -> (Memory, Instant) {
    (Memory::new(MemoryConfig { capacity_bytes, ..Default::default() }), Instant::now())
}

#[test]
fn prefixes_are_cut_as_wanted() {
    let (memory, now) = memory(1 << 20);
    let expires_at = memory.expiry(now);
    memory.insert(key(1), &cached("whole", Extent::Whole, expires_at), now).unwrap();
    memory.insert(key(2), &cached("who", Extent::Prefix(3), expires_at), now).unwrap();
    let get = |number, wanted| memory.get(&key(number), wanted, now).map(|held| (held.value, held.extent));
    let some = |value: &'static str, extent| Some((Bytes::from(value), extent));

    assert_eq!(get(1, Extent::Whole), some("whole", Extent::Whole));
    assert_eq!(get(1, Extent::Prefix(3)), some("who", Extent::Prefix(3)));
    assert_eq!(get(1, Extent::Prefix(5)), some("whole", Extent::Whole));
    assert_eq!(get(1, Extent::Prefix(9)), some("whole", Extent::Whole));
    assert_eq!(get(2, Extent::Prefix(2)), some("wh", Extent::Prefix(2)));
    assert_eq!(get(2, Extent::Prefix(3)), some("who", Extent::Prefix(3)));
    assert_eq!(get(2, Extent::Prefix(4)), None, "no more than three bytes are held");
    assert_eq!(get(2, Extent::Whole), None);
    assert_eq!(get(3, Extent::Prefix(0)), None);
}

#[test]
fn a_hit_is_no_copy_and_an_insertion_is_one() {
    let (memory, now) = memory(1 << 20);
    let huge = Bytes::from(vec![7; 100_000]);
    memory.insert(key(1), &cached(huge.slice(..10), Extent::Prefix(10), memory.expiry(now)), now).unwrap();
    assert!(huge.is_unique(), "the buffer that the prefix was cut from is not kept alive");
    let (one, other) =
        (memory.get(&key(1), Extent::Prefix(10), now), memory.get(&key(1), Extent::Prefix(4), now));
    assert_eq!(one.unwrap().value.as_ptr(), other.unwrap().value.as_ptr());
}

#[test]
fn more_replaces_less_and_never_the_other_way_round() {
    let (memory, now) = memory(1 << 20);
    let expires_at = memory.expiry(now);
    let held = || memory.get(&key(1), Extent::Whole, now).is_some();
    let insert = |value: &'static str, extent| {
        memory.insert(key(1), &cached(value, extent, expires_at), now).unwrap();
    };
    insert("pr", Extent::Prefix(2));
    insert("pref", Extent::Prefix(4));
    insert("pre", Extent::Prefix(3));
    assert!(memory.get(&key(1), Extent::Prefix(4), now).is_some());
    insert("prefix", Extent::Whole);
    assert!(held());
    insert("pref", Extent::Prefix(4));
    assert!(held());
    assert_eq!(memory.usage(), Usage { entries: 1, bytes: 6 + ENTRY_BYTES, evictions: 0 });

    let later = expires_at;
    let again = cached("pref", Extent::Prefix(4), later + Duration::from_secs(1));
    memory.insert(key(1), &again, later).unwrap();
    assert!(memory.get(&key(1), Extent::Prefix(4), later).is_some(), "an expired one is replaced");
}

#[test]
fn what_has_expired_is_a_miss_and_gone() {
    let (memory, now) = memory(1 << 20);
    let expires_at = now + Duration::from_secs(10);
    memory.insert(key(1), &cached("a", Extent::Whole, expires_at), now).unwrap();
    memory.insert(key(2), &cached("b", Extent::Whole, expires_at), now).unwrap();
    memory.insert(key(3), &cached("c", Extent::Whole, memory.expiry(now)), now).unwrap();
    assert!(memory.get(&key(1), Extent::Whole, expires_at - Duration::from_nanos(1)).is_some());
    assert!(memory.get(&key(1), Extent::Whole, expires_at).is_none());
    assert_eq!(memory.usage().entries, 2);
    memory.purge_expired(expires_at);
    assert_eq!(memory.usage().entries, 1);
    assert_eq!(memory.usage().evictions, 0);
    assert_eq!(memory.expiry(now), now + Duration::from_secs(3600));
    let ages = Memory::new(MemoryConfig { ttl: Duration::MAX, ..Default::default() });
    assert!(ages.expiry(now) > now);
}

#[test]
fn values_too_large_are_refused_and_leave_the_rest_alone() {
    let (memory, now) = memory(1 << 20);
    let expires_at = memory.expiry(now);
    memory.insert(key(1), &cached("small", Extent::Whole, expires_at), now).unwrap();
    let large = |size| cached(vec![0; size], Extent::Whole, expires_at);
    let most = (1 << 20) / 8 * 7 - ENTRY_BYTES as usize;
    assert_eq!(memory.insert(key(2), &large(most + 1), now), Err(TooLarge));
    assert_eq!(memory.usage().entries, 1);
    memory.insert(key(2), &large(most), now).unwrap();
    assert!(memory.get(&key(2), Extent::Whole, now).is_some());

    let (default, now) = (Memory::new(MemoryConfig::default()), Instant::now());
    let value = cached(vec![0; (14 << 20) - 1024], Extent::Whole, default.expiry(now));
    default.insert(key(1), &value, now).unwrap();
    assert!(default.get(&key(1), Extent::Whole, now).is_some(), "14 MiB find a place whatever the shards");
}

#[test]
fn nothing_fits_a_capacity_of_zero() {
    let (memory, now) = memory(0);
    let refused = memory.insert(key(1), &cached("a", Extent::Whole, memory.expiry(now)), now);
    assert_eq!(refused, Err(TooLarge));
}

#[test]
fn the_capacity_holds_under_a_flood_of_mixed_sizes_from_all_sides() {
    const CAPACITY: u64 = 40 << 20;
    let (memory, now) = memory(CAPACITY);
    let expires_at = memory.expiry(now);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (memory, over) = (&memory, &over);
            scope.spawn(move || {
                let mut state = thread.wrapping_mul(0x9e37_79b9) | 1;
                for _ in 0..6_000 {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    let (key, size) = (key(state % 800), 1 << ((state >> 8) % 19));
                    let extent = if state & 3 == 0 { Extent::Prefix(size) } else { Extent::Whole };
                    memory.insert(key, &cached(vec![0; size], extent, expires_at), now).unwrap();
                    let _ = memory.get(&key, Extent::Whole, now);
                    over.fetch_or(memory.usage().bytes > CAPACITY, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(!over.into_inner());
    let usage = memory.usage();
    assert!(usage.evictions > 100 && usage.bytes > CAPACITY / 2, "{usage:?}");
}

#[test]
fn whole_values_win_over_prefixes_from_other_threads() {
    let (memory, now) = memory(8 << 20);
    let memory = Arc::new(memory);
    let expires_at = memory.expiry(now);
    for round in 0..2_000 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let prefix = cached("prefix", Extent::Prefix(6), expires_at);
                memory.insert(key(round), &prefix, now).unwrap();
            });
            memory.insert(key(round), &cached("prefix and more", Extent::Whole, expires_at), now).unwrap();
        });
        assert!(memory.get(&key(round), Extent::Whole, now).is_some(), "round {round}");
    }
}

#[test]
fn new_values_outlive_a_burst_of_others() {
    let (memory, now) = memory(64 << 20);
    let value = cached(vec![0; 150_000], Extent::Whole, memory.expiry(now));
    (0..1_000).for_each(|number| memory.insert(key(number), &value, now).unwrap());
    assert!(memory.usage().evictions > 0);
    let burst = 1_000..1_100;
    burst.clone().for_each(|number| memory.insert(key(number), &value, now).unwrap());
    let held = burst.filter(|number| memory.get(&key(*number), Extent::Whole, now).is_some()).count();
    assert!(held >= 30, "{held} of 100 are held, 15 MB in 64 MiB");
}
