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
