//! What a running instance measured of itself, from its metrics.

mod exposition;
mod profile;

pub use exposition::{Exposition, Histogram};
pub use profile::{Measured, STORED, profile};
