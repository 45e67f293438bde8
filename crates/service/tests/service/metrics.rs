//! `/metrics`, as Prometheus scrapes it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{env, fs};

use cache::{DiskConfig, DiskStore, GuardConfig, Guarded, Store};
use tokio::runtime::Handle;

use crate::http::{DETECT, Service, get, post};
use crate::pictures::{photograph, small, workspace};

/// Families of the contract, and their types. `breaker_state` comes with the first store that is reached over a network.
const FAMILIES: [(&str, &str); 26] = [
    ("siftd_requests", "counter"),
    ("siftd_request_duration_seconds", "histogram"),
    ("siftd_stage_duration_seconds", "histogram"),
    ("siftd_cache_requests", "counter"),
    ("siftd_cache_errors", "counter"),
    ("siftd_cache_entries", "gauge"),
    ("siftd_cache_bytes", "gauge"),
    ("siftd_cache_evictions", "counter"),
    ("siftd_compute_queue_depth", "gauge"),
    ("siftd_compute_queue_wait_seconds", "histogram"),
    ("siftd_compute_busy_threads", "gauge"),
    ("siftd_compute_threads", "gauge"),
    ("siftd_inflight_pixels", "gauge"),
    ("siftd_rejected", "counter"),
    ("siftd_image_pixels", "histogram"),
    ("siftd_image_bytes", "histogram"),
    ("siftd_keypoints", "histogram"),
    ("siftd_connections", "gauge"),
    ("siftd_requests_in_flight", "gauge"),
    ("siftd_body_bytes_in_flight", "gauge"),
    ("siftd_log_lines_dropped", "counter"),
    ("process_cpu_seconds", "counter"),
    ("process_resident_memory_bytes", "gauge"),
    ("process_open_fds", "gauge"),
    ("process_threads", "gauge"),
    ("process_start_time_seconds", "gauge"),
];

#[test]
fn every_family_of_the_contract_is_there_from_the_start() {
    let service = Service::start();
    let answer = service.ask(&get("/metrics")).ok();
    assert_eq!(answer.expect("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let count = types.clone().count();
    let types: BTreeMap<_, _> = types.collect();
    assert_eq!(types.len(), count, "a family is described twice");
    for (name, kind) in FAMILIES {
        assert_eq!(types.get(name), Some(&kind), "{name}");
    }
}

#[test]
fn requests_stages_and_images_are_counted() {
    let service = Service::start();
    let picture = photograph();
    let keypoints = service.ask(&post(DETECT, picture.clone())).ok().json()["keypoints"].as_f64().unwrap();
    service.ask(&post(DETECT, picture.clone())).ok();
    service.ask(&post(DETECT, "hello")).problem(400, "INVALID_IMAGE");
    service.ask(&get("/nowhere/1"));
    service.ask(&get("/nowhere/2"));
    for (name, value) in [
        ("siftd_requests_total{route=\"detect\",status=\"200\"}", 2.0),
        ("siftd_requests_total{route=\"detect\",status=\"400\"}", 1.0),
        ("siftd_requests_total{route=\"other\",status=\"404\"}", 2.0),
        ("siftd_request_duration_seconds_count{route=\"detect\"}", 3.0),
        ("siftd_stage_duration_seconds_count{stage=\"parse\"}", 3.0),
        ("siftd_stage_duration_seconds_count{stage=\"hash\"}", 3.0),
        ("siftd_stage_duration_seconds_count{stage=\"denoise\"}", 1.0),
        ("siftd_cache_requests_total{tier=\"memory\",result=\"hit\"}", 1.0),
        ("siftd_cache_requests_total{tier=\"memory\",result=\"miss\"}", 2.0),
        ("siftd_cache_entries{tier=\"memory\"}", 1.0),
        ("siftd_image_pixels_sum", 451.0 * 300.0),
        ("siftd_image_bytes_sum", 2.0 * picture.len() as f64 + 5.0),
        ("siftd_keypoints_sum", keypoints),
        ("siftd_compute_queue_wait_seconds_count", 1.0),
        ("siftd_compute_threads", 1.0),
        ("siftd_body_bytes_in_flight", 0.0),
    ] {
        assert_eq!(service.metric(name), value, "{name}");
    }
}

/// Labels stay bounded, whatever paths and methods are tried.
#[test]
fn clients_make_no_series() {
    let service = Service::start();
    let series = || service.scrape().lines().filter(|line| !line.starts_with('#')).count();
    service.ask(&get("/a"));
    service.ask(&get(format!("/api/v1/features/{}", "0".repeat(64))));
    service.ask(&post(DETECT, small())).ok();
    series();
    let before = series();
    for index in 0..50 {
        service.ask(&get(format!("/{index}")));
        service.ask(&get(format!("/api/v1/features/{index:064}")));
        service.ask(&post(DETECT, small()).header("X-Request-ID", index.to_string())).ok();
    }
    assert_eq!(series(), before);
}

/// What stands before the table of the reference page.
const INTRODUCTION: &str = "\
# Metrics of `siftd serve`

`GET /metrics`, as OpenMetrics text; with `admin_listen`, there too. Units are in the names: seconds, bytes, pixels. Labels are
bounded, whatever clients send. A histogram has `_bucket`, `_sum` and `_count`. This page is written from what the program itself
gives.

";

/// With a store behind a breaker, as those that are reached over a network are, whose metrics are on the page, too.
#[test]
fn the_reference_page_is_current() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(DiskStore::open(DiskConfig::new(folder.path())).unwrap());
    let service = Service::with(|setup| {
        setup.store = Some(Box::pin(async {
            let config = GuardConfig::default();
            let guarded = Guarded::new(store, config, &Handle::current(), Box::new(|_, _| {}));
            Ok(Arc::new(guarded) as Arc<dyn Store>)
        }));
    });
    service.until_ready();
    service.ask(&post(DETECT, small())).ok();
    let page = INTRODUCTION.to_owned() + &service::metrics_markdown(&service.scrape());
    let path = workspace("docs/metrics.md");
    if env::var_os("SIFTD_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(line, written)| line != written);
    assert!(
        page == written,
        "docs/metrics.md is not what the service gives; first difference: {differs:?}. Write it anew with \
         SIFTD_BLESS=1 cargo test -p service reference"
    );
}
