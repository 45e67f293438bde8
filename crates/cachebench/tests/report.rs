//! What is measured of a store at hand, and how it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use cache::{DiskConfig, DiskStore, MemoryConfig, Store};
use cachebench::{
    CacheReport, Config, Counted, Kept, Kind, Marks, Measured, MemoryStore, Report, SCHEMA, Settings,
};
use capacity::profile::Machine;

fn config() -> Config {
    Config { bytes: 1_000_000, window: Duration::from_millis(5), callers: vec![1, 2], scale: vec![1, 2, 4] }
}

async fn measured(store: Arc<dyn Store>) -> Measured {
    let measured = cachebench::measure(&store, &config(), &|_| {}).await.unwrap();
    assert_eq!(store.usage().entries, 0, "what was written is removed");
    measured
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(MemoryConfig::default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_takes_what_it_says_and_does_what_it_is_asked() {
    let measured = measured(memory()).await;
    assert_eq!((measured.server, measured.notes), (None, Vec::new()));
    let footprints =
        measured.footprints.iter().map(|one| (one.value_bytes, one.entries, one.bytes_per_entry));
    // 192 bytes are what the memory tier weighs an entry with, beside its value.
    assert_eq!(footprints.collect::<Vec<_>>(), [(16_000, 62, 16_192.0), (150_000, 6, 150_192.0)]);
    assert_eq!(measured.measurements.len(), 10);
    for measurement in &measured.measurements {
        assert!(measurement.done > 0 && measurement.misses == 0 && measurement.errors.is_empty());
        assert!((measurement.rate * measurement.seconds / measurement.done as f64 - 1.0).abs() < 1e-9);
    }
    assert_eq!(measured.scale.iter().map(|rate| rate.callers).collect::<Vec<_>>(), [1, 2, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_counted_by_their_moments() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(DiskStore::open(DiskConfig::new(folder.path())).unwrap());
    let mut marks = Marks::new();
    let store = open();
    marks.write(&*store, 3).await.unwrap();
    marks.write(&*store, 4).await.unwrap();
    drop(store);
    let all = |written| Counted { written, found: written };
    let store = open();
    assert_eq!(marks.count(&*store).await.unwrap(), Kept { early: all(3), late: all(4) });
    let none = |written| Counted { written, found: 0 };
    assert_eq!(
        marks.count(&*store).await.unwrap(),
        Kept { early: none(3), late: none(4) },
        "they are removed"
    );
    assert_eq!(marks.count(&*memory()).await.unwrap(), Kept { early: none(3), late: none(4) });
}

/// Of a memory tier that was measured, and of a Redis that is away.
async fn report() -> Report {
    let mut memory_report = CacheReport::new(Kind::Memory, "memory".into(), "memory://".into());
    memory_report.add(Kind::Memory, measured(memory()).await);
    let kept = Kept { early: Counted { written: 10, found: 0 }, late: Counted { written: 10, found: 0 } };
    memory_report.persistence.siftd_killed = Some(kept);
    let mut away = CacheReport::new(Kind::Redis, "Redis".into(), "redis://a<b>&c".into());
    away.error = Some("a<b>&c: connection refused".into());
    Report {
        schema: SCHEMA,
        made: "2026-11-26T12:00:00.000Z".into(),
        siftd: "0.1.0".into(),
        machine: Machine {
            cores: 2,
            cpu: "a processor".into(),
            instruction_set: "avx2".into(),
            memory_bytes: 1 << 33,
            system: "Linux".into(),
        },
        settings: Settings { bytes: 1_000_000, window_seconds: 0.005 },
        caches: vec![memory_report, away],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_has_a_column_a_cache_and_says_what_is_not_known() {
    let report = report().await;
    assert!(!report.is_complete());
    let document = report.document();
    let matrix = &document.section("matrix").unwrap().tables[0];
    assert_eq!(matrix.columns, ["", "memory", "Redis"]);
    assert!(matrix.rows.iter().all(|row| row.len() == 3));
    let text = document.to_markdown();
    for line in [
        "| bytes of an entry of 16,000 | 16,192 | - |",
        "| kept when siftd is killed, 3 s old | 0 of 10 | - |",
        "| processes to run beside siftd | 0 | - |",
        "| what must run | nothing | a server |",
        "Redis: it was not measured: a<b>&c: connection refused",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["caches"][0]["measurements"][0]["operation"], "get_summary");
    assert_eq!(json["caches"][0]["footprints"][1]["bytes_per_entry"], 150_192.0);
    assert_eq!(json["caches"][1]["server"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_well_formed_and_loads_nothing() {
    let svg = cachebench::picture(&report().await);
    let count = |text: &str| svg.matches(text).count();
    assert_eq!(
        (count("<text"), count("<svg"), count("<g")),
        (count("</text>"), count("</svg>"), count("</g>"))
    );
    // One of the page, one of the plot.
    assert_eq!((count("<svg"), count("NaN"), count("inf\"")), (2, 0, 0));
    assert_eq!(count("http"), count("http://www.w3.org/2000/svg"));
    assert!(svg.contains(">16,192<") || svg.contains(">150,192<"));
    assert!(svg.contains(">not measured<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_measured_is_still_a_report() {
    let mut report = report().await;
    report.caches.remove(0);
    assert!(report.document().to_text().contains("Redis"));
    assert!(cachebench::picture(&report).ends_with("</svg>\n"));
    report.caches.clear();
    assert!(report.is_complete() && !cachebench::picture(&report).is_empty());
}
