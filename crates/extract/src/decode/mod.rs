//! Encoded bytes to 8-bit BGR pixels, reduced as OpenCV's `imread(path)` reduces them.

mod bgr;
mod bmp;
mod containment;
mod exif;
mod jpeg;
mod orientation;
mod png;
mod pnm;
mod probe;
mod reduce;
mod tiff;
mod webp;

pub use bgr::Bgr;
pub use containment::panic_is_contained;
pub use probe::{Probe, probe};

use crate::{ExtractError, Format, Limits};

/// Decodes an image to the pixels that `cv2.imread(path)` of OpenCV 5.0.0 gives: 8 bits, BGR, alpha dropped,
/// colour profiles and gamma ignored, orientation applied.
///
/// The format is told from the bytes. What OpenCV would complete with grey (a truncated JPEG, say) is an
/// error here, and some inputs that it refuses are decoded (16-bit bitmaps with a v4 header, plain PNM without
/// a newline at its end, TIFF turned by 90 degrees).
///
/// # Errors
/// In this order: [`Empty`](ExtractError::Empty) and [`TooManyBytes`](ExtractError::TooManyBytes); what
/// [`Format::sniff`] says; [`ZeroPixels`](ExtractError::ZeroPixels) and
/// [`TooManyPixels`](ExtractError::TooManyPixels) from the header alone, before any pixel is allocated;
/// [`UnsupportedFeature`](ExtractError::UnsupportedFeature) and [`Corrupt`](ExtractError::Corrupt).
/// A panic inside a decoder is contained and reported as `Corrupt`; see [`panic_is_contained`].
///
/// ```
/// let image = extract::decode(b"P3 2 1 255  255 0 0  0 0 255", &extract::Limits::default())?;
/// assert_eq!((image.width(), image.height()), (2, 1));
/// assert_eq!(image.pixels(), [0, 0, 255, 255, 0, 0]);
/// # Ok::<(), extract::ExtractError>(())
/// ```
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    limits.check_bytes(bytes)?;
    let format = Format::sniff(bytes)?;
    containment::contain(format, || match format {
        Format::Jpeg => jpeg::decode(bytes, limits),
        Format::Png => png::decode(bytes, limits),
        Format::Bmp => bmp::decode(bytes, limits),
        Format::Tiff => tiff::decode(bytes, limits),
        Format::WebP => webp::decode(bytes, limits),
        Format::Pnm => pnm::decode(bytes, limits),
    })
}
