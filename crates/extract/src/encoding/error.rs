/// Why a feature set was not written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The output refused the bytes.
    #[error("the features could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// Keypoints and descriptors do not belong together.
    #[error("{keypoints} keypoints need 128 descriptor elements each, but there are {elements} in all")]
    Inconsistent {
        /// Number of keypoints.
        keypoints: usize,
        /// Number of descriptor elements of all keypoints.
        elements: usize,
    },
    /// More keypoints than the stored form can count.
    #[error("{keypoints} keypoints are too many: the stored form holds at most 2^32 - 1")]
    TooLarge {
        /// Number of keypoints.
        keypoints: usize,
    },
}
