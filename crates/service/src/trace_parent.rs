//! The trace that a request is part of: `traceparent` (W3C Trace Context).

use std::fmt;
use std::str::FromStr;

/// What a caller says of its own span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceParent {
    /// Of the whole trace; never zero.
    pub(crate) trace_id: u128,
    /// Of the caller's span; never zero.
    pub(crate) parent_id: u64,
    /// Whether the caller may have recorded it.
    pub(crate) sampled: bool,
}

/// A value that is no `traceparent`: the trace begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a traceparent: expected 00-<32 hexadecimal digits>-<16 hexadecimal digits>-<2 hexadecimal digits>"
)]
pub(crate) struct InvalidTraceParent;

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Reads version 00; of later ones what they have in common with it.
    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        parse(text).ok_or(InvalidTraceParent)
    }
}

fn parse(text: &str) -> Option<TraceParent> {
    let mut fields = text.splitn(5, '-');
    let version = hexadecimal(fields.next()?, 2)?;
    let trace_id = hexadecimal(fields.next()?, 32)?;
    let parent_id = u64::try_from(hexadecimal(fields.next()?, 16)?).ok()?;
    let flags = hexadecimal(fields.next()?, 2)?;
    let is_version = version != 0xff && (version > 0 || fields.next().is_none());
    let sampled = flags & 1 != 0;
    (is_version && trace_id != 0 && parent_id != 0).then_some(TraceParent { trace_id, parent_id, sampled })
}

/// The value of so many lower-case digits.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let are_digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != digits || !are_digits {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, parent_id, sampled } = self;
        write!(f, "00-{trace_id:032x}-{parent_id:016x}-{:02x}", u8::from(*sampled))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_standard_is_read() {
        let expected = TraceParent {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            parent_id: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(EXAMPLE.parse(), Ok(expected));
        let later = format!("cc{}-more", &EXAMPLE[2..]);
        assert_eq!(later.parse(), Ok(expected));
        assert_eq!(later.trim_end_matches("-more").parse(), Ok(expected));
        let unsampled = EXAMPLE.replace("-01", "-fe");
        assert_eq!(unsampled.parse(), Ok(TraceParent { sampled: false, ..expected }));
    }

    #[test]
    fn any_other_is_refused() {
        for text in [
            "",
            &EXAMPLE[1..],
            &EXAMPLE[..EXAMPLE.len() - 1],
            &EXAMPLE.to_uppercase(),
            &format!("{EXAMPLE}-"),
            &format!("{EXAMPLE}0"),
            &format!(" {EXAMPLE}"),
            &EXAMPLE.replacen("00", "ff", 1),
            &EXAMPLE.replace('-', "_"),
            &EXAMPLE.replace("4bf9", "+bf9"),
            &EXAMPLE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &EXAMPLE.replace("00f067aa0ba902b7", &"0".repeat(16)),
        ] {
            assert_eq!(text.parse::<TraceParent>(), Err(InvalidTraceParent), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_read_back(trace_id in 1_u128.., parent_id in 1_u64.., sampled: bool) {
            let parent = TraceParent { trace_id, parent_id, sampled };
            prop_assert_eq!(parent.to_string().parse(), Ok(parent));
        }

        #[test]
        fn any_text_is_answered(text in "[0-9a-f-]{50,60}|\\PC*") {
            if let Ok(parent) = text.parse::<TraceParent>() {
                prop_assert_eq!(&text[2..54], &parent.to_string()[2..54]);
            }
        }
    }
}
