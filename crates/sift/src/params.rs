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

/// Which descriptor is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Descriptor {
    /// OpenCV's, bytes.
    #[default]
    Sift,
    /// RootSIFT, floats.
    RootSift,
}

/// Parameters; meanings, names and defaults are `cv2.SIFT_create`'s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Keep this many keypoints of the strongest response (OpenCV keeps ties with the last). 0, the default, keeps all.
    pub max_features: u32,
    /// Layers in which extrema are sought, for each octave. Default 3, from 1 to 32.
    pub octave_layers: u32,
    /// Weaker extrema than this are dropped; grey levels are 0 to 1 and the threshold is divided by `octave_layers`.
    /// Default 0.04, finite and at least 0.
    pub contrast_threshold: f64,
    /// Extrema more elongated than this ratio of curvatures are dropped. Default 10, finite and above 0.
    pub edge_threshold: f64,
    /// Blur of the first layer, px. Default 1.6, from 0.1 to 32.
    pub sigma: f64,
    /// Centre the doubled image on the pixels, OpenCV's `enable_precise_upscale`. Default false: positions are then
    /// 0.25 px too far right and down, as OpenCV's are.
    pub precise_upscale: bool,
    /// Default [`Descriptor::Sift`].
    pub descriptor: Descriptor,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            max_features: 0,
            octave_layers: 3,
            contrast_threshold: 0.04,
            edge_threshold: 10.0,
            sigma: 1.6,
            precise_upscale: false,
            descriptor: Descriptor::Sift,
        }
    }
}

impl Params {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn validate(&self) -> Result<(), ParamsError> {
        let check = |name, value: f64, within: bool, allowed| {
            if within { Ok(()) } else { Err(ParamsError { name, value, allowed }) }
        };
        let layers = f64::from(self.octave_layers);
        check("octave_layers", layers, (1.0..=32.0).contains(&layers), "from 1 to 32")?;
        let contrast = self.contrast_threshold;
        check(
            "contrast_threshold",
            contrast,
            contrast >= 0.0 && contrast.is_finite(),
            "finite and at least 0",
        )?;
        let edge = self.edge_threshold;
        check("edge_threshold", edge, edge > 0.0 && edge.is_finite(), "finite and above 0")?;
        check("sigma", self.sigma, (0.1..=32.0).contains(&self.sigma), "from 0.1 to 32")
    }
}
