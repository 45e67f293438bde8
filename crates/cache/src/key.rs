use std::fmt;
use std::str::FromStr;

/// What a value is kept under: everything that decides what the value is, and nothing else.
///
/// Its text is `features:<engine version>:<parameter fingerprint>:<digest>`, the last two in lower-case hexadecimal. It
/// has one spelling, so that stores that compare keys as text agree with those that compare bytes.
///
/// ```
/// let key = cache::Key { engine_version: 2, fingerprint: [0xab; 16], digest: [0x01; 32] };
/// let text = key.to_string();
/// assert!(text.starts_with("features:2:abababab"));
/// assert_eq!(text.parse(), Ok(key));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// Version of what is computed; values of one version are never taken for those of another.
    pub engine_version: u32,
    /// Fingerprint of the parameters.
    pub fingerprint: [u8; 16],
    /// SHA-256 of the input.
    pub digest: [u8; 32],
}

/// A text that is no [`Key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key: expected features:<engine version>:<32 hexadecimal digits>:<64 hexadecimal digits>")]
pub struct UnknownKey;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        text.strip_prefix("features:").and_then(|parts| Self::from_parts(parts, ':')).ok_or(UnknownKey)
    }
}

impl Key {
    /// Its text.
    pub(crate) fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("features:")?;
        self.write_parts(f, ':')
    }

    /// Version, fingerprint and digest with `separator` between them.
    pub(crate) fn write_parts(&self, f: &mut impl fmt::Write, separator: char) -> fmt::Result {
        write!(f, "{}{separator}", self.engine_version)?;
        write_hex(f, &self.fingerprint)?;
        f.write_char(separator)?;
        write_hex(f, &self.digest)
    }

    /// Reads what [`write_parts`](Self::write_parts) writes, and only that.
    pub(crate) fn from_parts(parts: &str, separator: char) -> Option<Self> {
        let (version, parts) = parts.split_once(separator)?;
        let (fingerprint, digest) = parts.split_once(separator)?;
        let plain = version == "0" || !version.starts_with(['0', '+']);
        Some(Self {
            engine_version: version.parse().ok().filter(|_| plain)?,
            fingerprint: from_hex(fingerprint)?,
            digest: from_hex(digest)?,
        })
    }
}

/// At once, without the machinery of formatting for each byte, which every lookup in a shared store would pay for.
fn write_hex<const N: usize>(f: &mut impl fmt::Write, bytes: &[u8; N]) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [[0; 2]; N];
    for (digits, byte) in text.iter_mut().zip(bytes) {
        *digits = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    f.write_str(std::str::from_utf8(text.as_flattened()).map_err(|_| fmt::Error)?)
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = digits else { return None };
        *byte = from_digit(*high)? << 4 | from_digit(*low)?;
    }
    Some(bytes)
}

fn from_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
