//! WebP through the `image-webp` crate. As in OpenCV, alpha is dropped and an animation gives its first frame,
//! not blended, on a canvas of zeros.

mod container;

use std::io::Cursor;

use container::{Container, Frame};
use image_webp::{DecodingError, WebPDecoder};

use super::reduce::rgb_to_bgr;
use super::{Bgr, exif};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// What the decoder may take at once: metadata chunks, and RGBA.
const MIN_MEMORY: usize = 16 << 20;
const MEMORY_PER_PIXEL: usize = 8;

/// The size of the canvas; the container is read as for decoding.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    Ok(Container::read(bytes, limits)?.canvas)
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let container = Container::read(bytes, limits)?;
    let pixels = match &container.first_frame {
        Some(frame) => frame_on_canvas(frame, container.canvas)?,
        None => still(bytes, container.canvas)?,
    };
    let orientation = container.exif.map(exif::orientation).unwrap_or_default();
    Ok(orientation.apply(Bgr::new(pixels, container.canvas, false)))
}

/// The pixels of a file that is no animation.
fn still(bytes: &[u8], size: Size) -> Result<Vec<u8>, ExtractError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    if (Size { width: width as usize, height: height as usize }) != size {
        return Err(Format::WebP.corrupt("its headers state different sizes"));
    }
    decoder.set_memory_limit(MIN_MEMORY.max(MEMORY_PER_PIXEL * size.area()));
    let samples_per_pixel = if decoder.has_alpha() { 4 } else { 3 };
    let mut samples = vec![0; samples_per_pixel * size.area()];
    decoder.read_image(&mut samples).map_err(|error| corrupt(&error))?;
    let mut pixels = vec![0; 3 * size.area()];
    rgb_to_bgr(&samples, samples_per_pixel, &mut pixels);
    Ok(pixels)
}

fn frame_on_canvas(frame: &Frame<'_>, canvas: Size) -> Result<Vec<u8>, ExtractError> {
    let picture = still(&frame.to_file(), frame.size)?;
    let mut pixels = vec![0; 3 * canvas.area()];
    let rows = pixels.chunks_exact_mut(3 * canvas.width).skip(frame.y);
    for (row, stored) in rows.zip(picture.chunks_exact(3 * frame.size.width)) {
        row[3 * frame.x..][..stored.len()].copy_from_slice(stored);
    }
    Ok(pixels)
}

fn corrupt(error: &DecodingError) -> ExtractError {
    Format::WebP.corrupt(error.to_string())
}
