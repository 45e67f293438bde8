//! A request of a command to a running service.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::net::ToSocketAddrs;
use std::time::Duration;

use crate::tcp;

/// Metrics, the longest answers that are asked for, are some tens of kilobytes.
const LONGEST_ANSWER: u64 = 16 << 20;

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// When it was made, as the service says.
    pub(crate) date: Option<String>,
    pub(crate) body: String,
}

/// Gets a path by HTTP/1.0, of which answers are not chunked and end with their connections. The time is for connecting, and then for each
/// read and write.
pub(crate) fn get(server: impl ToSocketAddrs + Display, path: &str, timeout: Duration) -> io::Result<Answer> {
    let mut stream = tcp::connect(&server, timeout)?;
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {server}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    parsed(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::other("it does not speak HTTP"))
}

fn parsed(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (first, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = first.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    let status = words.next()?.parse().ok()?;
    let date = fields.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    });
    Some(Answer { status, date, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_a_date_and_a_body() {
        let answer = "HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026\r\nx: y\r\n\r\nready\r\n\r\nand more";
        let date = Some("Mon, 30 Nov 2026".to_owned());
        assert_eq!(
            parsed(answer),
            Some(Answer { status: 200, date, body: "ready\r\n\r\nand more".to_owned() })
        );
        let answer = parsed("HTTP/1.0 503 Service Unavailable\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.date), (503, None));
        for other in [
            "",
            "220 mail.example ESMTP\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
        ] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
