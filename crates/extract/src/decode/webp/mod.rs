//! WebP through the `image-webp` crate. As in OpenCV, alpha is dropped and an animation gives its first frame on
//! a canvas of zeros.

mod container;

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::reduce::rgb_to_bgr;
use super::{Bgr, exif};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// What the decoder may take at once: metadata chunks, and RGBA.
const MIN_MEMORY: usize = 16 << 20;
const MEMORY_PER_PIXEL: usize = 8;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let size = container::check(bytes, limits)?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    if (Size { width: width as usize, height: height as usize }) != size {
        return Err(Format::WebP.corrupt("its headers state different sizes"));
    }
    decoder.set_memory_limit(MIN_MEMORY.max(MEMORY_PER_PIXEL * size.area()));
    let samples_per_pixel = if decoder.has_alpha() { 4 } else { 3 };
    let mut samples = vec![0; samples_per_pixel * size.area()];
    if decoder.is_animated() {
        decoder.set_background_color([0; 4]).map_err(|error| corrupt(&error))?;
        decoder.read_frame(&mut samples).map_err(|error| corrupt(&error))?;
    } else {
        decoder.read_image(&mut samples).map_err(|error| corrupt(&error))?;
    }
    let orientation = decoder.exif_metadata().ok().flatten().as_deref().map(exif::orientation);
    let mut pixels = vec![0; 3 * size.area()];
    rgb_to_bgr(&samples, samples_per_pixel, &mut pixels);
    Ok(orientation.unwrap_or_default().apply(Bgr::new(pixels, size, false)))
}

fn corrupt(error: &DecodingError) -> ExtractError {
    Format::WebP.corrupt(error.to_string())
}
