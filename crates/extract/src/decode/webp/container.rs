//! The RIFF container, walked ahead of the decoder: it allocates by the sizes in the frames before it
//! compares them with the canvas, so all of them have to pass the limits first.

use crate::{ExtractError, Format, Limits, limits::Size};

const RIFF_HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;
const ANMF_HEADER: usize = 16;

/// Checks the canvas and every frame against `limits`, and that nothing is cut off; answers the canvas.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    let stated = u32_at(bytes, 4)? as usize + CHUNK_HEADER;
    let body = bytes.get(RIFF_HEADER..stated).ok_or_else(|| corrupt("it is shorter than it states"))?;
    let mut canvas = None;
    for chunk in (Chunks { rest: body }) {
        let (name, payload) = chunk?;
        let dimensions = match name {
            b"ANMF" => {
                check_frame(payload, limits)?;
                None
            }
            _ => dimensions(name, payload)?,
        };
        if let Some((width, height)) = dimensions {
            let size = limits.check_pixels(Format::WebP, width, height)?;
            canvas.get_or_insert(size);
        }
    }
    canvas.ok_or_else(|| corrupt("it has no picture"))
}

/// One frame of an animation: its own dimensions and those of the bitstream in it.
fn check_frame(payload: &[u8], limits: &Limits) -> Result<(), ExtractError> {
    let (width, height) = (u64::from(u24_at(payload, 6)?) + 1, u64::from(u24_at(payload, 9)?) + 1);
    limits.check_pixels(Format::WebP, width, height)?;
    for chunk in (Chunks { rest: payload.get(ANMF_HEADER..).unwrap_or_default() }) {
        let (name, payload) = chunk?;
        if let Some((width, height)) = dimensions(name, payload)? {
            limits.check_pixels(Format::WebP, width, height)?;
        }
    }
    Ok(())
}

/// Width and height, where the chunk is one that states them.
fn dimensions(name: &[u8], payload: &[u8]) -> Result<Option<(u64, u64)>, ExtractError> {
    Ok(match name {
        b"VP8X" => Some((u64::from(u24_at(payload, 4)?) + 1, u64::from(u24_at(payload, 7)?) + 1)),
        // Behind the frame tag and the start code; the two highest bits are a scale.
        b"VP8 " => {
            let word = u32_at(payload, 6)?;
            Some((u64::from(word & 0x3fff), u64::from(word >> 16 & 0x3fff)))
        }
        b"VP8L" => {
            let word = u32_at(payload, 1)?;
            Some((u64::from(word & 0x3fff) + 1, u64::from(word >> 14 & 0x3fff) + 1))
        }
        _ => None,
    })
}

/// Name and payload of one chunk after the other.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), ExtractError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.len() < CHUNK_HEADER {
            return None;
        }
        let (header, rest) = self.rest.split_at(CHUNK_HEADER);
        let length = u32_at(header, 4).unwrap_or_default() as usize;
        let Some(payload) = rest.get(..length) else {
            self.rest = &[];
            return Some(Err(corrupt("a chunk is shorter than it states")));
        };
        // Chunks are padded to even length; the last pad byte is often missing.
        self.rest = rest.get(length + length % 2..).unwrap_or_default();
        Some(Ok((&header[..4], payload)))
    }
}

fn u24_at(bytes: &[u8], at: usize) -> Result<u32, ExtractError> {
    match bytes.get(at..at + 3) {
        Some(&[a, b, c]) => Ok(u32::from_le_bytes([a, b, c, 0])),
        _ => Err(corrupt("it ends in a header")),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ExtractError> {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => Ok(u32::from_le_bytes([a, b, c, d])),
        _ => Err(corrupt("it ends in a header")),
    }
}

fn corrupt(reason: &'static str) -> ExtractError {
    Format::WebP.corrupt(reason)
}
