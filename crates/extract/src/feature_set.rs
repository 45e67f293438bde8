use sift::{Descriptors, Keypoint};

/// The features of one image: what siftd computes, stores and answers.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSet {
    /// Width of the decoded picture, px, after EXIF orientation.
    pub width: u32,
    /// Height of the decoded picture, px, after EXIF orientation.
    pub height: u32,
    /// SHA-256 of the image's bytes as they came.
    pub image_sha256: [u8; 32],
    /// Keypoints in OpenCV's order.
    pub keypoints: Vec<Keypoint>,
    /// One descriptor a keypoint.
    pub descriptors: Descriptors,
}
