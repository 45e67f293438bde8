use crate::{ExtractError, Format};

/// What an input may cost before it is refused. Both bounds are checked before any pixel is decoded or allocated.
///
/// Decoding holds at most 13 bytes a pixel at a time, the answer's 3 among them (TIFF with planes of 16 bits;
/// progressive CMYK JPEG takes 12), besides buffers of a fixed size, the largest of some 40 MB (a TIFF tile may reach 4 megapixels beyond the
/// picture). Common inputs take 3 to 9.
///
/// ```
/// let strict = extract::Limits { max_pixels: 12_000_000, ..Default::default() };
/// assert_eq!(strict.max_bytes, 10_000_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Encoded size, in bytes, as it came. Default 10,000,000 (10 MB).
    pub max_bytes: u64,
    /// Width times height, in pixels, as the header states them. Default 50,000,000 (50 MP).
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 10_000_000, max_pixels: 50_000_000 }
    }
}

/// Width and height that passed [`Limits::check_pixels`]: neither is zero or longer than a side may be, and every buffer of a few
/// bytes a pixel can be addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Size {
    /// Pixels of the picture.
    pub(crate) fn area(self) -> usize {
        self.width * self.height
    }
}

impl Limits {
    /// Pixels of the longest side, as OpenCV has it (`OPENCV_IO_MAX_IMAGE_WIDTH`, `OPENCV_IO_MAX_IMAGE_HEIGHT`).
    pub const MAX_SIDE: u64 = 1 << 20;

    /// Refuses empty input and input above [`max_bytes`](Self::max_bytes).
    pub(crate) fn check_bytes(&self, bytes: &[u8]) -> Result<(), ExtractError> {
        let actual = bytes.len() as u64;
        if actual == 0 {
            return Err(ExtractError::Empty);
        }
        if actual > self.max_bytes {
            return Err(ExtractError::TooManyBytes { actual, allowed: self.max_bytes });
        }
        Ok(())
    }

    /// Refuses dimensions that are zero or above [`max_pixels`](Self::max_pixels) or [`MAX_SIDE`](Self::MAX_SIDE).
    pub(crate) fn check_pixels(&self, format: Format, width: u64, height: u64) -> Result<Size, ExtractError> {
        if width == 0 || height == 0 {
            return Err(ExtractError::ZeroPixels { format, width, height });
        }
        let too_many = ExtractError::TooManyPixels { width, height, allowed: self.max_pixels };
        // Sixteen bytes a pixel is the most that any decoder here addresses at once.
        match width.checked_mul(height) {
            Some(area) if area <= self.max_pixels && area <= (isize::MAX as u64) / 16 => {}
            _ => return Err(too_many),
        }
        if width.max(height) > Self::MAX_SIDE {
            return Err(ExtractError::SideTooLong { width, height, allowed: Self::MAX_SIDE });
        }
        Ok(Size { width: width as usize, height: height as usize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_taken_without_overflow() {
        let limits = Limits { max_pixels: u64::MAX, ..Limits::default() };
        let error = limits.check_pixels(Format::Tiff, u64::MAX, 2).unwrap_err();
        assert_eq!(error, ExtractError::TooManyPixels { width: u64::MAX, height: 2, allowed: u64::MAX });
    }

    #[test]
    fn a_side_is_no_longer_than_opencvs() {
        let limits = Limits::default();
        assert!(limits.check_pixels(Format::Tiff, 1 << 20, 1).is_ok());
        let (width, height, allowed) = (1, (1 << 20) + 1, 1 << 20);
        let error = limits.check_pixels(Format::Tiff, width, height).unwrap_err();
        assert_eq!(error, ExtractError::SideTooLong { width, height, allowed });
    }

    #[test]
    fn the_bound_itself_is_allowed() {
        let limits = Limits { max_pixels: 12, max_bytes: 3 };
        assert_eq!(limits.check_pixels(Format::Png, 4, 3), Ok(Size { width: 4, height: 3 }));
        assert!(limits.check_pixels(Format::Png, 13, 1).is_err());
        assert_eq!(limits.check_bytes(&[0; 3]), Ok(()));
        assert_eq!(limits.check_bytes(&[0; 4]), Err(ExtractError::TooManyBytes { actual: 4, allowed: 3 }));
    }
}
