//! The capacity plan of the service that siftd replaces, figure by figure: what it says, what is right, and why.
//!
//! Its figures are those that are handed down of it. Where only its way of reckoning is known, the figure that this gives is shown
//! and said to be so.

use crate::cache_memory::{Entry, Redis, SizeClasses};
use crate::report::{Cell, Document, Section, Table};
use crate::throughput::{arithmetic_mean_of_rates, serial};

/// Hits and misses a second of one worker, as the old plan has them.
const HITS_PER_SECOND: f64 = 83.0;
const MISSES_PER_SECOND: f64 = 10.5;
/// Times that it names: of a hit, of a miss, ms.
const HIT_MS: (f64, f64) = (5.0, 20.0);
const MISS_MS: (f64, f64) = (300.0, 500.0);
/// Requests a second that it says 80 % hits give.
const CLAIMED_AT_80: f64 = 68.0;
/// Bytes that it takes for a Redis entry, and those of its own key and value.
const CLAIMED_ENTRY_BYTES: f64 = 112.0;
const KEY_BYTES: u64 = 73;
const VALUE_BYTES: u64 = 53;
/// Bytes of such an entry as they were measured on Redis 7.0.15.
const MEASURED_ENTRY_BYTES: f64 = 246.0;
/// Millions of requests that it divides its monthly bill by, and the rate that it claims.
const BILLED_MILLIONS: f64 = 31.0;
const CLAIMED_RATE: f64 = 500.0;
const CLAIMED_CLUSTER_RATE: f64 = 10_000.0;
/// Its month.
const SECONDS_PER_MONTH: f64 = 30.0 * 86_400.0;
/// Hits a second that two workers on two cores were measured to do.
const MEASURED_HITS: f64 = 50.0;
/// OpenCV's time of denoising and of a whole miss (`bench/records/2026-11-24.md`, astronaut, one thread), ms.
const DENOISING_MS: f64 = 406.0;
const WHOLE_MISS_MS: f64 = 453.0;

const STATED: &str = "stated";
const BY_ITS_METHOD: &str = "by its method";

/// A figure of the old plan beside the right one.
struct Check {
    what: String,
    /// Whether the plan states it, or only its method gives it.
    standing: &'static str,
    claimed: Cell,
    right: Cell,
    unit: &'static str,
    why: &'static str,
}

impl Check {
    fn row(self) -> Vec<Cell> {
        vec![
            self.what.into(),
            self.standing.into(),
            self.claimed,
            self.right,
            self.unit.into(),
            self.why.into(),
        ]
    }
}

/// All that is known of the old plan, checked; also for `asked`, a rate and a hit ratio, if there is one.
pub fn checked(asked: Option<(f64, f64)>) -> Document {
    let section = |key, title: &str, name: &str, checks: Vec<Check>| {
        Section {
        key,
        title: title.to_owned(),
        tables: vec![Table {
            key,
            name: name.to_owned(),
            columns: ["figure", "", "old plan", "right", "unit", "why"].map(str::to_owned).to_vec(),
            rows: checks.into_iter().map(Check::row).collect(),
            formula: "right: as the last column says",
            source: "inputs of the old plan: 83 hits or 10.5 misses a second, 5-20 and 300-500 ms, 112 bytes, 31 million, 500 a second".to_owned(),
        }],
        ..Section::default()
    }
    };
    let mut throughput = throughput();
    throughput.extend(asked.into_iter().flat_map(|(rate, ratio)| workers(rate, ratio)));
    Document {
        title: "The old plan, checked".to_owned(),
        sections: vec![
            section("seed_throughput", "Throughput", "Requests a second", throughput),
            section("seed_times", "Times", "What a request takes", times()),
            section("seed_memory", "Cache memory", "An entry in Redis", memory()),
            section("seed_cost", "Cost", "What a month is", cost()),
        ],
    }
}

const MEAN_OF_TIMES: &str = "rates of hits and misses must not be averaged: a worker does one after another, so their times are \
averaged, 1 / (h / 83 + (1 - h) / 10.5)";

fn rates(ratio: f64) -> (f64, f64) {
    let (hit, miss) = (1.0 / HITS_PER_SECOND, 1.0 / MISSES_PER_SECOND);
    (arithmetic_mean_of_rates(ratio, hit, miss), serial(ratio, hit, miss))
}

fn throughput() -> Vec<Check> {
    let mut checks = Vec::new();
    for (ratio, stated) in [(0.8, Some(CLAIMED_AT_80)), (0.5, None), (0.2, None)] {
        let (wrong, right) = rates(ratio);
        checks.push(Check {
            what: format!("one worker at {:.0} % hits", ratio * 100.0),
            standing: if stated.is_some() { STATED } else { BY_ITS_METHOD },
            claimed: stated.unwrap_or(wrong).into(),
            right: right.into(),
            unit: "1/s",
            why: MEAN_OF_TIMES,
        });
    }
    checks.push(Check {
        what: "two workers, hits alone".to_owned(),
        standing: BY_ITS_METHOD,
        claimed: (2.0 * HITS_PER_SECOND).into(),
        right: MEASURED_HITS.into(),
        unit: "1/s",
        why: "measured: uploads of 197 KB, 16 connections, two workers on two processors",
    });
    checks.extend(workers(CLAIMED_RATE, 0.8));
    checks.extend(workers(CLAIMED_CLUSTER_RATE, 0.8));
    checks
}

/// Workers for a rate.
fn workers(rate: f64, ratio: f64) -> Vec<Check> {
    let (wrong, right) = rates(ratio);
    vec![Check {
        what: format!("workers for {} a second at {:.0} % hits", chart::number(rate), ratio * 100.0),
        standing: BY_ITS_METHOD,
        claimed: (rate / wrong).ceil().into(),
        right: (rate / right).ceil().into(),
        unit: "",
        why: "rate / rate of one worker, each with a processor of its own; at full load, without room for a p99",
    }]
}

