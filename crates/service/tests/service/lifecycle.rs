//! From the start to the end.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use cache::{DiskConfig, DiskStore, Store, StoreError};
use service::Drain;
use tokio::sync::oneshot;

use crate::http::{BATCH, Connection, DETECT, PATIENCE, Service, get, post};
use crate::pictures::{photograph, slow};

#[test]
fn a_service_that_runs_is_ready_and_healthy() {
    let service = Service::start();
    assert_eq!(service.ask(&get("/health/ready")).ok().json()["status"], "ready");
    assert_eq!(service.ask(&get("/health/live")).ok().json()["status"], "alive");
    let health = service.ask(&get("/health")).ok().json();
    assert_eq!((&health["status"], &health["service"]), (&"healthy".into(), &"siftd".into()));
    assert_eq!((&health["feature_detector_ready"], &health["cache_connected"]), (&true.into(), &true.into()));
    assert!(health["version"].is_string() && health["uptime_seconds"].as_f64().unwrap() >= 0.0);
}

type Opened = Result<Arc<dyn Store>, StoreError>;

/// The service, and the way to give it its store.
fn starting() -> (Service, oneshot::Sender<Opened>) {
    let (open, opened) = oneshot::channel();
    let service = Service::with(|setup| {
        setup.config.admin_listen = Some(([127, 0, 0, 1], 0).into());
        setup.store = Some(Box::pin(async { opened.await.unwrap_or(Err(StoreError::Closed)) }));
    });
    (service, open)
}

#[test]
fn a_service_whose_store_is_not_open_yet_is_starting() {
    let (service, open) = starting();
    for address in [service.address, service.admin.unwrap()] {
        let answer = Connection::open(address).ask(&get("/health/ready"));
        assert_eq!(answer.problem(503, "SERVICE_NOT_READY")["detail"], "the service is starting");
        let health = Connection::open(address).ask(&get("/health"));
        assert_eq!((health.status, &health.json()["status"]), (503, &"unhealthy".into()));
        Connection::open(address).ask(&get("/health/live")).ok();
    }
    let known = format!("/api/v1/features/{}", "0".repeat(64));
    for request in [post(DETECT, photograph()), post(BATCH, photograph()), get(&known)] {
        let answer = service.ask(&request);
        answer.problem(503, "SERVICE_NOT_READY");
        assert_eq!(answer.expect("retry-after"), "1");
    }
    service.ask(&get("/api/v1/capacity")).ok();

    let folder = tempfile::tempdir().unwrap();
    open.send(Ok(Arc::new(DiskStore::open(DiskConfig::new(folder.path())).unwrap()))).unwrap();
    let ready = service.log.wait_for(1, |line| line["message"] == "ready").remove(0);
    assert_eq!(ready["store"], "disk");
    service.until(&[("siftd_cache_entries{tier=\"disk\"}", 0.0)]);
    service.ask(&get("/health/ready")).ok();
    service.ask(&post(DETECT, photograph())).ok();
    service.until(&[("siftd_cache_entries{tier=\"disk\"}", 1.0)]);
}

#[test]
fn a_service_whose_store_cannot_be_opened_ends() {
    let (mut service, open) = starting();
    open.send(Err(StoreError::InUse { folder: "/cache".to_owned() })).unwrap();
    let error = service.ended().unwrap_err();
    let told = "cannot open the cache: /cache is in use by another process: give each its own folder";
    assert_eq!(error.to_string(), told);
    assert!(TcpStream::connect(service.address).is_err());
}

#[test]
fn a_service_that_is_starting_can_be_ended() {
    let (mut service, _open) = starting();
    service.shut_down();
    assert!(service.finished());
}

/// Balancers see that it is not ready, and whoever asks nevertheless is served.
#[test]
fn a_service_about_to_end_is_not_ready_and_serves_on() {
    let mut service = Service::with(|setup| {
        setup.config.admin_listen = Some(([127, 0, 0, 1], 0).into());
        setup.config.drain.delay = 10 * PATIENCE;
    });
    let mut kept = service.connect();
    kept.ask(&get("/health/ready")).ok();
    service.shut_down();
    service.log.wait_for(1, |line| line["message"] == "draining");
    for address in [service.address, service.admin.unwrap()] {
        let answer = Connection::open(address).ask(&get("/health/ready"));
        assert_eq!(answer.problem(503, "SERVICE_NOT_READY")["detail"], "the service is stopping");
        assert_eq!(answer.expect("retry-after"), "1");
        let health = Connection::open(address).ask(&get("/health"));
        assert_eq!((health.status, &health.json()["status"]), (503, &"unhealthy".into()));
        assert_eq!(Connection::open(address).ask(&get("/health/live")).status, 200);
    }
    kept.ask(&post(DETECT, photograph())).ok();
    service.ask(&post(DETECT, photograph())).ok();
    service.cut();
}

/// It takes no more, and finishes what it has; probes are answered to the end.
#[test]
fn a_service_that_ends_finishes_what_it_has() {
    let mut service = Service::with(|setup| setup.config.admin_listen = Some(([127, 0, 0, 1], 0).into()));
    let mut busy = service.connect();
    busy.write(slow(0).bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    let mut waiting = service.connect();
    waiting.write(post(DETECT, photograph()).bytes());
    service.until(&[("siftd_compute_queue_depth", 1.0)]);
    let mut kept = service.connect();
    kept.ask(&get("/health/live")).ok();

    service.shut_down();
    let draining = service.log.wait_for(1, |line| line["message"] == "draining").remove(0);
    assert_eq!(draining["requests_in_flight"], 2);
    assert_eq!(kept.rest(), b"", "a connection that is idle is closed");
    let probed = Connection::open(service.admin.unwrap()).ask(&get("/health/ready"));
    probed.problem(503, "SERVICE_NOT_READY");
    drop(busy);
    let answer = waiting.answer().ok();
    assert_eq!(answer.expect("cache-status"), "siftd; fwd=miss; stored");
    assert_eq!(waiting.rest(), b"");
    assert!(service.finished());
    assert!(TcpStream::connect(service.address).is_err());
    let stopped = service.log.lines().pop().unwrap();
    assert_eq!((&stopped["message"], &stopped["finished"]), (&"stopped".into(), &true.into()));
}

#[test]
fn what_is_not_done_in_time_is_cut() {
    let mut service = Service::with(|setup| {
        setup.config.drain = Drain { delay: Duration::ZERO, timeout: Duration::from_millis(100) }
    });
    let mut busy = service.connect();
    busy.write(slow(0).header("X-Request-ID", "cut").bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0)]);
    service.shut_down();
    assert_eq!(busy.rest(), b"");
    assert!(!service.finished());
    let lines = service.log.lines();
    assert_eq!(lines.iter().find(|line| line["request_id"] == "cut").unwrap()["status"], 499);
    let stopped = lines.last().unwrap();
    assert_eq!((&stopped["message"], &stopped["finished"]), (&"stopped".into(), &false.into()));
}

/// Browsers and balancers open connections ahead of need: they hold nobody up.
#[test]
fn connections_that_have_sent_nothing_do_not_delay_the_end() {
    let mut service = Service::with(|setup| setup.config.bounds.header_timeout = 10 * PATIENCE);
    let (silent, mut begun) = (service.connect(), service.connect());
    begun.write("PRI * HTTP");
    service.until(&[("siftd_connections", 3.0)]);
    service.shut_down();
    assert_eq!(silent.rest(), b"");
    assert_eq!(begun.rest(), b"");
    assert!(service.finished());
}
