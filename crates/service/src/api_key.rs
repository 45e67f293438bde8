//! Who may call: keys in `Authorization` or `X-API-Key`, compared by their SHA-256.

use std::fmt;
use std::str::FromStr;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use subtle::{Choice, ConstantTimeEq};

use crate::hex;

/// SHA-256 of an API key: what the configuration holds in its place.
///
/// ```
/// let hash = service::ApiKeyHash::of("key");
/// assert_eq!(hash.to_string().parse(), Ok(hash));
/// assert_eq!(format!("sha256:{hash}").parse(), Ok(hash));
/// assert_eq!(format!("{hash:?}"), "ApiKeyHash(2c70e12b...)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyHash(sha256::Digest);

/// A text that is no [`ApiKeyHash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the hash of an API key: expected the 64 hexadecimal digits of its SHA-256, optionally after `sha256:`"
)]
pub struct InvalidApiKeyHash;

impl ApiKeyHash {
    /// Of the key itself.
    pub fn of(key: &str) -> Self {
        Self(sha256::digest(key.as_bytes()))
    }
}

impl FromStr for ApiKeyHash {
    type Err = InvalidApiKeyHash;

    fn from_str(text: &str) -> Result<Self, InvalidApiKeyHash> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        hex::digest(digits.as_bytes()).map(Self).ok_or(InvalidApiKeyHash)
    }
}

impl fmt::Display for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&hex::of_digest(&self.0)).unwrap_or_default())
    }
}

/// The first 8 digits only: enough to tell keys apart in a log.
impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(f, "ApiKeyHash({first:02x}{second:02x}{third:02x}{fourth:02x}...)")
    }
}

/// Which key a caller has shown: the first 8 bytes of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyId(u64);

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// No keys are configured.
    Anyone,
    /// The bearer of a key.
    Key(KeyId),
}

/// Why a caller is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    /// No key was shown: 401.
    #[error("an API key is needed: send `Authorization: Bearer KEY` or `X-API-Key: KEY`")]
    Missing,
    /// The key is none of those configured: 403.
    #[error("the API key is not known")]
    Wrong,
}

/// The keys of which a caller must show one, if there are any.
#[derive(Debug, Clone)]
pub(crate) struct KeyRing {
    keys: Vec<ApiKeyHash>,
}

impl KeyRing {
    pub(crate) fn new(keys: Vec<ApiKeyHash>) -> Self {
        Self { keys }
    }

    /// Tells who calls. How long it takes does not depend on which key is right, nor how much of it.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        if self.keys.is_empty() {
            return Ok(Caller::Anyone);
        }
        let shown = sha256::digest(shown_key(headers).ok_or(AuthError::Missing)?);
        let known = self.keys.iter().fold(Choice::from(0), |known, key| known | key.0.ct_eq(&shown));
        if !bool::from(known) {
            return Err(AuthError::Wrong);
        }
        Ok(Caller::Key(KeyId(u64::from_be_bytes(std::array::from_fn(|at| shown[at])))))
    }
}

/// The key in `Authorization`, if its scheme is `Bearer`, else that in `X-API-Key`.
fn shown_key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
    let shown = bearer.or_else(|| headers.get("x-api-key").map(HeaderValue::as_bytes));
    shown.map(<[u8]>::trim_ascii).filter(|key| !key.is_empty())
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.trim_ascii_start().split_at_checked("Bearer".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer") && key.starts_with(b" ")).then_some(key)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn check(keys: &[&str], headers: &[(&'static str, &'static str)]) -> Result<Caller, AuthError> {
        let ring = KeyRing::new(keys.iter().map(|key| ApiKeyHash::of(key)).collect());
        let headers = headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        ring.check(&headers.collect())
    }

    #[test]
    fn without_keys_anyone_is_served() {
        assert_eq!(check(&[], &[]), Ok(Caller::Anyone));
        assert_eq!(check(&[], &[("x-api-key", "any")]), Ok(Caller::Anyone));
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        // The first 8 bytes of the SHA-256 of `two`.
        let two = Ok(Caller::Key(KeyId(0x3fc4_ccfe_7458_70e2)));
        for headers in [
            &[("authorization", "Bearer two")][..],
            &[("authorization", "bearer  two ")],
            &[("x-api-key", "two")],
            &[("authorization", "Basic b25lOnR3bw=="), ("x-api-key", "two")],
            &[("authorization", "Bearer two"), ("x-api-key", "wrong")],
        ] {
            assert_eq!(check(&["one", "two", "three"], headers), two, "{headers:?}");
        }
        assert_ne!(check(&["one", "two"], &[("x-api-key", "one")]), two);
    }

    #[test]
    fn a_missing_key_is_told_from_a_wrong_one() {
        for headers in [
            &[][..],
            &[("authorization", "Bearer ")],
            &[("authorization", "Beare")],
            &[("authorization", "Bearertwo")],
            &[("authorization", "Basic two")],
            &[("x-api-key", "")],
        ] {
            assert_eq!(check(&["two"], headers), Err(AuthError::Missing), "{headers:?}");
        }
        for key in ["tw", "twoo", "TWO"] {
            assert_eq!(check(&["two"], &[("x-api-key", key)]), Err(AuthError::Wrong), "{key}");
        }
    }

    #[test]
    fn what_is_no_hash_is_told() {
        let hash = ApiKeyHash::of("key").to_string();
        for text in [
            "",
            "sha256:",
            &hash[1..],
            &format!("{hash}0"),
            &hash.replacen('2', "+", 1),
            &"\u{e9}".repeat(32),
        ] {
            assert_eq!(text.parse::<ApiKeyHash>(), Err(InvalidApiKeyHash), "{text}");
        }
        assert_eq!(hash.to_uppercase().parse(), Ok(ApiKeyHash::of("key")));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(sha256:)?[0-9a-fA-F]{60,66}|\\PC*") {
            if let Ok(hash) = text.parse::<ApiKeyHash>() {
                prop_assert!(text.to_lowercase().ends_with(&hash.to_string()));
            }
        }
    }
}
