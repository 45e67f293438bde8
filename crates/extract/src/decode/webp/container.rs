//! The RIFF container, walked ahead of the decoder: it allocates by the sizes in the frames before it
//! compares them with the canvas, so all of them have to pass the limits first.

use crate::{ExtractError, Format, Limits, limits::Size};

const RIFF_HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;
const ANMF_HEADER: usize = 16;

/// What the container holds, every size in it within the limits.
pub(super) struct Container<'a> {
    /// The size of the picture, or of all frames together.
    pub(super) canvas: Size,
    /// Of an animation, the frame that is shown first.
    pub(super) first_frame: Option<Frame<'a>>,
    /// The EXIF block, from its TIFF header on.
    pub(super) exif: Option<&'a [u8]>,
}

/// A frame of an animation.
pub(super) struct Frame<'a> {
    /// Where it lies on the canvas; it does not reach beyond it.
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) size: Size,
    /// Name and payload of its bitstream; its alpha, where that lies apart, is left out.
    bitstream: (&'a [u8], &'a [u8]),
}

impl<'a> Container<'a> {
    /// Checks that nothing is cut off, too.
    pub(super) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, ExtractError> {
        let stated = u32_at(bytes, 4)? as usize + CHUNK_HEADER;
        let body = bytes.get(RIFF_HEADER..stated).ok_or_else(|| corrupt("it is shorter than it states"))?;
        let (mut canvas, mut first_frame, mut exif) = (None, None, None);
        for chunk in (Chunks { rest: body }) {
            let (name, payload) = chunk?;
            match name {
                b"ANMF" => {
                    let frame = Frame::read(payload, limits)?;
                    first_frame.get_or_insert(frame);
                }
                b"EXIF" => exif = exif.or(Some(payload)),
                _ => {
                    if let Some((width, height)) = dimensions(name, payload)? {
                        let size = limits.check_pixels(Format::WebP, width, height)?;
                        canvas.get_or_insert(size);
                    }
                }
            }
        }
        let canvas = canvas.ok_or_else(|| corrupt("it has no picture"))?;
        if first_frame.as_ref().is_some_and(|frame: &Frame<'_>| !frame.is_within(canvas)) {
            return Err(corrupt("its first frame reaches beyond the canvas"));
        }
        Ok(Self { canvas, first_frame, exif })
    }
}

impl<'a> Frame<'a> {
    fn read(payload: &'a [u8], limits: &Limits) -> Result<Self, ExtractError> {
        let (width, height) = (u64::from(u24_at(payload, 6)?) + 1, u64::from(u24_at(payload, 9)?) + 1);
        let size = limits.check_pixels(Format::WebP, width, height)?;
        let mut bitstream = None;
        for chunk in (Chunks { rest: payload.get(ANMF_HEADER..).unwrap_or_default() }) {
            let (name, payload) = chunk?;
            if let Some(stated) = dimensions(name, payload)? {
                if stated != (width, height) {
                    return Err(corrupt("a frame and its bitstream state different sizes"));
                }
                bitstream.get_or_insert((name, payload));
            }
        }
        let bitstream = bitstream.ok_or_else(|| corrupt("a frame has no bitstream"))?;
        // Stored in steps of two.
        let (x, y) = (2 * u24_at(payload, 0)? as usize, 2 * u24_at(payload, 3)? as usize);
        Ok(Self { x, y, size, bitstream })
    }

    fn is_within(&self, canvas: Size) -> bool {
        self.x + self.size.width <= canvas.width && self.y + self.size.height <= canvas.height
    }

    /// The frame as a WebP file of its own.
    pub(super) fn to_file(&self) -> Vec<u8> {
        let (name, payload) = self.bitstream;
        let padding = payload.len() % 2;
        let mut file = Vec::with_capacity(RIFF_HEADER + CHUNK_HEADER + payload.len() + padding);
        file.extend_from_slice(b"RIFF");
        // The payload comes from a file whose length was stated in 32 bits.
        file.extend_from_slice(&((4 + CHUNK_HEADER + payload.len() + padding) as u32).to_le_bytes());
        file.extend_from_slice(b"WEBP");
        file.extend_from_slice(name);
        file.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        file.extend_from_slice(payload);
        file.resize(file.len() + padding, 0);
        file
    }
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
