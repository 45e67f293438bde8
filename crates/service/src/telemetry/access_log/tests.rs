use std::num::NonZeroU32;
use std::sync::{Mutex, mpsc};

use http::StatusCode;

use super::entry::tests::entry;
use super::*;

/// Keeps what is written, and counts the calls.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<(Vec<u8>, usize)>>);

impl Kept {
    fn lines(&self) -> Vec<Value> {
        let kept = self.0.lock().unwrap();
        let text = std::str::from_utf8(&kept.0).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap();
        kept.0.extend_from_slice(bytes);
        kept.1 += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config(enabled: bool, lines_per_second: u32) -> AccessLogConfig {
    AccessLogConfig { enabled, lines_per_second: NonZeroU32::new(lines_per_second).unwrap() }
}

fn record(log: &AccessLog, entry: Entry) {
    log.record(entry.status, Instant::now(), || entry);
}

#[test]
fn requests_come_out_in_their_order_in_few_writes() {
    let kept = Kept::default();
    let log = AccessLog::start(&config(true, 10_000), kept.clone()).unwrap();
    for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::BAD_GATEWAY] {
        for _ in 0..100 {
            record(&log, entry(status));
        }
    }
    assert!(log.close());
    let statuses: Vec<_> = kept.lines().iter().map(|line| line["status"].as_u64().unwrap()).collect();
    let expected: Vec<_> = [200, 404, 502].into_iter().flat_map(|status| [status; 100]).collect();
    assert_eq!(statuses, expected);
    assert_eq!(log.left_out().get(), 0);
    assert!(kept.calls() < 300, "lines are written together");
}

#[test]
fn what_is_over_the_rate_is_left_out_and_told() {
    let kept = Kept::default();
    let log = AccessLog::start(&config(true, 2), kept.clone()).unwrap();
    for _ in 0..10_000 {
        record(&log, entry(StatusCode::OK));
    }
    assert!(log.close());
    let lines = kept.lines();
    let (warnings, requests): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["level"] == "warn");
    let told: u64 = warnings.iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert!(warnings.iter().all(|line| line["message"] == "log lines left out"));
    assert_eq!(requests.len() as u64 + told, 10_000);
    assert_eq!(told, log.left_out().get());
    assert!(requests.len() >= 2);
}

#[test]
fn events_are_written_where_requests_are_not() {
    let kept = Kept::default();
    let log = AccessLog::start(&config(false, 1), kept.clone()).unwrap();
    record(&log, entry(StatusCode::OK));
    log.event(
        Level::Info,
        "listening",
        &[("address", "127.0.0.1:8000".into()), ("connections", 1024.into())],
    );
    log.event(Level::Error, "fault", &[("reason", "a \"quoted\"\nline".into())]);
    assert!(log.close());
    let lines = kept.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["message"], "listening");
    assert_eq!(lines[0]["connections"], 1024);
    assert_eq!(lines[1]["level"], "error");
    assert_eq!(lines[1]["reason"], "a \"quoted\"\nline");
}

#[test]
fn an_event_begins_with_time_level_and_message() {
    let line =
        format_event(SystemTime::UNIX_EPOCH, Level::Warn, "draining", &[("b", 1.into()), ("a", 2.into())]);
    assert_eq!(
        String::from_utf8(line.unwrap()).unwrap(),
        r#"{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"draining","b":1,"a":2}"#
    );
}

#[test]
fn dropping_it_writes_what_waits() {
    let kept = Kept::default();
    let log = AccessLog::start(&config(true, 10), kept.clone()).unwrap();
    record(&log, entry(StatusCode::OK));
    drop(log);
    assert_eq!(kept.lines().len(), 1);
}

/// Writes only once it is let.
struct Stuck(mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_is_stuck_or_gone_costs_lines_and_nothing_else() {
    let (let_go, stuck) = mpsc::channel();
    let log = AccessLog::start(&config(true, 1_000_000), Stuck(stuck)).unwrap();
    for _ in 0..20_000 {
        record(&log, entry(StatusCode::OK));
    }
    let before = log.left_out().get();
    assert!(before > 0, "the queue is bounded");
    drop(let_go);
    assert!(log.close());
    assert_eq!(log.left_out().get(), 20_000);
}
