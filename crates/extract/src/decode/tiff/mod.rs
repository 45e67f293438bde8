//! TIFF and BigTIFF, first page, reduced as OpenCV does through libtiff's RGBA interface: grey of 16 bits
//! loses its low byte while colour is rounded, unassociated alpha darkens the colours, other alpha is dropped.
//!
//! The container is read here since the `tiff` crate neither reads palettes nor tells the kinds of alpha.

mod color;
mod compression;
mod ifd;
mod layout;

use color::Reduction;
use ifd::{Ifd, Tag};
use layout::{Chunk, Grid, Layout};

use super::Bgr;
use super::orientation::Orientation;
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// The size that the first directory states, once its colours and its strips or tiles are known to be ones that are
/// decoded.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    let (_, grid) = header(&Ifd::read_first(bytes)?, limits)?;
    Ok(grid.size)
}

fn header(ifd: &Ifd<'_>, limits: &Limits) -> Result<(Reduction, Grid), ExtractError> {
    let size =
        limits.check_pixels(Format::Tiff, ifd.required(Tag::ImageWidth)?, ifd.required(Tag::ImageLength)?)?;
    Ok((Reduction::read(ifd)?, Grid::read(ifd, limits, size)?))
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let ifd = Ifd::read_first(bytes)?;
    let (reduction, grid) = header(&ifd, limits)?;
    let size = grid.size;
    let layout = Layout::read(&ifd, &grid)?;
    let mut pixels = vec![0; 3 * size.area()];
    let mut samples = Vec::new();
    for chunk in layout.chunks() {
        layout.read_chunk(bytes, &chunk, &mut samples)?;
        write_chunk(&layout, &reduction, &chunk, &samples, &mut pixels);
    }
    let orientation = Orientation::from_tag(ifd.number(Tag::Orientation, 1)? as u16);
    Ok(orientation.apply(Bgr::new(pixels, size, reduction.is_grey())))
}

/// Reduces the rows of a strip or tile into the part of the picture that it covers.
fn write_chunk(layout: &Layout<'_>, reduction: &Reduction, chunk: &Chunk, samples: &[u8], pixels: &mut [u8]) {
    let stride = 3 * layout.size.width;
    let rows = pixels.chunks_exact_mut(stride).skip(chunk.y).take(chunk.height);
    for (bgr, row) in rows.zip(samples.chunks_exact(layout.row_bytes())) {
        reduction.apply(row, layout.byte_order, &mut bgr[3 * chunk.x..3 * (chunk.x + chunk.width)]);
    }
}

fn corrupt(reason: &'static str) -> ExtractError {
    Format::Tiff.corrupt(reason)
}
