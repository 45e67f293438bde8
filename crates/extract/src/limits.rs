use crate::{Denoise, ExtractError, Format, Params};

/// What an input may cost before it is refused. Both bounds are checked before any pixel is decoded or allocated.
///
/// Decoding holds at most 13 bytes a pixel at a time, the answer's 3 among them (TIFF with planes of 16 bits;
/// progressive CMYK JPEG takes 12), besides buffers of a fixed size. Common inputs take 3 to 9.
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

/// What images may take with the denoiser's border beside twice [`max_pixels`](Limits::max_pixels), px: small ones with wide windows.
const BORDER_BESIDE: u64 = 16 << 20;

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

    /// Pixels that the denoiser keeps of an image: with a border, which may be far more than a thin image has itself.
    pub(crate) fn check_border(&self, width: u64, height: u64, params: &Params) -> Result<u64, ExtractError> {
        let Denoise::Nlm(nlm) = &params.denoise else { return Ok(width.saturating_mul(height)) };
        let border = nlm.luma.border() as u64;
        let padded = (width + 2 * border).saturating_mul(height + 2 * border);
        let allowed = self.max_pixels.saturating_mul(2).saturating_add(BORDER_BESIDE);
        if padded > allowed {
            return Err(ExtractError::TooWideABorder { width, height, border, padded, allowed });
        }
        Ok(padded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParamsBuilder;

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
    fn a_border_has_its_limit_which_no_usual_image_comes_near() {
        let limits = Limits::default();
        let with = |windows: [(&str, &str); 2]| {
            let mut builder = ParamsBuilder::default();
            windows.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
            builder.build().unwrap()
        };
        let usual = with([("template_window", "7"), ("search_window", "21")]);
        let widest = with([("template_window", "127"), ("search_window", "2901")]);
        assert_eq!(limits.check_border(512, 512, &usual), Ok(538 * 538));
        assert_eq!(
            limits.check_border(50_000_000, 1, &Params { denoise: Denoise::None, ..usual }),
            Ok(50_000_000)
        );
        assert_eq!(limits.check_border(7071, 7071, &widest), Ok(10_097 * 10_097));
        assert_eq!(limits.check_border(1, 1, &widest), Ok(3027 * 3027));
        for (width, height) in [(1, 65_535), (65_535, 1)] {
            assert!(limits.check_border(width, height, &usual).is_ok());
            let error = limits.check_border(width, height, &widest).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the image has {width} x {height} pixels, with the 1513 on each side that the denoiser's windows need 207534147, \
                     more than the 116777216 allowed"
                )
            );
        }
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
