use super::HEAD_LIMIT;

/// Why a body is no whole `multipart/form-data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MultipartError {
    /// The media type is another one.
    #[error("the content type is not multipart/form-data")]
    NotMultipart,
    /// The content type names no boundary that RFC 2046 allows.
    #[error("the content type must have a boundary of 1 to 70 printable ASCII characters, the last no space")]
    Boundary,
    /// The body ended before the closing boundary.
    #[error("the multipart body ends before its closing boundary")]
    Truncated,
    /// A boundary has something else behind it than a line end or `--`.
    #[error("a boundary in the multipart body is followed by neither a line end nor --")]
    Delimiter,
    /// The headers of a part are longer than [`HEAD_LIMIT`].
    #[error("the headers of a part have more than {HEAD_LIMIT} bytes")]
    HeadTooLarge,
    /// The headers of a part are no headers.
    #[error("a part has a malformed header")]
    Head,
}
