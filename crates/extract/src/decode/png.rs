//! PNG through the `png` crate. Reduced as OpenCV does through libpng: 16 bits lose their low byte, alpha and
//! transparency are dropped, gamma and colour profiles ignored.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Info, Reader, Transformations};

use super::reduce::{Palette, grey_to_bgr, palette_to_bgr, rgb_to_bgr, scale, unpack};
use super::{Bgr, exif, orientation::Orientation};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// Bound of the decoder's own buffers (rows, chunks kept): none grows with the height of the picture.
const MAX_BUFFERS: usize = 64 << 20;

type PngReader<'a> = Reader<Cursor<&'a [u8]>>;

/// The size that the header chunk, which comes first, states.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    match bytes.get(12..24) {
        Some(&[b'I', b'H', b'D', b'R', w3, w2, w1, w0, h3, h2, h1, h0]) => {
            let (width, height) =
                (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
            limits.check_pixels(Format::Png, width.into(), height.into())
        }
        _ => Err(Format::Png.corrupt("it does not begin with its header chunk")),
    }
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let size = size(bytes, limits)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MAX_BUFFERS });
    decoder.set_transformations(Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(|error| corrupt(&error))?;
    let reduction = Reduction::new(reader.info());
    let pixels = if reader.info().interlaced {
        interlaced(&mut reader, &reduction, size)?
    } else {
        row_by_row(&mut reader, &reduction, size)?
    };
    reader.finish().map_err(|error| corrupt(&error))?;
    let image = Bgr::new(pixels, size, reduction.is_grey());
    Ok(upright(reader.info()).apply(image))
}

fn upright(info: &Info<'_>) -> Orientation {
    info.exif_metadata.as_deref().map(exif::orientation).unwrap_or_default()
}

fn row_by_row(
    reader: &mut PngReader<'_>,
    reduction: &Reduction,
    size: Size,
) -> Result<Vec<u8>, ExtractError> {
    let mut pixels = vec![0; 3 * size.area()];
    for bgr in pixels.chunks_exact_mut(3 * size.width) {
        match reader.next_row() {
            Ok(Some(row)) => reduction.apply(row.data(), bgr),
            Ok(None) => return Err(Format::Png.corrupt("it ends before its last row")),
            Err(error) => return Err(corrupt(&error)),
        }
    }
    Ok(pixels)
}

/// The passes of an interlaced picture are put together in its own samples first.
fn interlaced(
    reader: &mut PngReader<'_>,
    reduction: &Reduction,
    size: Size,
) -> Result<Vec<u8>, ExtractError> {
    let length = reader.output_buffer_size().ok_or_else(|| Format::Png.corrupt("its rows are too long"))?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(|error| corrupt(&error))?;
    let mut pixels = vec![0; 3 * size.area()];
    for (bgr, row) in pixels.chunks_exact_mut(3 * size.width).zip(samples.chunks_exact(frame.line_size)) {
        reduction.apply(row, bgr);
    }
    Ok(pixels)
}

/// How a row of samples of at most 8 bits becomes BGR.
enum Reduction {
    Grey { bits: u8 },
    GreyAlpha,
    Palette { bits: u8, palette: Box<Palette> },
    Rgb { samples: usize },
}

impl Reduction {
    fn new(info: &Info<'_>) -> Self {
        let bits = match info.bit_depth {
            BitDepth::One => 1,
            BitDepth::Two => 2,
            BitDepth::Four => 4,
            BitDepth::Eight | BitDepth::Sixteen => 8,
        };
        match info.color_type {
            ColorType::Grayscale => Self::Grey { bits },
            ColorType::GrayscaleAlpha => Self::GreyAlpha,
            ColorType::Indexed => Self::Palette { bits, palette: palette(info.palette.as_deref()) },
            ColorType::Rgb => Self::Rgb { samples: 3 },
            ColorType::Rgba => Self::Rgb { samples: 4 },
        }
    }

    fn is_grey(&self) -> bool {
        matches!(self, Self::Grey { .. } | Self::GreyAlpha)
    }

    fn apply(&self, row: &[u8], bgr: &mut [u8]) {
        match self {
            Self::Grey { bits } => {
                let scale = scale(*bits);
                grey_to_bgr(unpack(row, *bits).map(|sample| sample * scale), bgr);
            }
            Self::GreyAlpha => grey_to_bgr(row.iter().copied().step_by(2), bgr),
            Self::Palette { bits, palette } => palette_to_bgr(unpack(row, *bits), palette, bgr),
            Self::Rgb { samples } => rgb_to_bgr(row, *samples, bgr),
        }
    }
}

fn palette(stored: Option<&[u8]>) -> Box<Palette> {
    let mut palette = Box::new([[0; 3]; 256]);
    for (color, rgb) in palette.iter_mut().zip(stored.unwrap_or_default().chunks_exact(3)) {
        *color = [rgb[2], rgb[1], rgb[0]];
    }
    palette
}

fn corrupt(error: &DecodingError) -> ExtractError {
    Format::Png.corrupt(error.to_string())
}
