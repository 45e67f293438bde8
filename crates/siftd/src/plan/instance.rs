//! The figures of a running instance.

use std::io::{self, Read, Write};
use std::time::Duration;

use capacity::Profile;
use capacity::live::{self, Exposition};

use crate::tcp;

/// How long an instance may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Metrics are some tens of kilobytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// A profile from `/metrics` of the service at the URL.
pub(super) fn profile(url: &str) -> Result<Profile, String> {
    let authority = authority(url)?;
    let fail = |error: io::Error| format!("the service at {url} does not answer: {error}");
    let (made, metrics) = get(&authority, "/metrics").map_err(fail)?;
    live::profile(&Exposition::parse(&metrics), &made, env!("CARGO_PKG_VERSION"))
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

/// Date and body of the answer, which ends with the connection.
fn get(authority: &str, path: &str) -> io::Result<(String, String)> {
    let mut stream = tcp::connect(authority, TIMEOUT)?;
    // An answer to HTTP/1.0 is not chunked.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {authority}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
    let (head, body) =
        answer.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("it does not speak HTTP"))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(io::Error::other(format!("{path} answers {status}")));
    }
    let date = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    });
    Ok((date.unwrap_or_else(|| "now".to_owned()), body.to_owned()))
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
