//! Image bytes in, SIFT feature set out.
#![forbid(unsafe_code)]

mod decode;
mod error;
mod feature_set;
mod format;
mod limits;
mod params;

pub use decode::{Bgr, decode, panic_is_contained};
pub use error::{ErrorKind, ExtractError};
pub use feature_set::FeatureSet;
pub use format::Format;
pub use limits::Limits;
pub use params::{Denoise, Params};
pub use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};
