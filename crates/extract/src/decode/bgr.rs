use std::fmt;

use crate::limits::Size;

/// A decoded picture: 8-bit blue, green, red, interleaved, row after row without gaps.
#[derive(Clone, PartialEq, Eq)]
pub struct Bgr {
    pixels: Vec<u8>,
    size: Size,
    grey: bool,
}

impl Bgr {
    /// Takes `pixels` of `3 * width * height` bytes; `grey` promises that blue, green and red are equal.
    pub(crate) fn new(pixels: Vec<u8>, size: Size, grey: bool) -> Self {
        debug_assert_eq!(pixels.len(), 3 * size.area());
        Self { pixels, size, grey }
    }

    /// The bytes: `3 * width * height` of them, blue first, top row first.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, given away.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Width in px, after orientation.
    pub fn width(&self) -> usize {
        self.size.width
    }

    /// Height in px, after orientation.
    pub fn height(&self) -> usize {
        self.size.height
    }

    /// `true` where the file stores grey, so that blue = green = red in every pixel. `false` promises nothing.
    pub fn is_grey(&self) -> bool {
        self.grey
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }
}

impl fmt::Debug for Bgr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bgr({} x {}{})", self.size.width, self.size.height, if self.grey { ", grey" } else { "" })
    }
}
