//! What became of a request.

use std::fmt;
use std::io;
use std::time::Duration;

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use rustix::io::Errno;

/// The kinds of requests whose latencies are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Hit,
    Miss,
    /// A miss that got the answer of an identical request.
    Coalesced,
    /// An answer without a `Cache-Status` that tells.
    Unlabelled,
    /// 429 or 503.
    Refused,
    Failed,
}

impl Class {
    pub(crate) const ALL: [Self; 6] =
        [Self::Hit, Self::Miss, Self::Coalesced, Self::Unlabelled, Self::Refused, Self::Failed];

    pub(crate) fn is_answer(self) -> bool {
        !matches!(self, Self::Refused | Self::Failed)
    }
}

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Failure {
    /// No connection.
    Connect,
    /// No connection for want of files or ports on this machine.
    Exhausted,
    /// The connection ended before the answer did.
    Closed,
    /// No, or not all of an answer in time.
    Timeout,
    /// An answer that is no HTTP.
    Protocol,
    /// Any other status than success or refusal.
    Status(u16),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("no connection"),
            Self::Exhausted => f.write_str("no file or port left here"),
            Self::Closed => f.write_str("connection closed"),
            Self::Timeout => f.write_str("timeout"),
            Self::Protocol => f.write_str("not HTTP"),
            Self::Status(status) => write!(f, "status {status}"),
        }
    }
}

impl Failure {
    /// Whose want it is that there is no connection.
    pub(crate) fn of_connecting(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL) => Self::Exhausted,
            _ => Self::Connect,
        }
    }
}

impl From<&hyper::Error> for Failure {
    fn from(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::Protocol } else { Self::Closed }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(Class),
    Refused {
        /// When to come again, by `Retry-After`.
        after: Option<Duration>,
    },
    Failed(Failure),
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

impl Outcome {
    /// As the head of an answer tells.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Self::Refused { after: retry_after(headers) }
            }
            _ if status.is_success() => Self::Answered(cache_class(headers)),
            _ => Self::Failed(Failure::Status(status.as_u16())),
        }
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Answered(class) => *class,
            Self::Refused { .. } => Class::Refused,
            Self::Failed(_) => Class::Failed,
        }
    }
}

/// What the cache that is nearest to the client did (RFC 9211: the last member of the list).
fn cache_class(headers: &HeaderMap) -> Class {
    let status = headers.get_all(CACHE_STATUS).iter().next_back().and_then(|value| value.to_str().ok());
    let Some(member) = status.and_then(|list| list.rsplit(',').next()) else { return Class::Unlabelled };
    let mut class = Class::Unlabelled;
    for parameter in member.split(';').skip(1).map(str::trim) {
        match parameter {
            "hit" => return Class::Hit,
            "collapsed" => return Class::Coalesced,
            _ if parameter.starts_with("fwd=") => class = Class::Miss,
            _ => {}
        }
    }
    class
}

/// In seconds; dates are not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn outcome(status: u16, headers: &[(&'static str, &'static str)]) -> Outcome {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Outcome::of(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn the_class_is_what_the_cache_nearest_to_the_client_says() {
        for (status, class) in [
            ("siftd; hit; ttl=10; detail=memory", Class::Hit),
            ("siftd; fwd=miss; stored", Class::Miss),
            ("siftd; fwd=miss; collapsed", Class::Coalesced),
            ("siftd; fwd=miss; stored, edge; hit", Class::Hit),
            ("siftd", Class::Unlabelled),
        ] {
            assert_eq!(outcome(200, &[("cache-status", status)]), Outcome::Answered(class), "{status}");
        }
        assert_eq!(outcome(200, &[]), Outcome::Answered(Class::Unlabelled));
    }

    #[test]
    fn what_this_machine_lacks_is_not_the_service_s_failure() {
        for (errno, failure) in [
            (Errno::MFILE, Failure::Exhausted),
            (Errno::ADDRNOTAVAIL, Failure::Exhausted),
            (Errno::CONNREFUSED, Failure::Connect),
        ] {
            assert_eq!(Failure::of_connecting(&errno.into()), failure, "{errno}");
        }
    }

    #[test]
    fn refusals_tell_when_to_come_again_and_all_else_is_a_failure() {
        let refused = |after| Outcome::Refused { after };
        assert_eq!(outcome(503, &[("retry-after", "3")]), refused(Some(Duration::from_secs(3))));
        assert_eq!(outcome(429, &[("retry-after", "Fri, 31 Dec 1999")]), refused(None));
        assert_eq!(outcome(504, &[]), Outcome::Failed(Failure::Status(504)));
        assert_eq!(outcome(304, &[]), Outcome::Failed(Failure::Status(304)));
    }
}
