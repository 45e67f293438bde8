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
}
