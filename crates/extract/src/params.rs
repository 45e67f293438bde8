use crate::{ExtractError, Limits, Probe};

/// What is done to the decoded pixels before detection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Denoise {
    /// Nothing.
    None,
    /// Non-local means in its coloured form.
    Nlm(nlm::ColoredParams),
}

impl Default for Denoise {
    fn default() -> Self {
        Self::Nlm(nlm::ColoredParams::default())
    }
}

/// Everything that the features of an image depend on, besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Params {
    /// Default: non-local means, 7/21, h 10.
    pub denoise: Denoise,
    /// Detection and description.
    pub sift: sift::Params,
}

/// A parameter outside its range: which, and what is allowed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// One of the denoiser's.
    #[error(transparent)]
    Denoise(#[from] nlm::ParamsError),
    /// One of the detector's.
    #[error(transparent)]
    Sift(#[from] sift::ParamsError),
}

impl Params {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn validate(&self) -> Result<(), ParamsError> {
        if let Denoise::Nlm(params) = &self.denoise {
            params.validate()?;
        }
        Ok(self.sift.validate()?)
    }

    /// Pixels that an image counts for where memory is budgeted by pixels, some 13 bytes each: its own, or what thin ones take beside
    /// them, for the denoiser's border (3 bytes a pixel) and lists of rows (400 bytes each).
    ///
    /// # Errors
    /// [`ExtractError::TooWideABorder`].
    pub fn budgeted_pixels(&self, probe: &Probe, limits: &Limits) -> Result<u64, ExtractError> {
        let (width, height) = (u64::from(probe.width), u64::from(probe.height));
        let padded = limits.check_border(width, height, self)?;
        Ok(probe.pixels().max(padded / 4).max(32 * width.max(height)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    fn thin_images_count_for_more_than_their_pixels() {
        let of = |width, height, params: Params| {
            params.budgeted_pixels(&Probe { format: Format::Png, width, height }, &Limits::default())
        };
        assert_eq!(of(640, 480, Params::default()), Ok(640 * 480));
        // Rows, or columns that EXIF turns into rows.
        assert_eq!(of(1, 1 << 20, Params::default()), Ok(32 << 20));
        assert_eq!(of(1 << 20, 1, Params { denoise: Denoise::None, ..Params::default() }), Ok(32 << 20));
        let mut wide = nlm::ColoredParams::default();
        wide.luma.search_window = 2901;
        let wide = Params { denoise: Denoise::Nlm(wide), ..Params::default() };
        assert_eq!(of(100, 10_000, wide), Ok(3006 * 12_906 / 4));
        assert!(matches!(of(100, 100_000, wide), Err(ExtractError::TooWideABorder { .. })));
    }
}
