use super::HEADER_LENGTH;

/// Why bytes are not a stored feature set. A cache treats each of these as a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Fewer bytes than a header has.
    #[error(
        "a stored feature set starts with a header of {HEADER_LENGTH} bytes, but there are only {found} bytes"
    )]
    NoHeader {
        /// Number of bytes.
        found: usize,
    },
    /// Something else altogether.
    #[error("the bytes are no stored feature set: they do not start with its magic number")]
    WrongMagic,
    /// The header's bytes were changed.
    #[error("the header of the stored feature set is corrupt: its checksum does not match")]
    CorruptHeader,
    /// Written by a later siftd.
    #[error(
        "the stored feature set has layout version {found}, but this siftd reads only version {supported}"
    )]
    UnsupportedVersion {
        /// Version in the header.
        found: u32,
        /// Version that can be read.
        supported: u32,
    },
    /// The header's checksum is right, but no writer writes such a header.
    #[error("the header of the stored feature set is invalid: its {field} is none that version 1 writes")]
    InvalidHeader {
        /// Name of the field.
        field: &'static str,
    },
    /// Truncated or extended.
    #[error("the stored feature set must have {expected} bytes, but has {found}")]
    LengthMismatch {
        /// Length by the header.
        expected: u64,
        /// Number of bytes.
        found: u64,
    },
    /// The keypoints' or descriptors' bytes were changed.
    #[error("the features of the stored feature set are corrupt: their checksum does not match")]
    CorruptPayload,
}
