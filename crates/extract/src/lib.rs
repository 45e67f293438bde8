//! Image bytes in, SIFT feature set out.
#![forbid(unsafe_code)]

mod feature_set;
mod params;

pub use feature_set::FeatureSet;
pub use params::{Denoise, Params};
pub use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};
