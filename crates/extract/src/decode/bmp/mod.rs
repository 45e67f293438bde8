//! Windows and OS/2 1.x bitmaps, as OpenCV's `BmpDecoder` reads them: fields of 5 and 6 bits are shifted up,
//! not stretched; the fourth byte of 32 bits is dropped; pixels that a run-length stream leaves out are
//! palette entry 0.

mod header;
mod rle;

use header::{Header, Layout, Masks};

use super::Bgr;
use super::reduce::{Palette, palette_to_bgr, rgb_to_bgr, unpack};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// The size that the header states; the header is read as for decoding.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    Ok(Header::read(bytes, limits)?.size)
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let header = Header::read(bytes, limits)?;
    let data = bytes.get(header.data_offset..).ok_or_else(|| corrupt("its pixels start beyond its end"))?;
    let (pixels, grey) = match &header.layout {
        Layout::Indexed { bits, palette } => {
            let rows = Rows::new(data, header.size, *bits)?;
            let pixels = rows.convert(header.top_down, |row, bgr| {
                palette_to_bgr(unpack(row, *bits), palette, bgr);
            });
            (pixels, is_grey(palette))
        }
        Layout::RunLength { bits, palette } => {
            let indices = rle::decode(data, header.size, *bits)?;
            let rows = Rows { data: &indices, stride: header.size.width, size: header.size };
            let pixels = rows.convert(header.top_down, |row, bgr| {
                palette_to_bgr(row.iter().copied(), palette, bgr);
            });
            (pixels, is_grey(palette))
        }
        Layout::Direct16 { green_bits } => {
            let rows = Rows::new(data, header.size, 16)?;
            (rows.convert(header.top_down, |row, bgr| words_to_bgr(row, *green_bits, bgr)), false)
        }
        Layout::Direct24 => {
            let rows = Rows::new(data, header.size, 24)?;
            (rows.convert(header.top_down, |row, bgr| bgr.copy_from_slice(&row[..bgr.len()])), false)
        }
        Layout::Direct32 { masks } => {
            let rows = Rows::new(data, header.size, 32)?;
            (rows.convert(header.top_down, |row, bgr| masks_to_bgr(row, masks.as_ref(), bgr)), false)
        }
    };
    Ok(Bgr::new(pixels, header.size, grey))
}

/// The stored rows, known to be complete.
struct Rows<'a> {
    data: &'a [u8],
    stride: usize,
    size: Size,
}

impl<'a> Rows<'a> {
    /// Rows of `bits` a pixel, padded to four bytes.
    fn new(data: &'a [u8], size: Size, bits: u8) -> Result<Self, ExtractError> {
        let stride = (size.width * usize::from(bits)).div_ceil(32) * 4;
        match stride.checked_mul(size.height) {
            Some(length) if length <= data.len() => Ok(Self { data, stride, size }),
            _ => Err(corrupt("it ends before its last row")),
        }
    }

    fn convert(&self, top_down: bool, reduce: impl Fn(&[u8], &mut [u8])) -> Vec<u8> {
        let mut pixels = vec![0; 3 * self.size.area()];
        for (y, bgr) in pixels.chunks_exact_mut(3 * self.size.width).enumerate() {
            let stored = if top_down { y } else { self.size.height - 1 - y };
            reduce(&self.data[stored * self.stride..][..self.stride], bgr);
        }
        pixels
    }
}

fn words_to_bgr(row: &[u8], green_bits: u8, bgr: &mut [u8]) {
    for (pixel, word) in bgr.chunks_exact_mut(3).zip(row.chunks_exact(2)) {
        let word = u16::from_le_bytes([word[0], word[1]]);
        let (green, red) =
            if green_bits == 6 { (word >> 3 & 0xfc, word >> 8) } else { (word >> 2, word >> 7) };
        let green_mask = if green_bits == 6 { 0xfc } else { 0xf8 };
        pixel.copy_from_slice(&[(word << 3 & 0xf8) as u8, (green & green_mask) as u8, (red & 0xf8) as u8]);
    }
}

fn masks_to_bgr(row: &[u8], masks: Option<&Masks>, bgr: &mut [u8]) {
    match masks {
        // B, G, R and an alpha that is dropped.
        None => {
            for (pixel, stored) in bgr.chunks_exact_mut(3).zip(row.chunks_exact(4)) {
                pixel.copy_from_slice(&stored[..3]);
            }
        }
        Some(masks) if masks.are_rgba_bytes() => rgb_to_bgr(row, 4, bgr),
        Some(masks) => {
            for (pixel, stored) in bgr.chunks_exact_mut(3).zip(row.chunks_exact(4)) {
                let word = u32::from_le_bytes([stored[0], stored[1], stored[2], stored[3]]);
                pixel.copy_from_slice(&masks.bgr(word));
            }
        }
    }
}

fn is_grey(palette: &Palette) -> bool {
    palette.iter().all(|[b, g, r]| b == g && g == r)
}

fn corrupt(reason: &'static str) -> ExtractError {
    Format::Bmp.corrupt(reason)
}
