//! Image bytes in, SIFT feature set out.
#![forbid(unsafe_code)]

mod decode;
mod encoding;
mod error;
mod feature_set;
mod format;
mod limits;
mod params;
mod stages;

pub use decode::{Bgr, decode, panic_is_contained};
pub use encoding::{EncodeError, OutputFormat, Summary, UnknownFormat, siftd};
pub use error::{ErrorKind, ExtractError};
pub use feature_set::FeatureSet;
pub use format::Format;
pub use limits::Limits;
pub use params::{Denoise, Params};
pub use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};
pub use stages::{Stage, StageTimes};

/// Version of what is computed. It changes exactly when the features of any image and parameters change, and with it
/// every cache key, so that a cache never answers with what an older engine computed.
pub const ENGINE_VERSION: u32 = 1;
