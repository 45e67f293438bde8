//! The settings themselves.

use std::str::FromStr;
use std::time::Duration;

use cache::KeyPrefix;
use extract::PARAMETERS;

use super::cache_url::CacheUrl;
use super::draft::Draft;
use super::kind::Kind;
use super::quantity;
use super::setting::{Field, Group, Secrecy, Setting};

/// Seconds.
const DAY: f64 = 86_400.0;
/// Seconds, of a year without leap day.
const YEAR: f64 = 365.0 * DAY;

const MIB: u64 = 1 << 20;
const TIB: u64 = 1 << 40;
/// What `cache_disk` is at the least, bytes.
pub(crate) const LEAST_CACHE_DISK: u64 = MIB;
const MILLION: u64 = 1_000_000;

const ADDRESS: Kind = Kind::Text("an address and a port, such as 127.0.0.1:8000 or [::]:8000");

/// All settings, in the order of help and reference: those of the service, then what features depend on.
pub(crate) fn settings() -> impl Iterator<Item = Setting> {
    SETTINGS.iter().copied().chain(PARAMETERS.iter().map(Setting::from))
}

/// The setting of this name.
pub(crate) fn named(name: &str) -> Option<Setting> {
    settings().find(|setting| setting.name == name)
}

/// All settings but the parameters that features depend on, in the same order.
static SETTINGS: [Setting; 31] = [
    Setting::new(
        Group::Listening,
        "listen",
        "Where to listen",
        ADDRESS,
        field(|draft| texts([draft.service.listen]), |draft, text| parse(text, &mut draft.service.listen)),
    ),
    Setting::new(
        Group::Listening,
        "admin_listen",
        "Where to answer metrics and probes alone, without bounds of connections",
        ADDRESS,
        field(
            |draft| texts(draft.service.admin_listen),
            |draft, text| parse_some(text, &mut draft.service.admin_listen),
        ),
    )
    .unset("none; `listen` answers them"),
    Setting::new(
        Group::Cache,
        "cache",
        "Where to keep answers; memory stands in front of all but itself",
        Kind::Text(CacheUrl::ALLOWED),
        field(|draft| texts([&draft.cache]), |draft, text| parse(text, &mut draft.cache)),
    )
    .secret(Secrecy::Password),
    Setting::new(
        Group::Cache,
        "cache_memory",
        "What answers may take in memory",
        Kind::Bytes { least: MIB, most: 16 * TIB },
        field(|draft| texts([draft.cache_memory]), |draft, text| parse(text, &mut draft.cache_memory)),
    ),
    Setting::new(
        Group::Cache,
        "cache_disk",
        "What answers may take on the disk",
        Kind::Bytes { least: LEAST_CACHE_DISK, most: 1024 * TIB },
        field(|draft| texts([draft.cache_disk]), |draft, text| parse(text, &mut draft.cache_disk)),
    ),
    Setting::new(
        Group::Cache,
        "cache_ttl",
        "How long an answer is kept",
        Kind::Seconds { least: 1.0, most: 10.0 * YEAR },
        field(|draft| seconds(draft.cache_ttl), |draft, text| parse_seconds(text, &mut draft.cache_ttl)),
    ),
    Setting::new(
        Group::Cache,
        "cache_timeout",
        "How long a lookup in a shared cache may take before it is a miss",
        Kind::Seconds { least: 0.001, most: 60.0 },
        field(
            |draft| seconds(draft.cache_timeout),
            |draft, text| parse_seconds(text, &mut draft.cache_timeout),
        ),
    ),
    Setting::new(
        Group::Cache,
        "cache_prefix",
        "What the names of entries in a shared cache begin with; processes that are to share have the same",
        Kind::Text(KeyPrefix::ALLOWED),
        field(|draft| texts([&draft.cache_prefix]), |draft, text| parse(text, &mut draft.cache_prefix)),
    ),
    Setting::new(
        Group::Cache,
        "cache_ca",
        "Certificates in PEM that the certificate of a shared cache may be signed by",
        Kind::Text("the path of a file"),
        field(
            |draft| texts(draft.cache_ca.as_ref().map(|path| path.display())),
            |draft, text| parse_some(text, &mut draft.cache_ca),
        ),
    )
    .unset("those that the system trusts"),
    Setting::new(
        Group::Computing,
        "threads",
        "Threads that compute features",
        Kind::Whole { least: 1, most: 1024 },
        field(|draft| texts(draft.threads), |draft, text| parse_some(text, &mut draft.threads)),
    )
    .unset("all that the process may use"),
    Setting::new(
        Group::Computing,
        "niceness",
        "How far compute threads stand back behind those that answer hits: 19 the farthest, 0 not at all",
        Kind::Whole { least: 0, most: 19 },
        field(|draft| texts([draft.engine.niceness]), |draft, text| parse(text, &mut draft.engine.niceness)),
    ),
    Setting::new(
        Group::Computing,
        "isa",
        "Strongest instruction set to use; the features are the same on each",
        Kind::Text("scalar, avx2 or avx512"),
        field(
            |draft| texts(draft.engine.instruction_set),
            |draft, text| parse_some(text, &mut draft.engine.instruction_set),
        ),
    )
    .unset("the strongest of the machine"),
    Setting::new(
        Group::Computing,
        "max_pixels",
        "Refuse pictures of more",
        Kind::Whole { least: 1, most: 1 << 30 },
        field(
            |draft| texts([draft.engine.limits.max_pixels]),
            |draft, text| parse(text, &mut draft.engine.limits.max_pixels),
        ),
    )
    .unit("px"),
    Setting::new(
        Group::Computing,
        "queue_capacity",
        "Images that may wait for a thread; more are refused",
        Kind::Whole { least: 0, most: MILLION },
        field(
            |draft| texts([draft.engine.queue_capacity]),
            |draft, text| parse(text, &mut draft.engine.queue_capacity),
        ),
    ),
    Setting::new(
        Group::Computing,
        "pixel_budget",
        "Pixels that may wait or be computed at a time; at least `max_pixels`",
        Kind::Whole { least: 1, most: TIB },
        field(
            |draft| texts([draft.engine.pixel_budget]),
            |draft, text| parse(text, &mut draft.engine.pixel_budget),
        ),
    )
    .unit("px"),
    Setting::new(
        Group::Computing,
        "deadline",
        "How long features may take, waiting included",
        Kind::Seconds { least: 0.01, most: DAY },
        field(
            |draft| seconds(draft.engine.deadline),
            |draft, text| parse_seconds(text, &mut draft.engine.deadline),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "max_bytes",
        "Refuse larger images",
        Kind::Bytes { least: 1, most: TIB },
        field(
            |draft| texts([draft.engine.limits.max_bytes]),
            |draft, text| parse(text, &mut draft.engine.limits.max_bytes),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "max_connections",
        "Connections at a time; more wait to be accepted",
        Kind::Whole { least: 1, most: MILLION },
        field(
            |draft| texts([draft.service.bounds.connections]),
            |draft, text| parse(text, &mut draft.service.bounds.connections),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "header_timeout",
        "How long the head of a request may take, and the pause before it",
        Kind::Seconds { least: 0.01, most: DAY },
        field(
            |draft| seconds(draft.service.bounds.header_timeout),
            |draft, text| parse_seconds(text, &mut draft.service.bounds.header_timeout),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "body_timeout",
        "How long the body of a request may take; in a batch, each image",
        Kind::Seconds { least: 0.01, most: DAY },
        field(
            |draft| seconds(draft.service.bounds.body_timeout),
            |draft, text| parse_seconds(text, &mut draft.service.bounds.body_timeout),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "body_budget",
        "What all uploads and answers with features may take in memory at a time; at least `max_bytes`",
        Kind::Bytes { least: 1, most: 16 * TIB },
        field(
            |draft| texts([draft.service.bounds.body_budget]),
            |draft, text| parse(text, &mut draft.service.bounds.body_budget),
        ),
    ),
    Setting::new(
        Group::Bounds,
        "batch_images",
        "Images of a batch",
        Kind::Whole { least: 1, most: MILLION },
        field(
            |draft| texts([draft.service.bounds.batch_images]),
            |draft, text| parse(text, &mut draft.service.bounds.batch_images),
        ),
    ),
    Setting::new(
        Group::Access,
        "api_key_hash",
        "SHA-256 of the keys of which each request must bring one; probes, metrics and pages need none",
        Kind::List("a SHA-256: 64 hex digits, with or without sha256: before them"),
        list(
            |draft| texts(&draft.service.api_keys),
            |draft, text| push(text, &mut draft.service.api_keys),
            |draft| draft.service.api_keys.clear(),
        ),
    )
    .unset("none; everyone is served")
    .secret(Secrecy::Whole),
    Setting::new(
        Group::Access,
        "rate_limit",
        "Requests that a caller may make in the long run",
        Kind::Number("above 0 and at most 1000000"),
        field(
            |draft| texts(draft.rate_limit),
            |draft, text| {
                let rate = text.parse().ok().filter(|rate| *rate > 0.0 && *rate <= 1_000_000.0)?;
                draft.rate_limit = Some(rate);
                Some(())
            },
        ),
    )
    .unit("requests a second")
    .unset("none; any number"),
    Setting::new(
        Group::Access,
        "rate_burst",
        "Requests that a caller may make at once; only with `rate_limit`",
        Kind::Whole { least: 1, most: MILLION },
        field(|draft| texts(draft.rate_burst), |draft, text| parse_some(text, &mut draft.rate_burst)),
    )
    .unset("what `rate_limit` allows in a second, at least 1"),
    Setting::new(
        Group::Access,
        "trusted_proxies",
        "Proxies whose `X-Forwarded-For` is believed, or networks of them such as 10.0.0.0/8",
        Kind::List("an IP address, or one with the length of a prefix"),
        list(
            |draft| texts(&draft.service.trusted_proxies),
            |draft, text| push(text, &mut draft.service.trusted_proxies),
            |draft| draft.service.trusted_proxies.clear(),
        ),
    )
    .unset("none"),
    Setting::new(
        Group::Access,
        "cors_origins",
        "Origins whose pages may call the service",
        Kind::List("an origin such as https://example.org, or * for all"),
        list(
            |draft| texts(&draft.service.cors_origins),
            |draft, text| is_origin(text).then(|| draft.service.cors_origins.push(text.to_owned())),
            |draft| draft.service.cors_origins.clear(),
        ),
    )
    .unset("none"),
    Setting::new(
        Group::Ending,
        "drain_delay",
        "How long it goes on after SIGTERM, no longer ready, so that balancers turn away",
        Kind::Seconds { least: 0.0, most: DAY },
        field(
            |draft| seconds(draft.service.drain.delay),
            |draft, text| parse_seconds(text, &mut draft.service.drain.delay),
        ),
    ),
    Setting::new(
        Group::Ending,
        "drain_timeout",
        "How long requests may then take to end",
        Kind::Seconds { least: 0.0, most: DAY },
        field(
            |draft| seconds(draft.service.drain.timeout),
            |draft, text| parse_seconds(text, &mut draft.service.drain.timeout),
        ),
    ),
    Setting::new(
        Group::Log,
        "access_log",
        "Whether each request is a line of JSON on standard output",
        Kind::Switch,
        field(
            |draft| texts([draft.service.access_log.enabled]),
            |draft, text| parse(text, &mut draft.service.access_log.enabled),
        ),
    ),
    Setting::new(
        Group::Log,
        "log_rate",
        "Lines at most; how many were left out is told",
        Kind::Whole { least: 1, most: MILLION },
        field(
            |draft| texts([draft.service.access_log.lines_per_second]),
            |draft, text| parse(text, &mut draft.service.access_log.lines_per_second),
        ),
    )
    .unit("lines a second"),
];

const fn field(texts: fn(&Draft) -> Vec<String>, put: fn(&mut Draft, &str) -> Option<()>) -> Field {
    Field { texts, put, clear: |_| () }
}

const fn list(
    texts: fn(&Draft) -> Vec<String>,
    put: fn(&mut Draft, &str) -> Option<()>,
    clear: fn(&mut Draft),
) -> Field {
    Field { texts, put, clear }
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn seconds(time: Duration) -> Vec<String> {
    texts([time.as_secs_f64()])
}

fn parse<T: FromStr>(text: &str, to: &mut T) -> Option<()> {
    *to = text.parse().ok()?;
    Some(())
}

fn parse_some<T: FromStr>(text: &str, to: &mut Option<T>) -> Option<()> {
    *to = Some(text.parse().ok()?);
    Some(())
}

fn parse_seconds(text: &str, to: &mut Duration) -> Option<()> {
    *to = quantity::seconds(text)?;
    Some(())
}

fn push<T: FromStr>(text: &str, to: &mut Vec<T>) -> Option<()> {
    to.push(text.parse().ok()?);
    Some(())
}

/// Scheme, host and perhaps a port, as browsers send them, or `*`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !b"/?#@,*".contains(&byte) && !byte.is_ascii_uppercase();
    text == "*" || host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}
