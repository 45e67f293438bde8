use super::Coding;

/// A body that is coded in a way that is not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnsupportedCoding {
    /// The coding is another one.
    #[error("the content encoding is `{0}`, but must be one of {accepted}", accepted = Coding::ACCEPTED)]
    Unknown(String),
    /// It is coded more than once.
    #[error(
        "the body is encoded more than once, but must be encoded at most once, by one of {}",
        Coding::ACCEPTED
    )]
    Several,
}

/// Why a body can't be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodingError {
    /// It is not what its coding says, its checksum is wrong or something follows its end.
    #[error("the compressed body is corrupt")]
    Corrupt,
    /// It decodes to more than is allowed.
    #[error("the body decodes to more than {limit} bytes")]
    TooLarge {
        /// Most bytes allowed.
        limit: u64,
    },
    /// It ended before its coding says so.
    #[error("the compressed body ends too early")]
    Truncated,
}
