//! The memory tier's capacity bounds what the process takes, not only the values: measured as the system counts it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use cache::{Extent, Key, MemoryConfig, Tiers};

/// Names the flood for the process that is measured.
const FLOOD: &str = "SIFTD_TEST_FLOOD";

/// Has glibc give large values pages of their own, which go back to the system (by default it does so only at first), and
/// all threads one arena: the gaps of several are up to 11 MiB more, as the threads happen to take turns.
const ALLOCATOR: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_ARENA_MAX", "1")];

const CAPACITY: u64 = 64 << 20;

/// Threads that insert, as several compute in a service.
const THREADS: u64 = 2;

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn key(number: u64) -> Key {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    Key { engine_version: 2, fingerprint: [0; 16], digest }
}

fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// How many values, and of what size each.
fn flood(name: &str) -> (u64, fn(u64) -> usize) {
    match name {
        "feature sets" => (10_000, |number| 100_000 + (scattered(number) >> 47) as usize),
        "mixed" => (100_000, |number| 1 << ((scattered(number) >> 32) % 19)),
        "headers" => (400_000, |_| 400),
        _ => (600_000, |_| 8),
    }
}

/// Run by the test below in a process of its own, as memory that one flood gave back would serve the next.
#[test]
fn fill() {
    let Ok(name) = std::env::var(FLOOD) else { return };
    let (entries, size) = flood(&name);
    let tiers = Tiers::memory(MemoryConfig { capacity_bytes: CAPACITY, ..Default::default() });
    let before = resident();
    let fill = &|first: u64| {
        let mut most = 0;
        for number in (first..entries).step_by(THREADS as usize) {
            tiers.insert(key(number), vec![1; size(number)].into());
            // From the first hit on, a value takes a little more: its buffer is shared.
            drop(tiers.get_memory(&key(number), Extent::Whole));
            if number % 512 < THREADS {
                most = most.max(resident());
            }
        }
        most
    };
    let most = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || fill(first))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
    });
    let usage = tiers.statistics()[0].usage;
    let taken = most.max(resident()) - before;
    let held = (0..entries).filter_map(|number| tiers.get_memory(&key(number), Extent::Whole));
    let values: usize = held.map(|held| held.value.len()).sum();
    println!(
        "{name}: {} entries of {values} bytes, {} bytes counted, {taken} taken, {:.0} an entry beyond its value",
        usage.entries,
        usage.bytes,
        (taken as f64 - values as f64) / usage.entries as f64,
    );
    assert!(usage.evictions > 0 && usage.bytes <= CAPACITY);
    // The allocator's rounding to pages, and what the threads have in hand.
    assert!(taken < CAPACITY / 8 * 9, "{taken}");
}

#[test]
fn the_process_takes_what_the_capacity_says() {
    for name in ["feature sets", "mixed", "headers", "tiny"] {
        let mut fill = Command::new(std::env::current_exe().unwrap());
        fill.args(["--exact", "fill", "--nocapture"]).env(FLOOD, name).envs(ALLOCATOR);
        let output = fill.output().unwrap();
        println!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
