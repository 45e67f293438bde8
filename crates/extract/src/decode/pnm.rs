//! PBM, PGM and PPM, plain and raw, as OpenCV's `PxMDecoder` reads them. Its peculiarities, kept: raw samples of
//! 8 bits are taken as they are whatever the stated maximum; plain ones are scaled to it; samples of 16 bits
//! lose their low byte, whatever the maximum.

use super::Bgr;
use super::reduce::{grey_to_bgr, rgb_to_bgr, unpack};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// The size that the header states; the header is read as for decoding.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    Ok(Header::read(&mut Text { bytes, at: 2 }, limits)?.size)
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let mut text = Text { bytes, at: 2 };
    let Header { kind, size, max } = Header::read(&mut text, limits)?;
    let grey = !matches!(kind, b'3' | b'6');
    let samples = size.area() * if grey { 1 } else { 3 };
    let pixels = match kind {
        b'1' => plain_bits(&mut text, size)?,
        b'4' => raw_bits(text.raw()?, size)?,
        b'2' | b'3' => to_bgr(&text.samples(samples, max)?, grey, size),
        _ if max > 255 => {
            let high: Vec<u8> = raw_samples(text.raw()?, 2 * samples)?.iter().copied().step_by(2).collect();
            to_bgr(&high, grey, size)
        }
        _ => to_bgr(raw_samples(text.raw()?, samples)?, grey, size),
    };
    Ok(Bgr::new(pixels, size, grey))
}

struct Header {
    /// The digit of the signature.
    kind: u8,
    size: Size,
    /// What full light is stored as.
    max: u64,
}

impl Header {
    /// Leaves `text` behind its last number.
    fn read(text: &mut Text<'_>, limits: &Limits) -> Result<Self, ExtractError> {
        let kind = text.bytes.get(1).copied().unwrap_or_default();
        let (width, height) = (text.number()?, text.number()?);
        let size = limits.check_pixels(Format::Pnm, width, height)?;
        let max = if matches!(kind, b'1' | b'4') { 1 } else { text.number()? };
        if !(1..=65535).contains(&max) {
            return Err(corrupt("its largest value is not between 1 and 65535"));
        }
        Ok(Self { kind, size, max })
    }
}

fn to_bgr(samples: &[u8], grey: bool, size: Size) -> Vec<u8> {
    let mut pixels = vec![0; 3 * size.area()];
    if grey {
        grey_to_bgr(samples.iter().copied(), &mut pixels);
    } else {
        rgb_to_bgr(samples, 3, &mut pixels);
    }
    pixels
}

fn raw_samples(data: &[u8], length: usize) -> Result<&[u8], ExtractError> {
    data.get(..length).ok_or_else(|| corrupt("it ends before its last row"))
}

/// A one is black.
fn raw_bits(data: &[u8], size: Size) -> Result<Vec<u8>, ExtractError> {
    let stride = size.width.div_ceil(8);
    let data = raw_samples(data, stride * size.height)?;
    let mut pixels = vec![0; 3 * size.area()];
    for (bgr, row) in pixels.chunks_exact_mut(3 * size.width).zip(data.chunks_exact(stride)) {
        grey_to_bgr(unpack(row, 1).map(|bit| 255 * (1 - bit)), bgr);
    }
    Ok(pixels)
}

fn plain_bits(text: &mut Text<'_>, size: Size) -> Result<Vec<u8>, ExtractError> {
    text.expect_samples(size.area())?;
    let mut pixels = vec![0; 3 * size.area()];
    for pixel in pixels.chunks_exact_mut(3) {
        pixel.fill(if text.digit()? == 0 { 255 } else { 0 });
    }
    Ok(pixels)
}

/// The header, and the samples of the plain kinds: decimal numbers with white space and comments between.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Text<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves to the next digit.
    fn skip_to_digit(&mut self) -> Result<(), ExtractError> {
        loop {
            match self.peek() {
                Some(b'0'..=b'9') => return Ok(()),
                Some(b'#') => {
                    let comment = self.bytes[self.at..].iter();
                    self.at += comment.take_while(|byte| !matches!(**byte, b'\n' | b'\r')).count();
                }
                // The white space of C's isspace.
                Some(b' ' | b'\t'..=b'\r') => self.at += 1,
                Some(_) => return Err(corrupt("a number is expected where it has none")),
                None => return Err(corrupt("it ends where a number is expected")),
            }
        }
    }

    fn number(&mut self) -> Result<u64, ExtractError> {
        self.skip_to_digit()?;
        let mut value = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value * 10 + u64::from(digit - b'0');
            if value > i32::MAX as u64 {
                return Err(corrupt("a number in it is too large"));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digit(&mut self) -> Result<u8, ExtractError> {
        self.skip_to_digit()?;
        let digit = self.bytes[self.at] - b'0';
        self.at += 1;
        Ok(digit)
    }

    /// What follows the one white space behind the last number of the header.
    fn raw(&self) -> Result<&'a [u8], ExtractError> {
        self.bytes.get(self.at + 1..).ok_or_else(|| corrupt("it ends in its header"))
    }

    /// Every sample takes a byte at least: tells a false header before memory is taken for it.
    fn expect_samples(&self, count: usize) -> Result<(), ExtractError> {
        if self.bytes.len() - self.at < count {
            return Err(corrupt("it ends before its last row"));
        }
        Ok(())
    }

    fn samples(&mut self, count: usize, max: u64) -> Result<Vec<u8>, ExtractError> {
        self.expect_samples(count)?;
        let reduce = |value: u64| if max > 255 { value >> 8 } else { value * 255 / max };
        (0..count).map(|_| Ok(reduce(self.number()?.min(max)) as u8)).collect()
    }
}

fn corrupt(reason: &'static str) -> ExtractError {
    Format::Pnm.corrupt(reason)
}
