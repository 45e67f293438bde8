use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use engine::{Source, Tier};
use extract::{OutputFormat, ParamsBuilder, StageTimes};
use http::header::{CACHE_CONTROL, CONTENT_LOCATION, HeaderName, VARY};
use http::{HeaderMap, HeaderValue};

use super::Asked;
use crate::hex;
use crate::route::FEATURES;

/// The value of a header as it is put together: in place, since every answer has several.
#[derive(Debug)]
struct Text {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Text {
    /// More than times of all stages take, each of a day.
    const ROOM: usize = 384;

    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut value = Self::default();
        // There is room for all.
        let _ = value.write_fmt(text);
        value
    }

    fn value(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(self.bytes.get(..self.len)?).ok()
    }
}

impl Default for Text {
    fn default() -> Self {
        Self { bytes: [0; Self::ROOM], len: 0 }
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Where the features of an image can be had without its bytes.
pub(crate) fn location(sha256: &[u8; 32], asked: &Asked, defaults: &ParamsBuilder) -> String {
    let mut location = String::with_capacity(160);
    location.push_str(FEATURES);
    location.push_str(std::str::from_utf8(&hex::of_digest(sha256)).unwrap_or_default());
    let format = (asked.format != OutputFormat::Summary).then(|| format!("format={}", asked.format));
    let params = Some(asked.params.query(defaults)).filter(|query| !query.is_empty());
    for (index, pair) in params.into_iter().chain(format).enumerate() {
        location.push(if index == 0 { '?' } else { '&' });
        location.push_str(&pair);
    }
    location
}

pub(super) fn locate(headers: &mut HeaderMap, sha256: &[u8; 32], asked: &Asked, defaults: &ParamsBuilder) {
    if let Ok(location) = HeaderValue::try_from(location(sha256, asked, defaults)) {
        headers.insert(CONTENT_LOCATION, location);
    }
}

/// Where the answer came from (RFC 9211), and what took how long (W3C Server Timing).
pub(super) fn describe(headers: &mut HeaderMap, source: &Source, stages: &StageTimes) {
    headers.insert(CACHE_STATUS, cache_status(source));
    if let Some(timing) = server_timing(stages).value() {
        headers.insert(SERVER_TIMING, timing);
    }
    headers.insert(VARY, HeaderValue::from_static("accept"));
}

/// The result as the log has it.
pub(super) fn cache_result(source: &Source) -> &'static str {
    match source {
        Source::Hit { tier: Tier::Memory, .. } => "hit memory",
        Source::Hit { tier: Tier::Store(_), .. } => "hit store",
        Source::Miss { .. } => "miss",
        Source::Coalesced => "coalesced",
    }
}

/// "stored" is what a tier has taken: memory, or the queue of writes before a store, which answers do not wait for.
fn cache_status(source: &Source) -> HeaderValue {
    match source {
        Source::Coalesced => HeaderValue::from_static("siftd; fwd=miss; collapsed"),
        Source::Miss { kept: true } => HeaderValue::from_static("siftd; fwd=miss; stored"),
        Source::Miss { kept: false } => HeaderValue::from_static("siftd; fwd=miss"),
        Source::Hit { tier, expires_at } => {
            let seconds = remaining(*expires_at).as_secs();
            let status = Text::of(format_args!("siftd; hit; ttl={seconds}; detail={}", tier.name()));
            status.value().unwrap_or(HeaderValue::from_static("siftd; hit"))
        }
    }
}

fn server_timing(stages: &StageTimes) -> Text {
    let mut timing = Text::default();
    for (index, (stage, took)) in stages.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let micros = took.as_micros();
        // There is room for all.
        let _ = write!(timing, "{separator}{stage};dur={}.{:03}", micros / 1000, micros % 1000);
    }
    timing
}

/// That others may keep the answer as long as this service does; with keys, only who asked for it.
pub(super) fn cacheable(headers: &mut HeaderMap, source: &Source, private: bool) {
    let Source::Hit { expires_at, .. } = source else { return };
    let scope = if private { "private" } else { "public" };
    let control = Text::of(format_args!("{scope}, max-age={}", remaining(*expires_at).as_secs()));
    if let Some(control) = control.value() {
        headers.insert(CACHE_CONTROL, control);
    }
}

fn remaining(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// A tag that promises the same meaning, and not the same bytes.
pub(super) fn weak(tag: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).unwrap_or_else(|_| tag.clone())
}

#[cfg(test)]
mod tests {
    use extract::{Params, Stage};

    use super::*;

    #[test]
    fn a_location_names_what_is_needed_to_get_the_same_again() {
        let defaults = ParamsBuilder::default();
        let mut asked = Asked { params: Params::default(), format: OutputFormat::Summary };
        let summary = format!("/api/v1/features/{}", "ab".repeat(32));
        assert_eq!(location(&[0xab; 32], &asked, &defaults), summary);
        asked.format = OutputFormat::Npz;
        asked.params.sift.octave_layers = 4;
        let archive = summary + "?octave_layers=4&format=npz";
        assert_eq!(location(&[0xab; 32], &asked, &defaults), archive);
    }

    #[test]
    fn times_are_milliseconds() {
        let mut stages = StageTimes::default();
        stages.add(Stage::Hash, Duration::from_nanos(110_999));
        stages.add(Stage::Denoise, Duration::from_micros(12_034));
        assert_eq!(server_timing(&stages).value().unwrap(), "hash;dur=0.110, denoise;dur=12.034");
    }

    #[test]
    fn the_cache_tells_what_it_did() {
        let expires_at = Instant::now() + Duration::from_millis(10_500);
        let hit = Source::Hit { tier: Tier::Store("disk"), expires_at };
        assert_eq!(cache_status(&hit), "siftd; hit; ttl=10; detail=disk");
        assert_eq!(cache_status(&Source::Coalesced), "siftd; fwd=miss; collapsed");
        assert_eq!(cache_status(&Source::Miss { kept: true }), "siftd; fwd=miss; stored");
        assert_eq!(cache_status(&Source::Miss { kept: false }), "siftd; fwd=miss");
    }
}
