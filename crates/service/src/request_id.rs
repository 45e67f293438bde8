//! The identity of a request, the same in its answer, its log line and its errors: `X-Request-ID`.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::hex;

/// What a request is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Text);

/// Ours is short and copied with less ado than shared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    Ours([u8; 32]),
    Clients(HeaderValue),
}

/// Longest identity taken from a client, in bytes.
const LONGEST: usize = 128;

impl RequestId {
    /// The header that it comes and goes in.
    pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    /// The client's, if it is safe to repeat in headers and logs: 1 to 128 of `A-Z a-z 0-9 . _ : / + = @ -`. Else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(Self::HEADER) {
            Some(value) if is_sane(value.as_bytes()) => Self(Text::Clients(value.clone())),
            _ => Self::new(),
        }
    }

    /// A new one: 32 hexadecimal digits that nobody outside the process can foretell.
    pub(crate) fn new() -> Self {
        /// SipHash under a random key: of a counter, numbers that look random and do not repeat in practice.
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let half = |side: u8| u128::from(KEY.hash_one((count, side)));
        Self(Text::Ours(hex::digits(half(0) << 64 | half(1))))
    }

    /// As it stands in the header.
    pub(crate) fn header_value(&self) -> HeaderValue {
        match &self.0 {
            Text::Ours(digits) => hex::header_value(digits),
            Text::Clients(value) => value.clone(),
        }
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        // Made of ASCII alone, so this is never empty.
        match &self.0 {
            Text::Ours(digits) => std::str::from_utf8(digits).unwrap_or_default(),
            Text::Clients(value) => value.to_str().unwrap_or_default(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn is_sane(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'+' | b'=' | b'@' | b'-')
    };
    (1..=LONGEST).contains(&text.len()) && text.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn of(value: &[u8]) -> RequestId {
        let value = HeaderValue::from_bytes(value).unwrap();
        RequestId::of(&HeaderMap::from_iter([(RequestId::HEADER, value)]))
    }

    #[test]
    fn a_sane_one_is_taken() {
        let longest = "x".repeat(LONGEST);
        for text in ["a", "1-2_3.4:5/6+7=8@9", &longest] {
            assert_eq!(of(text.as_bytes()).as_str(), text);
            assert_eq!(of(text.as_bytes()).header_value(), text);
        }
    }

    #[test]
    fn any_other_is_replaced() {
        let long = "x".repeat(LONGEST + 1);
        for text in ["", "a b", "a,b", "\"a\"", "{a}", "a\tb", "\u{e9}", &long] {
            let id = of(text.as_bytes());
            assert_ne!(id.as_str(), text);
            assert_eq!(id.as_str().len(), 32);
        }
    }

    #[test]
    fn new_ones_differ_and_have_no_order() {
        let ids: Vec<_> = (0..10_000).map(|_| RequestId::new().to_string()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit())));
        let rising = ids.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((4_500..5_500).contains(&rising), "{rising} of 10,000 rise");
    }
}
