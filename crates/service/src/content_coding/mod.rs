//! Compressed request bodies: `Content-Encoding` (RFC 9110, 8.4), decoded within a limit as they come.

mod decoder;
mod deflate;
mod error;
mod gzip;
mod header;
mod inflater;
#[cfg(test)]
mod tests;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

pub(crate) use decoder::Decoder;
pub(crate) use error::{CodingError, UnsupportedCoding};

/// What a body is compressed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 1952, of one member or several.
    Gzip,
    /// RFC 1950; also RFC 1951 without a frame, as some clients send it.
    Deflate,
}

impl Coding {
    /// The codings that are decoded, for `Accept-Encoding` in a refusal.
    pub(crate) const ACCEPTED: &str = "gzip, deflate, identity";

    /// What the headers say that the body is compressed by; none if it is sent as it is.
    pub(crate) fn of_body(headers: &HeaderMap) -> Result<Option<Self>, UnsupportedCoding> {
        let mut coding = None;
        for value in headers.get_all(CONTENT_ENCODING) {
            for name in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                if let Some(named) = Self::named(name)?
                    && coding.replace(named).is_some()
                {
                    return Err(UnsupportedCoding::Several);
                }
            }
        }
        Ok(coding)
    }

    fn named(name: &[u8]) -> Result<Option<Self>, UnsupportedCoding> {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        match () {
            () if name.is_empty() || is("identity") => Ok(None),
            () if is("gzip") || is("x-gzip") => Ok(Some(Self::Gzip)),
            () if is("deflate") => Ok(Some(Self::Deflate)),
            () => Err(UnsupportedCoding::Unknown(name.escape_ascii().to_string())),
        }
    }
}
