use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

/// The caller's span, to which the request's is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParentSpan {
    /// The trace, not 0.
    pub(crate) trace_id: u128,
    /// The span, not 0.
    pub(crate) span_id: u64,
    /// Whether the caller records it.
    pub(crate) sampled: bool,
}

impl ParentSpan {
    /// Reads W3C's `traceparent`, `00-<trace id>-<span id>-<flags>` in lower-case hexadecimal. Nothing where it is
    /// malformed: the request then begins a trace of its own, as the standard says.
    pub(crate) fn from_traceparent(header: &str) -> Option<Self> {
        const SAMPLED: u8 = 1;
        let mut parts = header.trim().split('-');
        let version = digits(parts.next()?, 2)?;
        let trace_id = digits(parts.next()?, 32)?;
        let span_id = u64::try_from(digits(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(digits(parts.next()?, 2)?).ok()?;
        // Later versions may add parts.
        let known = match version {
            0 => parts.next().is_none(),
            0xff => false,
            _ => true,
        };
        let parent = Self { trace_id, span_id, sampled: flags & SAMPLED != 0 };
        (known && trace_id != 0 && span_id != 0).then_some(parent)
    }

    pub(super) fn context(self) -> Context {
        let flags = TraceFlags::default().with_sampled(self.sampled);
        let (trace, span) = (TraceId::from(self.trace_id), SpanId::from(self.span_id));
        let remote = SpanContext::new(trace, span, flags, true, TraceState::default());
        Context::new().with_remote_span_context(remote)
    }
}

/// Exactly so many digits of a hexadecimal number.
fn digits(text: &str, count: usize) -> Option<u128> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let valid = text.len() == count && text.bytes().all(digit);
    if valid { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_standard_form() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = ParentSpan {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span_id: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(ParentSpan::from_traceparent(header), Some(parent));
        let unsampled = header.replace("-01", "-02");
        assert_eq!(ParentSpan::from_traceparent(&unsampled), Some(ParentSpan { sampled: false, ..parent }));
        let later = format!("cc{}-more", &header[2..]);
        assert_eq!(ParentSpan::from_traceparent(&later), Some(parent));
    }

    #[test]
    fn what_is_malformed_is_nothing() {
        for header in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-\u{e9}bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(ParentSpan::from_traceparent(header), None, "{header}");
        }
    }
}
