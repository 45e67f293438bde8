/// A parameter outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}, but must be {allowed}")]
pub struct ParamsError {
    /// The parameter's name.
    pub name: &'static str,
    /// The value given.
    pub value: f64,
    /// The range, in words.
    pub allowed: &'static str,
}

/// Parameters of [`Denoiser::denoise`](crate::Denoiser::denoise); meanings and defaults are `cv2.fastNlMeansDenoising`'s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Filter strength, in grey levels. Default 10 (the service's; OpenCV's own is 3).
    pub h: f32,
    /// Side of the compared windows, px. Even sides act as the next odd one. Default 7.
    pub template_window: u32,
    /// Side of the area searched for similar windows, px. Even sides act as the next odd one. Default 21.
    pub search_window: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { h: 10.0, template_window: 7, search_window: 21 }
    }
}

/// Parameters of [`Denoiser::denoise_colored`](crate::Denoiser::denoise_colored), as
/// `cv2.fastNlMeansDenoisingColored`'s: `luma.h` is its `h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColoredParams {
    /// Strength for luminance, and the windows of both.
    pub luma: Params,
    /// Strength for the two colour components. Default 10.
    pub h_color: f32,
}

impl Default for ColoredParams {
    fn default() -> Self {
        Self { luma: Params::default(), h_color: 10.0 }
    }
}
