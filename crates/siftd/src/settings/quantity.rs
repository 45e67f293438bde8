//! Bytes and seconds as people write them.

use std::time::Duration;

/// Units of bytes, the largest first.
const UNITS: [(&str, u64); 8] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
];

/// The names of the units.
pub(crate) fn units() -> String {
    UNITS.map(|(unit, _)| unit).join(", ")
}

/// A whole number of bytes, or of one of the [`UNITS`].
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim_end(), *factor)))
        .unwrap_or((text, 1));
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Bytes above 0, for flags that are no settings: those have bounds of their own.
pub(crate) fn bytes_above_0(text: &str) -> Result<u64, String> {
    let bytes = bytes(text).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("must be a whole number of bytes above 0, or of one of {}", units()))
}

/// Bytes in the largest unit of which they are a whole number.
pub(crate) fn human(bytes: u64) -> String {
    let whole = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    whole.map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{} {unit}", bytes / factor))
}

/// A time of so many seconds, to the nanosecond.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        let cases = [
            ("0", 0),
            ("10000000", 10_000_000),
            ("10MB", 10_000_000),
            ("10 MiB", 10 << 20),
            ("3kB", 3000),
            ("1 TiB", 1 << 40),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for text in ["", "-1", "MB", "1.5GB", "10mb", "10 M", "18446744073709551615 kB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_are_told_in_their_largest_whole_unit() {
        let cases = [(0, "0"), (1, "1"), (1000, "1 kB"), (10_000_000, "10 MB"), (256 << 20, "256 MiB")];
        for (number, expected) in cases {
            assert_eq!(human(number), expected);
            assert_eq!(bytes(expected), Some(number));
        }
    }

    #[test]
    fn seconds_have_decimals() {
        assert_eq!(seconds("3600"), Some(Duration::from_secs(3600)));
        assert_eq!(seconds("0.25"), Some(Duration::from_millis(250)));
        for text in ["", "-1", "nan", "inf", "1e30", "30s"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
