use std::fmt;
use std::str::FromStr;

/// What the names of a store's entries begin with: up to 64 characters that every store takes in a name.
///
/// ```
/// assert_eq!(cache::KeyPrefix::default().to_string(), "siftd:");
/// assert!("two words".parse::<cache::KeyPrefix>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

/// A text that names cannot begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key prefix is {}", KeyPrefix::ALLOWED)]
pub struct UnusablePrefix;

impl KeyPrefix {
    /// What it may be, in words.
    pub const ALLOWED: &str = "up to 64 letters, digits or -_.:/";

    const LONGEST: usize = 64;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("siftd:".to_owned())
    }
}

impl FromStr for KeyPrefix {
    type Err = UnusablePrefix;

    /// Braces are none, since a cluster would keep all entries on one node for them.
    fn from_str(text: &str) -> Result<Self, UnusablePrefix> {
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if text.len() <= Self::LONGEST && text.bytes().all(usable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnusablePrefix)
        }
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_short_and_plain() {
        for text in ["", "siftd:", "a/b-c_d.e:", &"x".repeat(64)] {
            assert_eq!(text.parse::<KeyPrefix>().unwrap().to_string(), text);
        }
        for text in ["a b", "{slot}", "a\r\n", "é", "a*", &"x".repeat(65)] {
            assert_eq!(text.parse::<KeyPrefix>(), Err(UnusablePrefix), "{text}");
        }
    }
}
