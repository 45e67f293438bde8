//! Which format a client accepts: `Accept` (RFC 9110, 12.5.1).

use extract::OutputFormat;
use http::HeaderMap;
use http::header::ACCEPT;

use crate::parameters;

/// None of the formats is acceptable to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("none of the accepted media types is offered; offered are {}", OutputFormat::ALL.map(media_range).join(", "))]
pub(crate) struct NotAcceptable;

/// How a client asks for a format in `Accept`. The summary and everything as JSON are both `application/json`: that alone is
/// the summary, and the parameter `profile` tells them apart.
pub(crate) const fn media_range(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Json => "application/json;profile=full",
        other => other.media_type(),
    }
}

/// The format of the highest quality in the `Accept` headers. The quality of a format is that of the most specific range
/// that it is in. Of formats of the same quality it is the one asked for most specifically, then the one asked for first,
/// then the summary. Malformed ranges are passed over; without any other than those it is the summary.
pub(crate) fn negotiate(headers: &HeaderMap) -> Result<OutputFormat, NotAcceptable> {
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return Ok(OutputFormat::default());
    }
    let mut best = None;
    for format in OutputFormat::ALL {
        let Some(preference) = preference(&ranges, format.media_type(), profile(format)) else { continue };
        if best.is_none_or(|(least, _)| preference > least) {
            best = Some((preference, format));
        }
    }
    best.map(|(_, format)| format).ok_or(NotAcceptable)
}

/// Media type of lines of JSON.
pub(crate) const LINES: &str = "application/x-ndjson";

/// Whether the `Accept` headers allow summaries as lines, as what they are or as JSON. Malformed ranges are passed over; without any other
/// than those everything is allowed.
pub(crate) fn allows_lines(headers: &HeaderMap) -> bool {
    let ranges = ranges(headers);
    let summary = OutputFormat::Summary;
    let mut offered = [(LINES, None), (summary.media_type(), profile(summary))].into_iter();
    ranges.is_empty()
        || offered.any(|(media_type, profile)| preference(&ranges, media_type, profile).is_some())
}

fn ranges(headers: &HeaderMap) -> Vec<MediaRange<'_>> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(MediaRange::parse).collect()
}

/// How much a format is preferred: the greater the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    quality: Quality,
    specificity: Specificity,
    first: std::cmp::Reverse<usize>,
}

/// None where the media type with this profile is excluded or not asked for.
fn preference(ranges: &[MediaRange<'_>], media_type: &str, profile: Option<&str>) -> Option<Preference> {
    let matching = ranges.iter().enumerate().filter_map(|(at, range)| {
        let narrowness = range.narrowness(media_type, profile)?;
        Some((narrowness, std::cmp::Reverse(at), range.quality))
    });
    let (specificity, first, quality) = matching.max()?;
    (quality > Quality(0)).then_some(Preference { quality, specificity, first })
}

/// Thousandths, from 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Quality(u16);

/// How narrow a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Everything,
    Type,
    Subtype,
    Profile,
}

#[derive(Debug)]
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    profile: Option<String>,
    quality: Quality,
}

impl<'a> MediaRange<'a> {
    /// Other parameters than `q` and `profile` do not count: clients add a `charset` that says nothing here.
    fn parse(text: &'a str) -> Option<Self> {
        let (media_type, parameters) = parameters::split(text);
        let (kind, subtype) = media_type.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut range = Self { kind, subtype, profile: None, quality: Quality(1000) };
        for parameter in parameters {
            let (name, value) = parameter.ok()?;
            if name.eq_ignore_ascii_case("q") {
                range.quality = Quality::parse(&value)?;
            } else if name.eq_ignore_ascii_case("profile") {
                range.profile = Some(value.into_owned());
            }
        }
        Some(range)
    }

    /// How narrow the range is, if the media type with this profile is in it.
    fn narrowness(&self, media_type: &str, profile: Option<&str>) -> Option<Specificity> {
        if self.kind == "*" {
            return Some(Specificity::Everything);
        }
        let (kind, subtype) = media_type.split_once('/')?;
        if !self.kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        if self.subtype == "*" {
            return Some(Specificity::Type);
        }
        if !self.subtype.eq_ignore_ascii_case(subtype) {
            return None;
        }
        match &self.profile {
            None => Some(Specificity::Subtype),
            Some(name) => (profile? == name).then_some(Specificity::Profile),
        }
    }
}

/// What tells apart the formats that share a media type.
const fn profile(format: OutputFormat) -> Option<&'static str> {
    match format {
        OutputFormat::Summary => Some("summary"),
        OutputFormat::Json => Some("full"),
        OutputFormat::Npz | OutputFormat::Colmap | OutputFormat::Siftd => None,
    }
}

