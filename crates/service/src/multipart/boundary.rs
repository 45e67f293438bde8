use bytes::Bytes;

use super::MultipartError;
use crate::parameters;

/// What separates the parts of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Boundary {
    /// CRLF, two dashes, the boundary.
    delimiter: Bytes,
}

/// RFC 2046, 5.1.1.
const LONGEST: usize = 70;

impl Boundary {
    /// The boundary that a `Content-Type` names. Characters beyond those of RFC 2046 are taken if they are printable ASCII.
    pub(crate) fn from_content_type(content_type: &str) -> Result<Self, MultipartError> {
        let (media_type, parameters) = parameters::split(content_type);
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return Err(MultipartError::NotMultipart);
        }
        parameters
            .map_while(Result::ok)
            .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
            .filter(|(_, boundary)| is_boundary(boundary))
            .map(|(_, boundary)| Self { delimiter: Bytes::from(format!("\r\n--{boundary}")) })
            .ok_or(MultipartError::Boundary)
    }

    /// What stands between two parts: a line end, two dashes and the boundary. Its first byte occurs nowhere else in it.
    pub(super) fn delimiter(&self) -> &Bytes {
        &self.delimiter
    }
}

fn is_boundary(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_may_be_quoted_or_not() {
        for (content_type, boundary) in [
            ("multipart/form-data; boundary=x", "x"),
            ("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b:c\"", "a b:c"),
            ("multipart/form-data; boundary=----WebKit/=+; charset=utf-8", "----WebKit/=+"),
            ("multipart/form-data; boundary=\"a\\\"b\"", "a\"b"),
        ] {
            let expected = Bytes::from(format!("\r\n--{boundary}"));
            let read = Boundary::from_content_type(content_type);
            assert_eq!(read.unwrap().delimiter(), &expected, "{content_type}");
        }
        let longest = "x".repeat(LONGEST);
        assert!(Boundary::from_content_type(&format!("multipart/form-data; boundary={longest}")).is_ok());
    }

    #[test]
    fn what_names_no_boundary_is_told() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(LONGEST + 1));
        for content_type in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a ",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\"a\r\nb\"",
            "multipart/form-data; boundary=\u{e9}",
            long.as_str(),
        ] {
            let error = Boundary::from_content_type(content_type);
            assert_eq!(error, Err(MultipartError::Boundary), "{content_type}");
        }
        for content_type in
            ["", "image/png", "multipart/mixed; boundary=x", "multipart/form-data-x; boundary=x"]
        {
            let error = Boundary::from_content_type(content_type);
            assert_eq!(error, Err(MultipartError::NotMultipart), "{content_type}");
        }
    }
}
