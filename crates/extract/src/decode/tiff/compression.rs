use std::io::Read;

use super::corrupt;
use super::ifd::{Ifd, Tag};
use crate::decode::exif::ByteOrder;
use crate::{ExtractError, Format};

/// The compressions that are undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
}

impl Compression {
    pub(super) fn read(ifd: &Ifd<'_>) -> Result<Self, ExtractError> {
        match ifd.number(Tag::Compression, 1)? {
            1 => Ok(Self::None),
            5 => Ok(Self::Lzw),
            8 | 32946 => Ok(Self::Deflate),
            32773 => Ok(Self::PackBits),
            2..=4 => Err(Format::Tiff.unsupported("CCITT fax compression")),
            6 | 7 => Err(Format::Tiff.unsupported("JPEG compression")),
            other => Err(Format::Tiff.unsupported(format!("compression {other}"))),
        }
    }

    /// libtiff looks at the predictor with these alone.
    pub(super) fn has_predictor(self) -> bool {
        matches!(self, Self::Lzw | Self::Deflate)
    }

    /// Fills `samples`; it is an error if the stored bytes do not suffice.
    pub(super) fn expand(self, stored: &[u8], samples: &mut [u8]) -> Result<(), ExtractError> {
        match self {
            Self::None => {
                let stored = stored.get(..samples.len()).ok_or_else(too_short)?;
                samples.copy_from_slice(stored);
                Ok(())
            }
            Self::Lzw => expand_lzw(stored, samples),
            Self::Deflate => flate2::read::ZlibDecoder::new(stored)
                .read_exact(samples)
                .map_err(|_| corrupt("a strip or tile does not inflate")),
            Self::PackBits => expand_pack_bits(stored, samples),
        }
    }
}

fn expand_lzw(stored: &[u8], samples: &mut [u8]) -> Result<(), ExtractError> {
    let mut decoder = weezl::decode::Configuration::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .with_yield_on_full_buffer(true)
        .build();
    let (mut stored, mut samples) = (stored, samples);
    while !samples.is_empty() {
        let step = decoder.decode_bytes(stored, samples);
        stored = &stored[step.consumed_in..];
        samples = &mut samples[step.consumed_out..];
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            _ if samples.is_empty() => {}
            Ok(_) => return Err(too_short()),
            Err(_) => return Err(corrupt("a strip or tile has an invalid LZW code")),
        }
    }
    Ok(())
}

fn expand_pack_bits(stored: &[u8], samples: &mut [u8]) -> Result<(), ExtractError> {
    let (mut stored, mut samples) = (stored.iter().copied(), samples);
    while !samples.is_empty() {
        let count = match stored.next().ok_or_else(too_short)? as i8 {
            -128 => continue,
            count => count,
        };
        let length = usize::from(count.unsigned_abs()) + 1;
        let length = length.min(samples.len());
        let (run, rest) = samples.split_at_mut(length);
        if count < 0 {
            run.fill(stored.next().ok_or_else(too_short)?);
        } else {
            for sample in run {
                *sample = stored.next().ok_or_else(too_short)?;
            }
        }
        samples = rest;
    }
    Ok(())
}

fn too_short() -> ExtractError {
    corrupt("a strip or tile is too short")
}

/// Undoes horizontal differencing (predictor 2) in a row.
pub(super) fn unpredict(
    row: &mut [u8],
    bits: usize,
    samples_per_pixel: usize,
    order: ByteOrder,
) -> Result<(), ExtractError> {
    match bits {
        8 => {
            for at in samples_per_pixel..row.len() {
                row[at] = row[at].wrapping_add(row[at - samples_per_pixel]);
            }
        }
        16 => {
            let at = |row: &[u8], at: usize| order.u16([row[at], row[at + 1]]);
            for here in (2 * samples_per_pixel..row.len()).step_by(2) {
                let sum = at(row, here).wrapping_add(at(row, here - 2 * samples_per_pixel));
                let sum = if order == ByteOrder::Little { sum.to_le_bytes() } else { sum.to_be_bytes() };
                row[here..here + 2].copy_from_slice(&sum);
            }
        }
        _ => return Err(Format::Tiff.unsupported(format!("a predictor for {bits} bits a sample"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_runs_literals_and_no_operations() {
        let mut samples = [0; 6];
        assert_eq!(expand_pack_bits(&[0x80, 0xfe, 7, 2, 1, 2, 3], &mut samples), Ok(()));
        assert_eq!(samples, [7, 7, 7, 1, 2, 3]);
        assert_eq!(expand_pack_bits(&[0xfe, 7, 2, 1, 2], &mut samples), Err(too_short()));
    }

    #[test]
    fn differences_add_up_within_their_channel() {
        let mut row = [1, 10, 1, 250, 1, 10];
        unpredict(&mut row, 8, 2, ByteOrder::Little).unwrap();
        assert_eq!(row, [1, 10, 2, 4, 3, 14]);
        let mut row = [0x00, 0xff, 0x00, 0x01];
        unpredict(&mut row, 16, 1, ByteOrder::Big).unwrap();
        assert_eq!(row, [0x00, 0xff, 0x01, 0x00]);
    }
}
