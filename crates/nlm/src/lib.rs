//! Non-local means denoising of 8-bit images, byte for byte what OpenCV 5 computes.
#![warn(missing_docs)]

mod control;
mod denoiser;
mod error;
mod image;
mod params;

pub use control::Control;
pub use denoiser::Denoiser;
pub use error::Error;
pub use image::Image;
pub use params::{ColoredParams, Params, ParamsError};
