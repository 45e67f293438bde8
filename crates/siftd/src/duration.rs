//! Times on the command line: `30`, `30s`, `500ms`, `2m`, `1h`.

use std::time::Duration;

/// Units in seconds, those that end in the letters of another before it.
const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// For clap.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, 1.0));
    let seconds = number.parse::<f64>().ok().map(|number| number * factor);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("must be a number of seconds, or one with the unit ms, s, m or h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, millis) in [
            ("30", 30_000),
            ("30s", 30_000),
            ("0.5s", 500),
            ("250ms", 250),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "1d", "nan", "1 s", "1e40h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
