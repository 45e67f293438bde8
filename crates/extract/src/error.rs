use std::borrow::Cow;

use crate::{Format, ParamsError};

/// Why an input gave no features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// A parameter is out of its range.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// No bytes at all.
    #[error("the input is empty, an image was expected")]
    Empty,
    /// The bytes begin like no image format known here.
    #[error("not an image of a known format; supported are {}", Format::SUPPORTED)]
    UnknownFormat,
    /// An image format that is recognised but not decoded.
    #[error("{format} images are not supported; supported are {}", Format::SUPPORTED)]
    UnsupportedFormat {
        /// Its usual name.
        format: &'static str,
    },
    /// A supported format in a variant that is not decoded.
    #[error("{format} image with {feature}, which is not supported")]
    UnsupportedFeature {
        /// The container.
        format: Format,
        /// What it uses, such as "arithmetic coding".
        feature: Cow<'static, str>,
    },
    /// More bytes than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("the image has {actual} bytes, more than the {allowed} allowed")]
    TooManyBytes {
        /// Bytes given.
        actual: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// More pixels than [`Limits::max_pixels`](crate::Limits::max_pixels).
    #[error("the image has {width} x {height} pixels, more than the {allowed} allowed")]
    TooManyPixels {
        /// Width that the header states.
        width: u64,
        /// Height that the header states.
        height: u64,
        /// Pixels allowed.
        allowed: u64,
    },
    /// A side longer than [`Limits::MAX_SIDE`](crate::Limits::MAX_SIDE).
    #[error("the image has {width} x {height} pixels, but a side may have {allowed}")]
    SideTooLong {
        /// Width that the header states.
        width: u64,
        /// Height that the header states.
        height: u64,
        /// Pixels of a side allowed.
        allowed: u64,
    },
    /// Windows of the denoiser that need far more around the image than it has.
    #[error(
        "the image has {width} x {height} pixels, with the {border} on each side that the denoiser's windows need {padded}, more than \
         the {allowed} allowed"
    )]
    BorderTooWide {
        /// Width of the image.
        width: u64,
        /// Height of the image.
        height: u64,
        /// Pixels on each side.
        border: u64,
        /// Pixels of the image with them.
        padded: u64,
        /// Pixels allowed.
        allowed: u64,
    },
    /// The header states a width or height of zero.
    #[error("{format} image without pixels: {width} x {height}")]
    ZeroPixels {
        /// The container.
        format: Format,
        /// Width that the header states.
        width: u64,
        /// Height that the header states.
        height: u64,
    },
    /// Truncated, inconsistent or otherwise undecodable.
    #[error("corrupt {format} image: {reason}")]
    Corrupt {
        /// The container.
        format: Format,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// The caller asked to stop.
    #[error("cancelled before the features were done")]
    Cancelled,
    /// The caller's deadline passed.
    #[error("the deadline passed before the features were done")]
    DeadlineExceeded,
}

/// What a caller can do about an [`ExtractError`]; limits are a class of their own, apart from decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A parameter is out of range: the message names it (HTTP 400).
    Params,
    /// The bytes are no decodable image: send others (HTTP 400).
    Invalid,
    /// A real image in a format or variant that is not decoded here: convert it (HTTP 415).
    Unsupported,
    /// Larger than allowed: shrink it or raise the limit (HTTP 413).
    Limit,
    /// Nothing wrong with the image: the caller or its deadline stopped the work.
    Stopped,
}

impl ExtractError {
    /// The class of the error.
    ///
    /// ```
    /// use extract::{ErrorKind, ExtractError};
    /// assert_eq!(ExtractError::Empty.kind(), ErrorKind::Invalid);
    /// assert_eq!(ExtractError::TooManyBytes { actual: 11, allowed: 10 }.kind(), ErrorKind::Limit);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Params(_) => ErrorKind::Params,
            Self::Empty | Self::UnknownFormat | Self::ZeroPixels { .. } | Self::Corrupt { .. } => {
                ErrorKind::Invalid
            }
            Self::UnsupportedFormat { .. } | Self::UnsupportedFeature { .. } => ErrorKind::Unsupported,
            Self::TooManyBytes { .. }
            | Self::TooManyPixels { .. }
            | Self::SideTooLong { .. }
            | Self::BorderTooWide { .. } => ErrorKind::Limit,
            Self::Cancelled | Self::DeadlineExceeded => ErrorKind::Stopped,
        }
    }
}
