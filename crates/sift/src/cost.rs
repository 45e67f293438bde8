//! What a detection costs before it is done.

use crate::gaussian::Kernels;
use crate::{Params, ParamsError};

/// What searching another layer takes, of a detection with the default parameters: measured with 5 to 32 layers. From 6 on the threshold
/// for candidates is 0.
const LAYER_TIME: f64 = 0.3;

impl Params {
    /// How long a detection takes beside one with the default parameters, for planning: as many times, within a factor of two or so, for
    /// photographs. 1 for the defaults and what is quicker, 50 for the greatest sigma with the most layers.
    ///
    /// # Errors
    /// The first parameter outside its range.
    ///
    /// ```
    /// let wide = sift::Params { sigma: 32.0, ..Default::default() };
    /// assert!((15.0..25.0).contains(&wide.relative_time().unwrap()));
    /// ```
    pub fn relative_time(&self) -> Result<f64, ParamsError> {
        self.validate()?;
        let default = Self::default();
        let taps = |params: &Self| Kernels::new(params).taps() as f64;
        let more_layers = self.octave_layers.saturating_sub(default.octave_layers);
        Ok((taps(self) / taps(&default)).max(1.0) + LAYER_TIME * f64::from(more_layers))
    }
}
