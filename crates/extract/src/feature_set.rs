use sift::{Descriptor, Descriptors, Keypoint};

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

impl FeatureSet {
    /// Which descriptor the keypoints have.
    pub fn descriptor(&self) -> Descriptor {
        match self.descriptors {
            Descriptors::Sift(_) => Descriptor::Sift,
            Descriptors::RootSift(_) => Descriptor::RootSift,
        }
    }
}
