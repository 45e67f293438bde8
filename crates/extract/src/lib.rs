//! Image bytes in, SIFT feature set out: decode under limits, denoise, turn grey, detect, describe, encode.
//!
//! ```
//! use extract::{Control, Extractor, Limits, OutputFormat, Params};
//!
//! let picture = b"P2 8 8 255 ".iter().copied().chain(b"7 ".repeat(64)).collect::<Vec<u8>>();
//! let found =
//!     Extractor::new().extract(&picture, &Params::default(), &Limits::default(), &Control::default())?;
//! assert_eq!(found.features.keypoints.len(), 0, "a flat picture");
//!
//! let mut archive = Vec::new();
//! found.features.encode(OutputFormat::Npz, &mut archive)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod control;
mod decode;
mod encoding;
mod error;
mod feature_set;
mod format;
mod grey;
mod instruction_set;
mod limits;
mod parameter;
mod params;
mod pipeline;
mod png_encode;
mod stages;

pub use control::{Control, Yielding};
pub use decode::{Bgr, Probe, decode, panic_is_contained, probe};
pub use encoding::{EncodeError, OutputFormat, Summary, UnknownFormat, siftd};
pub use error::{ErrorKind, ExtractError};
pub use feature_set::FeatureSet;
pub use format::Format;
pub use instruction_set::{InstructionSet, UnknownInstructionSet};
pub use limits::Limits;
pub use parameter::{
    Choice, PARAMETERS, ParamError, Parameter, ParameterGroup, ParameterKind, ParamsBuilder,
};
pub use params::{Denoise, Params, ParamsError};
pub use pipeline::{Extraction, Extractor};
pub use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};
pub use stages::{Stage, StageTimes};

/// Version of what is computed. It changes exactly when the features of any image and parameters change, and with it
/// every cache key, so that a cache never answers with what an older engine computed.
pub const ENGINE_VERSION: u32 = 5;
