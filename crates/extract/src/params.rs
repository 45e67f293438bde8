use crate::{ExtractError, Limits, Probe};

/// What images may take with the denoiser's border beside twice [`max_pixels`](Limits::max_pixels), px: small ones with wide windows.
const BORDER_BESIDE: u64 = 16 << 20;

/// What a pixel of the budget stands for, bytes.
const BUDGETED_BYTES: u64 = 13;

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

    /// Pixels that the denoiser keeps of an image: with a border, which may be far more than a thin image has itself.
    pub(crate) fn check_border(&self, width: u64, height: u64, limits: &Limits) -> Result<u64, ExtractError> {
        let Denoise::Nlm(nlm) = &self.denoise else { return Ok(width.saturating_mul(height)) };
        let border = nlm.luma.border() as u64;
        let padded = (width + 2 * border).saturating_mul(height + 2 * border);
        let allowed = limits.max_pixels.saturating_mul(2).saturating_add(BORDER_BESIDE);
        if padded > allowed {
            return Err(ExtractError::BorderTooWide { width, height, border, padded, allowed });
        }
        Ok(padded)
    }

    /// Pixels that an image counts for where memory is budgeted by pixels, some 13 bytes each: its own, or what thin ones take beside
    /// them, for the denoiser's border (3 bytes a pixel) and lists of rows (400 bytes each); and what a thread takes beyond the
    /// defaults for a wide blur or many layers, as far as the largest image allowed would count.
    ///
    /// # Errors
    /// [`ExtractError::BorderTooWide`].
    pub fn budgeted_pixels(&self, probe: &Probe, limits: &Limits) -> Result<u64, ExtractError> {
        let (width, height) = (u64::from(probe.width), u64::from(probe.height));
        let padded = self.check_border(width, height, limits)?;
        let pixels = probe.pixels().max(padded / 4).max(32 * width.max(height));
        let beyond = self.scratch_beyond_defaults(probe) / BUDGETED_BYTES;
        Ok((pixels + beyond).min(limits.max_pixels).max(pixels))
    }

    /// Bytes that a thread of the detector takes more than it would with the default parameters; none for those out of range.
    fn scratch_beyond_defaults(&self, probe: &Probe) -> u64 {
        let usual = sift::Params::default();
        if (self.sift.sigma, self.sift.octave_layers) == (usual.sigma, usual.octave_layers) {
            return 0;
        }
        let detector = sift::Detector::new();
        let bytes = |params| detector.scratch_bytes(probe.width, probe.height, params).unwrap_or(0);
        bytes(&self.sift).saturating_sub(bytes(&usual)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, ParamsBuilder};

    #[test]
    fn wide_blurs_and_many_layers_count_for_their_memory() {
        let limits = Limits::default();
        let probe = Probe { format: Format::Png, width: 3000, height: 2000 };
        let budgeted = |octave_layers: &str, sigma: &str| {
            let mut builder = ParamsBuilder::default();
            builder.set("octave_layers", octave_layers).unwrap();
            builder.set("sigma", sigma).unwrap();
            builder.build().unwrap().budgeted_pixels(&probe, &limits).unwrap()
        };
        assert_eq!([budgeted("3", "1.6"), budgeted("2", "1.6")], [6_000_000; 2]);
        assert!((9_000_000..13_000_000).contains(&budgeted("32", "1.6")), "54 MB, with AMD's strips 60");
        assert_eq!(budgeted("32", "32"), limits.max_pixels, "1.5 GB");
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
        assert_eq!(usual.check_border(512, 512, &limits), Ok(538 * 538));
        assert_eq!(
            Params { denoise: Denoise::None, ..usual }.check_border(50_000_000, 1, &limits),
            Ok(50_000_000)
        );
        assert_eq!(widest.check_border(7071, 7071, &limits), Ok(10_097 * 10_097));
        assert_eq!(widest.check_border(1, 1, &limits), Ok(3027 * 3027));
        for (width, height) in [(1, 65_535), (65_535, 1)] {
            assert!(usual.check_border(width, height, &limits).is_ok());
            let error = widest.check_border(width, height, &limits).unwrap_err();
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
        assert!(matches!(of(100, 100_000, wide), Err(ExtractError::BorderTooWide { .. })));
    }
}
