//! The HTTP service: routes, errors, limits, telemetry, security.
#![forbid(unsafe_code)]

mod conditional;
mod config;
mod hex;
mod multipart;
mod negotiation;
mod parameters;
mod route;
mod telemetry;

use std::fmt;
use std::str::FromStr;

pub use config::{AccessLog, Bounds, Config, Drain, RateLimit};
pub use telemetry::reference::metrics_markdown;

/// SHA-256 of an API key: what the configuration holds in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyHash(pub(crate) sha256::Digest);

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256: 64 hex digits, with or without sha256: before them")]
pub struct ApiKeyHashError;

impl FromStr for ApiKeyHash {
    type Err = ApiKeyHashError;

    fn from_str(text: &str) -> Result<Self, ApiKeyHashError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        if digits.len() != 64 {
            return Err(ApiKeyHashError);
        }
        let mut digest = sha256::Digest::default();
        for (byte, pair) in digest.iter_mut().zip(digits.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            let value = high.zip(low).ok_or(ApiKeyHashError)?;
            *byte = u8::try_from(value.0 << 4 | value.1).map_err(|_| ApiKeyHashError)?;
        }
        Ok(Self(digest))
    }
}

/// The 64 hex digits.
impl fmt::Display for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_back() {
        let digits = "0123456789abcdef".repeat(4);
        let hash: ApiKeyHash = digits.parse().unwrap();
        assert_eq!(hash.to_string(), digits);
        assert_eq!(format!("sha256:{}", digits.to_uppercase()).parse(), Ok(hash));
        for wrong in ["", "sha256:", &digits[1..], &format!("{digits}0"), &digits.replace('0', "+")] {
            assert_eq!(wrong.parse::<ApiKeyHash>(), Err(ApiKeyHashError), "{wrong}");
        }
    }
}
