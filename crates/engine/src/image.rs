use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sha256::Digest;

/// The bytes of an image file, and their SHA-256. A clone shares the bytes.
#[derive(Clone)]
pub struct Image {
    bytes: Bytes,
    sha256: Digest,
    hashing: Duration,
}

impl Image {
    pub(crate) fn new(bytes: Bytes, sha256: Digest, hashing: Duration) -> Self {
        Self { bytes, sha256, hashing }
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The SHA-256 of the bytes.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// How long hashing took, waiting included.
    pub(crate) fn hashing(&self) -> Duration {
        self.hashing
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
