#![doc = include_str!("../README.md")]

mod aligned;
mod along;
mod base;
mod control;
mod convolve;
mod decimate;
mod descriptor;
mod detector;
mod error;
mod extrema;
mod falloff;
mod features;
mod gaussian;
mod isa;
mod octave;
mod orientation;
mod params;
mod patch;
mod polar;
mod refine;
mod reflect;
mod retain;
mod ring;
mod schedule;
mod strip;
mod topmost;
mod trilinear;
mod upscale;
mod vector;
mod worker;

pub use control::Control;
pub use detector::Detector;
pub use error::Error;
pub use features::{DESCRIPTOR_LENGTH, Descriptors, Features, Keypoint};
pub use isa::{Isa, Level};
pub use params::{Descriptor, Params, ParamsError};
