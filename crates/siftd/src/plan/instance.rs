//! The figures of a running instance.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use capacity::Profile;
use capacity::live::{self, Exposition};

use crate::http;

/// How long an instance may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a service is, as an `http` URL says it, whose path does not matter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServiceUrl {
    url: String,
    /// Host and port.
    authority: String,
}

impl FromStr for ServiceUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let rest =
            url.strip_prefix("http://").ok_or("must begin with http://, such as http://127.0.0.1:8000")?;
        let authority = rest.split('/').next().filter(|authority| !authority.is_empty());
        let authority = authority.ok_or("must name a host, such as http://127.0.0.1:8000")?;
        let has_port = authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { url: url.to_owned(), authority })
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// A running service that cannot be planned from.
#[derive(Debug, thiserror::Error)]
#[error("the service at {service} {reason}")]
pub(crate) struct InstanceError {
    service: ServiceUrl,
    reason: InstanceFault,
}

/// Why it cannot.
#[derive(Debug, thiserror::Error)]
enum InstanceFault {
    #[error("does not answer: {0}")]
    Silent(io::Error),
    #[error("answers {0} to a request for its /metrics")]
    Status(u16),
    #[error("cannot be planned from yet: {0}")]
    Unmeasured(capacity::Error),
}

/// A profile from `/metrics` of the service.
pub(super) fn profile(service: &ServiceUrl) -> Result<Profile, InstanceError> {
    let of_service = |reason| InstanceError { service: service.clone(), reason };
    let answer = http::get(&service.authority, "/metrics", TIMEOUT);
    let answer = answer.map_err(|error| of_service(InstanceFault::Silent(error)))?;
    if answer.status != 200 {
        return Err(of_service(InstanceFault::Status(answer.status)));
    }
    let made = answer.date.as_deref().unwrap_or("now");
    live::profile(&Exposition::parse(&answer.body), made, env!("CARGO_PKG_VERSION"))
        .map_err(|error| of_service(InstanceFault::Unmeasured(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_a_port() {
        let authority = |url: &str| url.parse().map(|ServiceUrl { authority, .. }| authority);
        assert_eq!(authority("http://127.0.0.1:8000/"), Ok("127.0.0.1:8000".to_owned()));
        assert_eq!(authority("http://siftd.example/metrics"), Ok("siftd.example:80".to_owned()));
        for url in ["https://siftd.example", "siftd.example", "http://", "http:///metrics"] {
            assert!(authority(url).is_err(), "{url}");
        }
    }
}
