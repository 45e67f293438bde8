/// Elements of a descriptor: 4 x 4 cells of 8 orientations.
pub const DESCRIPTOR_LENGTH: usize = 128;

/// A keypoint, in the fields and conventions of OpenCV's `cv::KeyPoint`: the centre of the first pixel is (0, 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keypoint {
    /// Column, px.
    pub x: f32,
    /// Row, px, downwards.
    pub y: f32,
    /// Diameter of the meaningful neighbourhood, px.
    pub size: f32,
    /// Orientation in degrees, [0, 360), clockwise as seen.
    pub angle: f32,
    /// Absolute contrast in the difference of Gaussians.
    pub response: f32,
    /// Octave (low byte, signed; -1 is the doubled image), layer (second byte) and sub-layer offset (third byte), as
    /// OpenCV packs them.
    pub octave: i32,
}

/// Descriptors of all keypoints, in their order, [`DESCRIPTOR_LENGTH`] elements each.
#[derive(Debug, Clone, PartialEq)]
pub enum Descriptors {
    /// OpenCV's: elements 0 to 255, norm about 512.
    Sift(Vec<u8>),
    /// RootSIFT (Arandjelovic and Zisserman 2012): square roots of the L1-normalised OpenCV descriptor, norm 1.
    RootSift(Vec<f32>),
}

impl Descriptors {
    /// Number of descriptors.
    pub fn len(&self) -> usize {
        match self {
            Self::Sift(elements) => elements.len() / DESCRIPTOR_LENGTH,
            Self::RootSift(elements) => elements.len() / DESCRIPTOR_LENGTH,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What [`Detector`](crate::Detector) finds in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Keypoints, in OpenCV's order.
    pub keypoints: Vec<Keypoint>,
    /// Their descriptors.
    pub descriptors: Descriptors,
}
