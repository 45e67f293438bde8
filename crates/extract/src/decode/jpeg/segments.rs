use super::{be16, corrupt, marker};
use crate::{ExtractError, Format};

/// Walks the segments of a file.
pub(super) struct Segments<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the next segment is sought.
    pub(super) at: usize,
}

impl<'a> Segments<'a> {
    /// From behind the start-of-image marker on.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }

    /// Marker and payload of the next segment; `None` at the end of the image.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, ExtractError> {
        loop {
            match self.next_marker()? {
                marker::EOI => return Ok(None),
                // Markers without a segment: TEM, and restarts that were left over.
                0x01 | 0xd0..=0xd8 => {}
                marker => return Ok(Some((marker, self.payload()?))),
            }
        }
    }

    /// Moves behind the next marker, over fill bytes and, like libjpeg, over anything else before it.
    fn next_marker(&mut self) -> Result<u8, ExtractError> {
        loop {
            match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xff), Some(&marker)) if !matches!(marker, 0x00 | 0xff) => {
                    self.at += 2;
                    return Ok(marker);
                }
                (Some(_), Some(_)) => self.at += 1,
                _ => return Err(corrupt("it ends before its end-of-image marker")),
            }
        }
    }

    /// The bytes of the segment at hand.
    fn payload(&mut self) -> Result<&'a [u8], ExtractError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = usize::from(be16(rest)?);
        let payload = rest.get(2..length).ok_or_else(|| corrupt("it ends inside a segment"))?;
        self.at += length;
        Ok(payload)
    }
}

/// Whether the frame that a marker starts is progressive; `None` for markers that start no frame.
pub(super) fn starts_frame(marker: u8) -> Result<Option<bool>, ExtractError> {
    match marker {
        0xc0..=0xc2 => Ok(Some(marker == 0xc2)),
        marker::DAC | 0xc9..=0xcb | 0xcd..=0xcf => Err(Format::Jpeg.unsupported("arithmetic coding")),
        0xc3 => Err(Format::Jpeg.unsupported("lossless coding")),
        0xc5..=0xc7 | 0xde | 0xdf => Err(Format::Jpeg.unsupported("hierarchical coding")),
        _ => Ok(None),
    }
}
