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

/// Widest template window, px: the distances of four channels still fit 32 bits.
pub const MAX_TEMPLATE_WINDOW: u32 = 127;

/// Widest search window, px: OpenCV's weights are integers, and beyond this even the largest of them would be 0.
pub const MAX_SEARCH_WINDOW: u32 = 2901;

/// Parameters of [`Denoiser::denoise`](crate::Denoiser::denoise); meanings are `cv2.fastNlMeansDenoising`'s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Filter strength, in grey levels: finite and at least 0, where windows count whose squared differences sum up to less than a power
    /// of two (64 for 7 x 7 px), and no others. Default 10.
    pub h: f32,
    /// Side of the compared windows, px, from 1 to [`MAX_TEMPLATE_WINDOW`]. Even sides act as the next odd one.
    /// Default 7.
    pub template_window: u32,
    /// Side of the area searched for similar windows, px, from 1 to [`MAX_SEARCH_WINDOW`]. Even sides act as the next
    /// odd one. Default 21. Time grows about with its square.
    pub search_window: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { h: 10.0, template_window: 7, search_window: 21 }
    }
}

impl Params {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn validate(&self) -> Result<(), ParamsError> {
        check_strength("h", self.h)?;
        check_window("template_window", self.template_window, MAX_TEMPLATE_WINDOW, "from 1 to 127")?;
        check_window("search_window", self.search_window, MAX_SEARCH_WINDOW, "from 1 to 2901")
    }

    /// Pixels on each side of one that its weights look at: the radii of both windows. [`Denoiser`](crate::Denoiser) keeps the image
    /// with a border so wide, a byte a pixel and channel.
    pub fn border(&self) -> usize {
        self.template_radius() + self.search_radius()
    }

    /// Pixels of the template window on each side of its centre.
    pub(crate) fn template_radius(&self) -> usize {
        self.template_window as usize / 2
    }

    /// Pixels of the search window on each side of its centre.
    pub(crate) fn search_radius(&self) -> usize {
        self.search_window as usize / 2
    }
}

/// Parameters of [`Denoiser::denoise_colored`](crate::Denoiser::denoise_colored), as
/// `cv2.fastNlMeansDenoisingColored`'s: `luma.h` is its `h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColoredParams {
    /// Strength for luminance, and the windows of both.
    pub luma: Params,
    /// Strength for the two colour components: finite and at least 0. Default 10.
    pub h_color: f32,
}

impl Default for ColoredParams {
    fn default() -> Self {
        Self { luma: Params::default(), h_color: 10.0 }
    }
}

impl ColoredParams {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn validate(&self) -> Result<(), ParamsError> {
        self.luma.validate()?;
        check_strength("h_color", self.h_color)
    }
}

fn check_strength(name: &'static str, value: f32) -> Result<(), ParamsError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ParamsError { name, value: f64::from(value), allowed: "finite and at least 0" })
}

fn check_window(name: &'static str, value: u32, most: u32, allowed: &'static str) -> Result<(), ParamsError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(ParamsError { name, value: f64::from(value), allowed })
}
