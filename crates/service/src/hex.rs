//! Lower-case hexadecimal digits.

use http::HeaderValue;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The digits of a SHA-256.
pub(crate) fn of_digest(digest: &[u8; 32]) -> [u8; 64] {
    std::array::from_fn(|at| {
        let byte = digest[at / 2];
        DIGITS[usize::from(if at % 2 == 0 { byte >> 4 } else { byte & 0xf })]
    })
}

/// The SHA-256 that 64 digits of either case are.
pub(crate) fn digest(digits: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_chunks().0) {
        let [high, low] = pair.map(|digit: u8| char::from(digit).to_digit(16));
        *byte = (high? << 4 | low?) as u8;
    }
    Some(digest)
}

/// The digits, the most significant first, zeros included.
pub(crate) fn digits(value: u128) -> [u8; 32] {
    std::array::from_fn(|at| DIGITS[(value >> (124 - 4 * at) & 0xf) as usize])
}

/// A header value of such digits and other visible ASCII.
pub(crate) fn header_value(text: &[u8]) -> HeaderValue {
    // Visible ASCII is a header value, so this is never empty.
    HeaderValue::from_bytes(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_standard_library(value: u128) {
            let expected = format!("{value:032x}");
            prop_assert_eq!(&digits(value)[..], expected.as_bytes());
            prop_assert_eq!(header_value(&digits(value)), expected.as_str());
        }

        #[test]
        fn a_digest_is_read_back(bytes: [u8; 32]) {
            let digits = of_digest(&bytes);
            prop_assert_eq!(digest(&digits), Some(bytes));
            prop_assert_eq!(digest(&digits.to_ascii_uppercase()), Some(bytes));
        }
    }
}
