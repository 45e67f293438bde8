use super::corrupt;
use super::ifd::{Ifd, Tag};
use crate::decode::exif::ByteOrder;
use crate::decode::reduce::{Palette, grey_to_bgr, palette_to_bgr, rgb_to_bgr, scale, unpack};
use crate::{ExtractError, Format};

const UNASSOCIATED_ALPHA: u64 = 2;
const UNSIGNED: u64 = 1;
const SIGNED: u64 = 2;
const FLOAT: u64 = 3;

/// How a row of interleaved samples becomes BGR.
pub(super) enum Reduction {
    Grey { bits: u8, samples: usize, white_is_zero: bool },
    Rgb { wide: bool, samples: usize, premultiply: bool },
    Palette { bits: u8, palette: Box<Palette> },
    Cmyk,
}

impl Reduction {
    /// Takes the combinations that OpenCV 5 takes and names the others.
    pub(super) fn read(ifd: &Ifd<'_>) -> Result<Self, ExtractError> {
        let bits = bits_per_sample(ifd)?;
        let samples = ifd.number(Tag::SamplesPerPixel, 1)?;
        if !(1..=4).contains(&samples) {
            return Err(Format::Tiff.unsupported(format!("{samples} samples a pixel")));
        }
        // Signed samples are taken as unsigned, as OpenCV does.
        match ifd.number(Tag::SampleFormat, UNSIGNED)? {
            UNSIGNED | SIGNED => {}
            FLOAT => return Err(Format::Tiff.unsupported("floating-point samples")),
            other => return Err(Format::Tiff.unsupported(format!("sample format {other}"))),
        }
        if bits < 8 && (samples > 1 || ifd.number(Tag::PlanarConfiguration, 1)? != 1) {
            return Err(Format::Tiff.unsupported(format!("several samples of {bits} bits a pixel")));
        }
        if samples == 2 && ifd.number(Tag::PlanarConfiguration, 1)? != 1 {
            return Err(Format::Tiff.unsupported("grey and alpha in planes"));
        }
        let photometric = ifd.required(Tag::Photometric)?;
        match (photometric, bits) {
            (0 | 1, 1 | 8 | 16) => Ok(Self::Grey {
                bits: bits as u8,
                samples: samples as usize,
                white_is_zero: photometric == 0,
            }),
            (2, 8 | 16) if samples >= 3 => {
                let extra = ifd.number(Tag::ExtraSamples, 0)?;
                let premultiply = samples == 4 && extra == UNASSOCIATED_ALPHA;
                Ok(Self::Rgb { wide: bits == 16, samples: samples as usize, premultiply })
            }
            (3, 1 | 4 | 8) if samples == 1 => {
                Ok(Self::Palette { bits: bits as u8, palette: palette(ifd, bits)? })
            }
            (5, 8) if samples == 4 && ifd.number(Tag::InkSet, 1)? == 1 => Ok(Self::Cmyk),
            _ => Err(Format::Tiff.unsupported(format!(
                "photometric interpretation {photometric}, {samples} samples of {bits} bits a pixel"
            ))),
        }
    }

    pub(super) fn is_grey(&self) -> bool {
        matches!(self, Self::Grey { .. })
    }

    pub(super) fn apply(&self, row: &[u8], order: ByteOrder, bgr: &mut [u8]) {
        match self {
            Self::Grey { bits, samples, white_is_zero } => {
                let invert = if *white_is_zero { 0xff } else { 0 };
                if *bits == 16 {
                    // The high byte, where the file's byte order puts it.
                    let high = usize::from(order == ByteOrder::Little);
                    let grey = row.iter().skip(high).step_by(2 * samples);
                    grey_to_bgr(grey.map(|value| value ^ invert), bgr);
                } else {
                    let factor = scale(*bits);
                    grey_to_bgr(unpack(row, *bits).step_by(*samples).map(|v| (v * factor) ^ invert), bgr);
                }
            }
            Self::Rgb { wide: false, samples, premultiply: false } => rgb_to_bgr(row, *samples, bgr),
            Self::Rgb { wide, samples, premultiply } => {
                let width = if *wide { 2 } else { 1 };
                for (pixel, stored) in bgr.chunks_exact_mut(3).zip(row.chunks_exact(width * samples)) {
                    let sample = |at: usize| if *wide { round_16(stored, at, order) } else { stored[at] };
                    let alpha = if *premultiply { sample(3) } else { 0xff };
                    pixel.copy_from_slice(&[2, 1, 0].map(|at| multiply(sample(at), alpha)));
                }
            }
            Self::Palette { bits, palette } => palette_to_bgr(unpack(row, *bits), palette, bgr),
            Self::Cmyk => {
                for (pixel, ink) in bgr.chunks_exact_mut(3).zip(row.chunks_exact(4)) {
                    let light = 0xff - u16::from(ink[3]);
                    pixel.copy_from_slice(
                        &[2, 1, 0].map(|at| (light * u16::from(0xff - ink[at]) / 0xff) as u8),
                    );
                }
            }
        }
    }
}

fn bits_per_sample(ifd: &Ifd<'_>) -> Result<u64, ExtractError> {
    let Some(stored) = ifd.stored(Tag::BitsPerSample)? else { return Ok(1) };
    let mut all = stored.values();
    let first = all.next().ok_or_else(|| corrupt("it states no bits a sample"))??;
    for bits in all {
        if bits? != first {
            return Err(Format::Tiff.unsupported("samples of different widths"));
        }
    }
    Ok(first)
}

/// The colour map has 16 bits a value; files whose values all fit 8 bits are taken at their word.
fn palette(ifd: &Ifd<'_>, bits: u64) -> Result<Box<Palette>, ExtractError> {
    let count = 1usize << bits;
    let map: Vec<u64> = match ifd.stored(Tag::ColorMap)? {
        Some(stored) => stored.values().take(3 * count).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    if map.len() < 3 * count {
        return Err(corrupt("its colour map is missing or too short"));
    }
    let shift = if map.iter().any(|&value| value > 0xff) { 8 } else { 0 };
    let mut palette = Box::new([[0; 3]; 256]);
    for (index, color) in palette.iter_mut().take(count).enumerate() {
        *color = [2, 1, 0].map(|channel| (map[channel * count + index] >> shift) as u8);
    }
    Ok(palette)
}

/// 16 bits to 8, rounded.
fn round_16(stored: &[u8], at: usize, order: ByteOrder) -> u8 {
    let value = order.u16([stored[2 * at], stored[2 * at + 1]]);
    ((u32::from(value) + 128) / 257) as u8
}

/// Times alpha over 255, rounded.
fn multiply(value: u8, alpha: u8) -> u8 {
    ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8
}
