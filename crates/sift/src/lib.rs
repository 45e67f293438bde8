#![doc = include_str!("../README.md")]

mod across;
mod aligned;
mod along;
mod around;
mod base;
mod control;

mod cost;
mod decimate;
mod descriptor;
mod design;
mod detector;
mod error;
mod extrema;
mod falloff;
mod features;
mod float;
mod gaussian;
mod isa;
mod marks;
mod octave;
mod orientation;
mod params;
mod patch;
mod polar;
mod prefetch;
mod refine;
mod reflect;
mod retain;
mod ring;
mod schedule;
mod strip;
mod strongest;
mod topmost;
mod trilinear;
mod upscale;
mod vector;
mod vicinity;
mod words;
mod worker;

pub use control::Control;
pub use detector::Detector;
pub use error::Error;
pub use features::{DESCRIPTOR_LENGTH, Descriptors, Features, Keypoint};
pub use isa::{Isa, Level};
pub use params::{Descriptor, Params, ParamsError};