fn times() -> Vec<Check> {
    let middle_ms = (MISS_MS.0 + MISS_MS.1) / 2.0;
    let hit_ms = 1e3 / HITS_PER_SECOND;
    vec![
        Check {
            what: "a hit".to_owned(),
            standing: STATED,
            claimed: format!("{}-{}", HIT_MS.0, HIT_MS.1).into(),
            right: hit_ms.into(),
            unit: "ms",
            why: "83 a second by one worker; within its own range",
        },
        Check {
            what: "a miss".to_owned(),
            standing: STATED,
            claimed: format!("{}-{}", MISS_MS.0, MISS_MS.1).into(),
            right: (1e3 / MISSES_PER_SECOND).into(),
            unit: "ms",
            why: "10.5 a second by one worker is 95 ms: its rate and its times contradict each other, unless a worker has about \
                  four misses at a time on processors of their own",
        },
        Check {
            what: format!("one worker at 80 % hits, if a miss takes {middle_ms:.0} ms"),
            standing: BY_ITS_METHOD,
            claimed: CLAIMED_AT_80.into(),
            right: serial(0.8, hit_ms / 1e3, middle_ms / 1e3).into(),
            unit: "1/s",
            why: "1 / (0.8 x 12 ms + 0.2 x 400 ms), by its own times",
        },
        Check {
            what: "denoising, of a miss".to_owned(),
            standing: STATED,
            claimed: "40-50".into(),
            right: (DENOISING_MS / WHOLE_MISS_MS * 100.0).into(),
            unit: "%",
            why: "measured with OpenCV 5 on one thread: 406 of 453 ms (astronaut 512x512, bench/records/2026-11-24.md)",
        },
    ]
}

fn memory() -> Vec<Check> {
    let entry = Entry { key_bytes: KEY_BYTES, value_bytes: VALUE_BYTES, expires: true };
    let system = Redis { allocator: SizeClasses::SYSTEM }.footprint(entry, 100_000).bytes();
    vec![
        Check {
            what: "an entry".to_owned(),
            standing: STATED,
            claimed: CLAIMED_ENTRY_BYTES.into(),
            right: MEASURED_ENTRY_BYTES.into(),
            unit: "bytes",
            why: "measured on Redis 7.0.15 for its own key of 73 and value of 53 bytes: 112 is less than the two themselves",
        },
        Check {
            what: "an entry, by the model".to_owned(),
            standing: STATED,
            claimed: CLAIMED_ENTRY_BYTES.into(),
            right: system.into(),
            unit: "bytes",
            why: "key 80, object 16, value 64, two entries of tables 64, their buckets 21: size classes of jemalloc, 100,000 entries",
        },
        Check {
            what: "entries in a gigabyte".to_owned(),
            standing: BY_ITS_METHOD,
            claimed: (1e9 / CLAIMED_ENTRY_BYTES).into(),
            right: (1e9 / MEASURED_ENTRY_BYTES).into(),
            unit: "",
            why: "a gigabyte / bytes of an entry",
        },
        Check {
            what: "the hit ratio".to_owned(),
            standing: STATED,
            claimed: "given".into(),
            right: "reckoned".into(),
            unit: "",
            why: "it follows from popularity, room and time to live (Che's approximation): --popularity and --working-set",
        },
    ]
}

fn cost() -> Vec<Check> {
    let millions = CLAIMED_RATE * SECONDS_PER_MONTH / 1e6;
    vec![
        Check {
            what: "requests of a month at 500 a second".to_owned(),
            standing: STATED,
            claimed: BILLED_MILLIONS.into(),
            right: millions.into(),
            unit: "millions",
            why: "500 x 86,400 x 30: 31 million are those of 12 a second",
        },
        Check {
            what: "cost of a million, beside what its bill gives".to_owned(),
            standing: STATED,
            claimed: 1.0.into(),
            right: (BILLED_MILLIONS / millions).into(),
            unit: "times",
            why: "the same bill / the requests that it claims to serve; but what it is billed for cannot serve them (throughput)",
        },
        Check {
            what: "rate of 31 million a month".to_owned(),
            standing: BY_ITS_METHOD,
            claimed: CLAIMED_RATE.into(),
            right: (BILLED_MILLIONS * 1e6 / SECONDS_PER_MONTH).into(),
            unit: "1/s",
            why: "31 million / (86,400 x 30 s)",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(document: &Document, section: &str, what: &str) -> f64 {
        let rows = &document.section(section).unwrap().tables[0].rows;
        let row = rows.iter().find(|row| row[0] == Cell::from(what)).unwrap();
        if let Cell::Number(value) = row[3] { value } else { panic!("{row:?}") }
    }

    #[test]
    fn the_known_faults_are_found() {
        let document = checked(None);
        assert!((right(&document, "seed_throughput", "one worker at 80 % hits") - 34.9).abs() < 0.05);
        assert!((right(&document, "seed_cost", "requests of a month at 500 a second") - 1296.0).abs() < 1e-9);
        let modelled = right(&document, "seed_memory", "an entry, by the model");
        assert!((modelled / MEASURED_ENTRY_BYTES - 1.0).abs() < 0.05, "{modelled}");
        // Its own way of reckoning gives what it states.
        assert!((rates(0.8).0 - CLAIMED_AT_80).abs() < 0.6);
    }

    #[test]
    fn what_is_asked_is_reckoned_both_ways() {
        let document = checked(Some((200.0, 0.5)));
        assert_eq!(right(&document, "seed_throughput", "workers for 200 a second at 50 % hits"), 11.0);
    }
}
