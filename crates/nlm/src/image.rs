use crate::Error;

/// A borrowed image of interleaved 8-bit channels, row after row without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    channels: usize,
}

impl<'a> Image<'a> {
    /// Views `pixels` as `height` rows of `width` pixels of `channels` (1 to 4) interleaved bytes.
    ///
    /// # Errors
    /// [`Error::Channels`] for any other number of channels, [`Error::BufferSize`] where the buffer's length is not
    /// `width * height * channels`.
    pub fn new(pixels: &'a [u8], width: usize, height: usize, channels: usize) -> Result<Self, Error> {
        if !(1..=4).contains(&channels) {
            return Err(Error::Channels { actual: channels, allowed: "1 to 4" });
        }
        let expected = width.saturating_mul(height).saturating_mul(channels);
        if pixels.len() != expected {
            return Err(Error::BufferSize { width, height, channels, expected, actual: pixels.len() });
        }
        Ok(Self { pixels, width, height, channels })
    }

    /// The bytes, row after row.
    pub fn pixels(&self) -> &'a [u8] {
        self.pixels
    }

    /// Width in px.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in px.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Interleaved channels of a pixel, 1 to 4.
    pub fn channels(&self) -> usize {
        self.channels
    }
}
