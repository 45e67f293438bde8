use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::variant::VariantError;

/// Why no load was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A setting is out of range.
    #[error("{name} is {value}: must be {allowed}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// Two settings do not go together.
    #[error("{0}")]
    Conflict(&'static str),
    /// The address cannot be asked.
    #[error("{url}: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// The key cannot stand in a header.
    #[error("the API key has characters that no header may have: visible ASCII is allowed")]
    ApiKey,
    /// A folder or a file cannot be read.
    #[error("{}: {error}", .path.display())]
    Read {
        /// The folder or the file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder holds no image.
    #[error("{}: no images in this folder (JPEG, PNG, BMP, TIFF, WebP, PNM; told by their content)", .0.display())]
    NoImages(PathBuf),
    /// Of this image no variants can be made.
    #[error("{}: {error}", .path.display())]
    Variant {
        /// The image.
        path: PathBuf,
        /// What is wrong with it.
        error: VariantError,
    },
    /// Nobody answers at the address.
    #[error("cannot connect to {authority}: {error}")]
    Connect {
        /// Host and port.
        authority: String,
        /// What the system says.
        error: io::Error,
    },
    /// A picture that is to be a hit was not taken.
    #[error("{picture} is to be known to the service before measuring, but it answers {answer}")]
    WarmUp {
        /// Its file.
        picture: String,
        /// What came in place of features.
        answer: String,
    },
    /// Threads, clocks or sockets are not to be had.
    #[error("cannot generate load: {0}")]
    System(#[from] io::Error),
    /// A generator thread ended by a fault of its own.
    #[error("a generator thread failed")]
    Thread,
    /// It was told to end before anything was measured.
    #[error("ended before anything was measured (after {:.1} s)", .0.as_secs_f64())]
    Interrupted(Duration),
}
