//! The part of memcached's meta protocol that is needed: requests as bytes, bytes as replies.

use std::fmt::{self, Write};

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

/// Bytes of the line of a reply at most, with its end.
const LONGEST_LINE: usize = 2048;

/// Bytes of all statistics at most.
const LONGEST_STATISTICS: usize = 1 << 20;

/// Bytes of a value at most: what memcached takes where it is not told otherwise, and more than siftd stores in an item.
const LONGEST_VALUE: usize = 1 << 20;

/// What is sent to a server.
#[derive(Debug)]
pub(super) struct Request(pub(super) Bytes);

impl Request {
    /// The item of a name; names are without blanks and control characters, as keys and prefixes are.
    pub(super) fn get(name: &str) -> Self {
        Self(format!("mg {name} v\r\n").into())
    }

    /// Keeps an item, the pieces one after the other, until `expiry`.
    pub(super) fn set(name: &str, pieces: &[&[u8]], expiry: u64) -> Self {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut bytes = BytesMut::with_capacity(name.len() + length + 48);
        // Writing to memory does not fail.
        let _ = write!(bytes, "ms {name} {length} T{expiry}\r\n");
        pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        bytes.extend_from_slice(b"\r\n");
        Self(bytes.freeze())
    }

    /// Forgets an item.
    pub(super) fn delete(name: &str) -> Self {
        Self(format!("md {name}\r\n").into())
    }

    /// What the server keeps an item as.
    pub(super) fn describe(name: &str) -> Self {
        Self(format!("me {name}\r\n").into())
    }

    /// The server's version.
    pub(super) fn version() -> Self {
        Self(Bytes::from_static(b"version\r\n"))
    }

    /// The server's statistics, or those of a group after a blank.
    pub(super) fn statistics(group: &str) -> Self {
        Self(format!("stats{group}\r\n").into())
    }
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Value(Bytes),
    /// A line of words, or lines of statistics.
    Text(String),
    Done,
    Missing,
    TooLarge,
    /// It refuses this, in these words, and goes on.
    Refused(String),
    /// It does not serve, or did not understand: nothing after it can be trusted.
    Failed(String),
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) | Self::Text(_) => f.write_str("something that was not asked for"),
            Self::Done => f.write_str("done, without a value"),
            Self::Missing => f.write_str("not there"),
            Self::TooLarge => f.write_str("object too large for cache"),
            Self::Refused(words) | Self::Failed(words) => f.write_str(words),
        }
    }
}

/// Bytes that are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Takes the next reply off what was received; none if it is not complete yet.
pub(crate) fn next(received: &mut BytesMut) -> Result<Option<Reply>, Malformed> {
    let beginning = received.get(..LONGEST_LINE).unwrap_or(received);
    let Some(end) = memmem::find(beginning, b"\r\n") else {
        return if received.len() >= LONGEST_LINE { Err(Malformed) } else { Ok(None) };
    };
    let line = beginning.get(..end).ok_or(Malformed)?;
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let reply = match code {
        "VA" => return value(received, end + 2, rest.split(' ').next().unwrap_or_default().parse()),
        "STAT" => return statistics(received),
        "VERSION" | "ME" => Reply::Text(line.to_owned()),
        "HD" => Reply::Done,
        "EN" | "NF" => Reply::Missing,
        "SERVER_ERROR" if rest.starts_with("object too large") => Reply::TooLarge,
        "SERVER_ERROR" | "NS" | "EX" => Reply::Refused(line.to_owned()),
        "ERROR" | "CLIENT_ERROR" => Reply::Failed(line.to_owned()),
        _ => return Err(Malformed),
    };
    received.advance(end + 2);
    Ok(Some(reply))
}

/// Lines of statistics, up to the one that ends them.
fn statistics(received: &mut BytesMut) -> Result<Option<Reply>, Malformed> {
    const END: &[u8] = b"\r\nEND\r\n";
    let beginning = received.get(..LONGEST_STATISTICS).unwrap_or(received);
    let Some(end) = memmem::find(beginning, END) else {
        return if received.len() >= LONGEST_STATISTICS { Err(Malformed) } else { Ok(None) };
    };
    let text = received.split_to(end);
    received.advance(END.len());
    String::from_utf8(text.into()).map(|text| Some(Reply::Text(text))).map_err(|_| Malformed)
}

