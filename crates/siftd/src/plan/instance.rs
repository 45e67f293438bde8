//! The figures of a running instance.

use std::time::Duration;

use capacity::Profile;
use capacity::live::{self, Exposition};

use crate::http;

/// How long an instance may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A profile from `/metrics` of the service at the URL.
pub(super) fn profile(url: &str) -> Result<Profile, String> {
    let authority = authority(url)?;
    let answer = http::get(&authority, "/metrics", TIMEOUT)
        .map_err(|error| format!("the service at {url} does not answer: {error}"))?;
    if answer.status != 200 {
        return Err(format!("the service at {url} answers {} to a request for its /metrics", answer.status));
    }
    let made = answer.date.as_deref().unwrap_or("now");
    live::profile(&Exposition::parse(&answer.body), made, env!("CARGO_PKG_VERSION"))
        .map_err(|error| format!("the service at {url} cannot be planned from yet: {error}"))
}

/// Host and port of an `http` URL; its path does not matter.
fn authority(url: &str) -> Result<String, String> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| format!("{url} must begin with http://, such as http://127.0.0.1:8000"))?;
    let authority = rest.split('/').next().unwrap_or_default();
    let port = authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    Ok(if port { authority.to_owned() } else { format!("{authority}:80") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_a_port() {
        assert_eq!(authority("http://127.0.0.1:8000/"), Ok("127.0.0.1:8000".to_owned()));
        assert_eq!(authority("http://siftd.example/metrics"), Ok("siftd.example:80".to_owned()));
        assert!(authority("https://siftd.example").is_err());
    }
}