impl Quality {
    /// Reads a number from 0 to 1 of at most three decimals (RFC 9110, 12.4.2).
    fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if !matches!(whole, "0" | "1")
            || decimals.len() > 3
            || !decimals.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let thousandths: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
        (thousandths <= 1000).then_some(Self(thousandths))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[&str]) -> Result<OutputFormat, NotAcceptable> {
        let values = values.iter().map(|value| (ACCEPT, HeaderValue::from_str(value).unwrap()));
        negotiate(&values.collect())
    }

    #[test]
    fn formats_are_asked_for_by_media_type() {
        for format in OutputFormat::ALL {
            assert_eq!(of(&[media_range(format)]), Ok(format));
        }
        for (accept, format) in [
            ("*/*", OutputFormat::Summary),
            ("application/*", OutputFormat::Summary),
            ("APPLICATION/JSON; charset=utf-8", OutputFormat::Summary),
            ("application/json;profile=summary", OutputFormat::Summary),
            ("application/json; profile=\"full\"", OutputFormat::Json),
            ("text/*", OutputFormat::Colmap),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", OutputFormat::Summary),
            ("application/json, text/plain, */*", OutputFormat::Summary),
        ] {
            assert_eq!(of(&[accept]), Ok(format), "{accept}");
        }
    }

    #[test]
    fn quality_then_specificity_then_order_decide() {
        for (accept, format) in [
            ("*/*, application/x-npz", OutputFormat::Npz),
            ("application/json;q=0.5, text/plain;q=0.501", OutputFormat::Colmap),
            ("text/plain, application/x-npz", OutputFormat::Colmap),
            ("application/x-npz, text/plain", OutputFormat::Npz),
            ("application/json, application/json;profile=full", OutputFormat::Json),
            ("application/json, application/json;profile=full;q=0.9", OutputFormat::Summary),
            ("application/json;profile=summary;q=0, application/json", OutputFormat::Json),
            ("*/*, application/json;q=0", OutputFormat::Npz),
            ("*/*;q=0, text/plain;q=0.001", OutputFormat::Colmap),
            ("text/*;q=0.1, */*;q=0.2, application/*;q=0", OutputFormat::Colmap),
        ] {
            assert_eq!(of(&[accept]), Ok(format), "{accept}");
        }
        assert_eq!(of(&["text/html", "text/plain"]), Ok(OutputFormat::Colmap));
    }

    #[test]
    fn lines_are_allowed_as_what_they_are_and_as_json() {
        for (accept, allowed) in [
            ("", true),
            ("*/*", true),
            ("application/*;q=0.1", true),
            ("application/x-ndjson", true),
            ("application/json", true),
            ("application/json;profile=summary", true),
            ("application/json;profile=full", false),
            ("application/x-ndjson;q=0, application/json", true),
            ("application/x-ndjson;q=0, */*;q=0", false),
            ("application/x-npz", false),
            ("image/png, text/html", false),
            ("application/x-ndjson;q=0, application/x-ndjson, text/*", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(allows_lines(&headers), allowed, "{accept}");
        }
        assert!(allows_lines(&HeaderMap::new()));
    }

    #[test]
    fn malformed_ranges_are_passed_over() {
        for malformed in
            ["", ",", "x", "/", "*/json", "text/", "text/plain;q", "text/plain;q=2", "text/plain;q=0.0001"]
        {
            assert_eq!(of(&[malformed]), Ok(OutputFormat::Summary), "{malformed}");
            assert_eq!(of(&[malformed, "application/x-npz"]), Ok(OutputFormat::Npz), "{malformed}");
        }
        assert_eq!(of(&[]), Ok(OutputFormat::Summary));
    }

    #[test]
    fn what_is_not_offered_is_told_with_what_is() {
        for accept in ["text/html", "*/*;q=0", "application/json;profile=other", "text/plain;q=0.000"] {
            assert_eq!(of(&[accept]), Err(NotAcceptable), "{accept}");
        }
        let message = NotAcceptable.to_string();
        for format in OutputFormat::ALL {
            assert!(message.contains(media_range(format)), "{format} is not in {message:?}");
        }
    }

    #[test]
    fn qualities_are_read_as_thousandths() {
        for (text, thousandths) in
            [("0", 0), ("1", 1000), ("1.000", 1000), ("0.", 0), ("0.5", 500), ("0.123", 123)]
        {
            assert_eq!(Quality::parse(text), Some(Quality(thousandths)), "{text}");
        }
        for text in ["", "1.001", "2", "-0", "0.1234", "0.+1", ".5", "0.5 ", "00.5"] {
            assert_eq!(Quality::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_answered(value in "([a-z*]{0,4}/[a-z*]{0,4}(;q=[01.]{0,5})?[,; ]{0,2}){0,5}") {
            let _ = of(&[&value]);
        }
    }
}
