use std::borrow::Cow;

use super::MultipartError;
use crate::parameters;

/// What the headers of a part say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartHead {
    /// Name of the field.
    pub(crate) name: Option<String>,
    /// Name of the file as the client knows it: never a path to open.
    pub(crate) file_name: Option<String>,
    /// Media type as written, parameters included.
    pub(crate) content_type: Option<String>,
}

impl PartHead {
    /// Reads header lines, each ended by CRLF, and the empty line after them. Bytes that are not UTF-8 are replaced; of
    /// several headers of a name the first holds; other headers and `filename*` (RFC 7578, 4.2) are passed over.
    pub(super) fn parse(head: &[u8]) -> Result<Self, MultipartError> {
        let text = unfold(String::from_utf8_lossy(head));
        let mut parsed = Self::default();
        let mut disposed = false;
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(MultipartError::Head)?;
            let value = value.trim_matches([' ', '\t']);
            if name.eq_ignore_ascii_case("content-disposition") && !disposed {
                disposed = true;
                parsed.take_disposition(value)?;
            } else if name.eq_ignore_ascii_case("content-type") && parsed.content_type.is_none() {
                parsed.content_type = Some(value.to_owned());
            }
        }
        Ok(parsed)
    }

    fn take_disposition(&mut self, value: &str) -> Result<(), MultipartError> {
        for parameter in parameters::split(value).1 {
            let (name, value) = parameter.map_err(|_| MultipartError::Head)?;
            let field = if name.eq_ignore_ascii_case("name") {
                &mut self.name
            } else if name.eq_ignore_ascii_case("filename") {
                &mut self.file_name
            } else {
                continue;
            };
            // Browsers write a quote as `%22` (HTML, multipart/form-data encoding algorithm).
            field.get_or_insert_with(|| value.replace("%22", "\""));
        }
        Ok(())
    }
}

/// Lines that begin with a blank are the rest of the line before (RFC 5322, 2.2.3).
fn unfold(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains("\r\n ") || text.contains("\r\n\t") {
        return Cow::Owned(text.replace("\r\n ", " ").replace("\r\n\t", "\t"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: Option<&str>, file_name: Option<&str>, content_type: Option<&str>) -> PartHead {
        let [name, file_name, content_type] =
            [name, file_name, content_type].map(|text| text.map(str::to_owned));
        PartHead { name, file_name, content_type }
    }

    #[test]
    fn headers_are_read_as_clients_write_them() {
        for (text, expected) in [
            ("\r\n", head(None, None, None)),
            (
                "Content-Disposition: form-data; name=\"image\"; filename=\"a %22b%22.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n",
                head(Some("image"), Some("a \"b\".jpg"), Some("image/jpeg")),
            ),
            (
                "content-TYPE:text/plain; charset=utf-8\r\nX-Other: 1\r\nCONTENT-disposition:form-data;NAME=n;filename*=utf-8''x\r\n\r\n",
                head(Some("n"), None, Some("text/plain; charset=utf-8")),
            ),
            (
                "Content-Disposition: form-data;\r\n name=\"a\\\"b\";\r\n\tfilename=\"c:\\d\\e.jpg\"\r\n\r\n",
                head(Some("a\"b"), Some("c:\\d\\e.jpg"), None),
            ),
            (
                "Content-Disposition: form-data; name=a; name=b\r\nContent-Disposition: form-data; name=c; filename=d\r\n\r\n",
                head(Some("a"), None, None),
            ),
            ("Content-Disposition: form-data; name=\"\u{fc}\"\r\n\r\n", head(Some("\u{fc}"), None, None)),
        ] {
            assert_eq!(PartHead::parse(text.as_bytes()), Ok(expected), "{text}");
        }
        let latin = PartHead::parse(b"Content-Disposition: form-data; name=\"\xfc\"\r\n\r\n");
        assert_eq!(latin, Ok(head(Some("\u{fffd}"), None, None)));
    }

    #[test]
    fn what_is_no_header_is_told() {
        for text in ["no colon\r\n\r\n", "Content-Disposition: form-data; name=\"a\r\n\r\n"] {
            assert_eq!(PartHead::parse(text.as_bytes()), Err(MultipartError::Head), "{text}");
        }
    }
}