/// A value of a length, from where its bytes begin, and the line end after it.
fn value<E>(
    received: &mut BytesMut,
    from: usize,
    length: Result<usize, E>,
) -> Result<Option<Reply>, Malformed> {
    let length = length.ok().filter(|length| *length <= LONGEST_VALUE).ok_or(Malformed)?;
    let end = from + length;
    if received.len() < end + 2 {
        received.reserve(end + 2 - received.len());
        return Ok(None);
    }
    if received.get(end..end + 2) != Some(b"\r\n") {
        return Err(Malformed);
    }
    received.advance(from);
    let value = received.split_to(length).freeze();
    received.advance(2);
    Ok(Some(Reply::Value(value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8], chunk: usize) -> Result<Vec<Reply>, Malformed> {
        let mut received = BytesMut::new();
        let mut replies = Vec::new();
        for chunk in bytes.chunks(chunk) {
            received.extend_from_slice(chunk);
            while let Some(reply) = next(&mut received)? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    #[test]
    fn requests_are_as_the_protocol_has_them() {
        assert_eq!(Request::get("name").0, "mg name v\r\n");
        assert_eq!(Request::set("name", &[b"ab", b"c"], 60).0, "ms name 3 T60\r\nabc\r\n");
        assert_eq!(Request::delete("name").0, "md name\r\n");
        assert_eq!(Request::statistics(" slabs").0, "stats slabs\r\n");
    }

    #[test]
    fn replies_are_read_however_they_are_cut() {
        let bytes = b"VA 4\r\nab\r\n\r\nEN\r\nHD\r\nVA 0 f1\r\n\r\nNF \r\nSERVER_ERROR object too large for cache\r\n\
            SERVER_ERROR out of memory storing object\r\nME a cls=3 size=9\r\nSTAT a 1\r\nSTAT b 2\r\nEND\r\nVERSION 1.6.18\r\n\
            ERROR Too many open connections\r\n";
        let expected = [
            Reply::Value("ab\r\n".into()),
            Reply::Missing,
            Reply::Done,
            Reply::Value("".into()),
            Reply::Missing,
            Reply::TooLarge,
            Reply::Refused("SERVER_ERROR out of memory storing object".into()),
            Reply::Text("ME a cls=3 size=9".into()),
            Reply::Text("STAT a 1\r\nSTAT b 2".into()),
            Reply::Text("VERSION 1.6.18".into()),
            Reply::Failed("ERROR Too many open connections".into()),
        ];
        for chunk in 1..bytes.len() {
            assert_eq!(all(bytes, chunk).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_reply_is_malformed() {
        let cases: [&[u8]; 6] =
            [b"VA\r\n", b"VA x\r\n", b"VA 1048577\r\n", b"VA 1\r\nabc", b"+OK\r\n", b"\xff\xfe\r\n"];
        for bytes in cases {
            assert_eq!(all(bytes, 1000), Err(Malformed), "{bytes:?}");
        }
        assert_eq!(all(&[b'x'; LONGEST_LINE], 10_000), Err(Malformed));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_end_in_replies_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let whole = all(&bytes, 1000);
            prop_assert_eq!(all(&bytes, 7).is_err(), whole.is_err());
        }

        #[test]
        fn values_come_back(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..99), 0..9), chunk in 1_usize..50) {
            let mut bytes = Vec::new();
            for value in &values {
                bytes.extend_from_slice(format!("VA {}\r\n", value.len()).as_bytes());
                bytes.extend_from_slice(value);
                bytes.extend_from_slice(b"\r\n");
            }
            let expected: Vec<_> = values.into_iter().map(|value| Reply::Value(value.into())).collect();
            prop_assert_eq!(all(&bytes, chunk), Ok(expected));
        }
    }
}
