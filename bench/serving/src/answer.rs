//! The answer that is given to everyone.

use std::error::Error;
use std::str;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// Headers and body of an answer.
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Reads header lines, an empty line and the body; lines end in CRLF.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Box<dyn Error>> {
        let empty = text.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) =
            empty.and_then(|at| Some((text.get(..at)?, text.get(at + 4..)?))).ok_or("no empty line")?;
        let mut headers = HeaderMap::new();
        for line in str::from_utf8(head)?.split("\r\n") {
            let (name, value) = line.split_once(": ").ok_or_else(|| format!("{line:?} is no header"))?;
            headers.append(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        }
        Ok(Self { headers, body: Bytes::copy_from_slice(body) })
    }

    /// The answer; hyper adds `Content-Length` and `Date`.
    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_body_are_read() {
        let answer =
            Answer::parse(b"content-type: text/plain\r\nvary: a\r\nvary: b\r\n\r\na\r\n\r\nb").unwrap();
        assert_eq!(answer.headers.len(), 3);
        assert_eq!(answer.body, "a\r\n\r\nb");
        for wrong in ["", "a: b\r\n", "no header\r\n\r\nbody"] {
            assert!(Answer::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }
}
