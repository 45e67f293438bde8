#![doc = include_str!("../README.md")]

mod control;
mod denoiser;
mod error;
mod general;
mod image;
mod isa;
mod jobs;
mod lab;
mod lanes;
mod method;
mod params;
mod piece;
mod planes;
mod quotient;
pub mod reference;
mod sliding;
mod task;
mod tiled;
mod weights;

pub use control::Control;
pub use denoiser::Denoiser;
pub use error::Error;
pub use image::Image;
pub use isa::{Isa, Level};
pub use params::{ColoredParams, MAX_SEARCH_WINDOW, MAX_TEMPLATE_WINDOW, Params, ParamsError};
