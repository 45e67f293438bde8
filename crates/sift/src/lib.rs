//! SIFT: scale-invariant keypoints and descriptors, as OpenCV 5's `SIFT_create().detectAndCompute` finds them.

mod control;
mod detector;
mod error;
mod features;
mod params;

pub use control::Control;
pub use detector::Detector;
pub use error::Error;
pub use features::{DESCRIPTOR_LENGTH, Descriptors, Features, Keypoint};
pub use params::{Descriptor, Params, ParamsError};
