use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use extract::StageTimes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::Level;
use crate::route::Route;
use crate::telemetry::timestamp::Timestamp;

/// Bytes of a path that are kept.
const MOST_OF_PATH: usize = 1024;

/// A request that was answered, for the log and for traces.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it was answered.
    pub(crate) time: SystemTime,
    /// Its `X-Request-ID`.
    pub(crate) request_id: String,
    /// The trace that it belongs to.
    pub(crate) trace_id: Option<u128>,
    /// Who asked, behind proxies that are trusted.
    pub(crate) client: Option<IpAddr>,
    /// The method of HTTP.
    pub(crate) method: Method,
    /// What was asked for.
    pub(crate) route: Route,
    /// The path as it came, without its query; a long one is cut.
    pub(crate) path: String,
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// The `error_code` of the answer, if it was an error.
    pub(crate) error_code: Option<&'static str>,
    /// What the cache had: "hit memory", "miss", "coalesced".
    pub(crate) cache: Option<&'static str>,
    /// Bytes of the request's body.
    pub(crate) bytes_in: u64,
    /// Bytes of the answer's body.
    pub(crate) bytes_out: u64,
    /// Width of the image in pixels.
    pub(crate) width: Option<u32>,
    /// Height of the image in pixels.
    pub(crate) height: Option<u32>,
    /// Keypoints of the answer.
    pub(crate) keypoints: Option<u32>,
    /// From the end of the request's head until the answer is known, of a batch its last line.
    pub(crate) duration: Duration,
    /// Where the time went.
    pub(crate) stages: StageTimes,
}

/// The entry as a line of the log. The order of the fields is that of the line.
#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    level: Level,
    message: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<IpAddr>,
    method: &'a str,
    route: &'static str,
    path: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'static str>,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keypoints: Option<u32>,
    duration_ms: f64,
    stages_ms: &'a StageTimes,
}

impl Entry {
    /// As much of the path as is kept: a caller can make it long, and queues hold it.
    pub(crate) fn short_path(&self) -> &str {
        let most = MOST_OF_PATH.min(self.path.len());
        let end = (0..=most).rev().find(|&end| self.path.is_char_boundary(end)).unwrap_or(0);
        self.path.get(..end).unwrap_or_default()
    }

    /// Lets go of the rest of the path.
    pub(super) fn cut(&mut self) {
        let kept = self.short_path().len();
        if kept < self.path.len() {
            self.path.truncate(kept);
            self.path.shrink_to_fit();
        }
    }

    /// Appends the entry as JSON, without an end of line.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let line = Line {
            time: Timestamp(self.time),
            level: if self.status.is_server_error() { Level::Error } else { Level::Info },
            message: "request",
            request_id: &self.request_id,
            trace_id: self.trace_id.map(|id| format!("{id:032x}")),
            client: self.client,
            method: self.method.as_str(),
            route: self.route.name(),
            path: &self.path,
            status: self.status.as_u16(),
            error_code: self.error_code,
            cache: self.cache,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            width: self.width,
            height: self.height,
            keypoints: self.keypoints,
            duration_ms: milliseconds(self.duration),
            stages_ms: &self.stages,
        };
        serde_json::to_writer(out, &line)
    }
}

/// Milliseconds, rounded to whole microseconds.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use extract::Stage;

    /// A request that was answered with this status.
    pub(crate) fn entry(status: StatusCode) -> Entry {
        Entry {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
            request_id: "r-1".to_owned(),
            trace_id: None,
            client: None,
            method: Method::GET,
            route: Route::Health,
            path: "/health".to_owned(),
            status,
            error_code: None,
            cache: None,
            bytes_in: 0,
            bytes_out: 17,
            width: None,
            height: None,
            keypoints: None,
            duration: Duration::from_nanos(210_499),
            stages: StageTimes::default(),
        }
    }

    fn line(entry: &Entry) -> String {
        let mut out = Vec::new();
        entry.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_there_is_not_is_left_out() {
        assert_eq!(
            line(&entry(StatusCode::OK)),
            r#"{"time":"2023-11-14T22:13:20.123Z","level":"info","message":"request","request_id":"r-1","method":"GET","route":"health","path":"/health","status":200,"bytes_in":0,"bytes_out":17,"duration_ms":0.21,"stages_ms":{}}"#
        );
    }

    #[test]
    fn everything_in_its_place() {
        let mut full = entry(StatusCode::GATEWAY_TIMEOUT);
        full.trace_id = Some(0xabc);
        full.client = Some([192, 0, 2, 7].into());
        full.error_code = Some("SERVICE_TIMEOUT");
        full.cache = Some("miss");
        (full.width, full.height, full.keypoints) = (Some(640), Some(480), Some(1247));
        full.stages.add(Stage::Hash, Duration::from_nanos(12_345));
        full.stages.add(Stage::Parse, Duration::from_micros(3));
        assert_eq!(
            line(&full),
            r#"{"time":"2023-11-14T22:13:20.123Z","level":"error","message":"request","request_id":"r-1","trace_id":"00000000000000000000000000000abc","client":"192.0.2.7","method":"GET","route":"health","path":"/health","status":504,"error_code":"SERVICE_TIMEOUT","cache":"miss","bytes_in":0,"bytes_out":17,"width":640,"height":480,"keypoints":1247,"duration_ms":0.21,"stages_ms":{"parse":0.003,"hash":0.012}}"#
        );
    }

    #[test]
    fn what_callers_send_stays_within_its_string() {
        let mut hostile = entry(StatusCode::NOT_FOUND);
        hostile.path = "/\",\"status\":200}\n{\u{7f}\\é".to_owned();
        let line = line(&hostile);
        assert!(!line.contains('\n'));
        let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed["path"], hostile.path.as_str());
        assert_eq!(parsed["status"], 404);
    }

    #[test]
    fn a_long_path_is_cut_between_characters() {
        let mut long = entry(StatusCode::NOT_FOUND);
        long.path = format!("/{}", "é".repeat(1000));
        long.cut();
        assert_eq!(long.path, format!("/{}", "é".repeat(511)));
    }
}
