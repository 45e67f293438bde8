//! The parameters that features depend on, as options of the command line.

use clap::{Args, ValueEnum};
use extract::{Denoise, Descriptor, Params};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DenoiseMethod {
    /// Non-local means
    Nlm,
    /// As it is
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DescriptorKind {
    /// OpenCV's, bytes
    Sift,
    /// RootSIFT, floats
    Rootsift,
}

/// The ranges proper are checked with all parameters; here, that it is a number at all.
fn whole(value: &str) -> Result<u32, &'static str> {
    value.parse().map_err(|_| "must be a whole number of at least 0, in the range that --help names")
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Denoising")]
pub(crate) struct DenoiseArguments {
    /// Whether to denoise first
    #[arg(long, value_enum, default_value = "nlm")]
    denoise: DenoiseMethod,
    /// Strength for luminance, grey levels, at least 0
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    h: f32,
    /// Strength for colour, at least 0
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    h_color: f32,
    /// Side of the compared windows, px, 1 to 127
    #[arg(long, default_value_t = 7, value_name = "PX", value_parser = whole, allow_negative_numbers = true)]
    template_window: u32,
    /// Side of the searched window, px, 1 to 2901
    #[arg(long, default_value_t = 21, value_name = "PX", value_parser = whole, allow_negative_numbers = true)]
    search_window: u32,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Detection and description")]
pub(crate) struct SiftArguments {
    /// Keep this many keypoints of the strongest response; 0 keeps all
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    max_features: u32,
    /// Layers searched in each octave, 1 to 32
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    octave_layers: u32,
    /// Drop extrema of less contrast, at least 0
    #[arg(long, default_value_t = 0.04, allow_negative_numbers = true)]
    contrast_threshold: f64,
    /// Drop extrema more elongated than this, above 0
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    edge_threshold: f64,
    /// Blur of the first layer, px, 0.1 to 32
    #[arg(long, default_value_t = 1.6, allow_negative_numbers = true)]
    sigma: f64,
    /// Double the image without OpenCV's default shift of 0.25 px
    #[arg(long)]
    precise_upscale: bool,
    /// Which descriptor
    #[arg(long, value_enum, default_value = "sift")]
    descriptor: DescriptorKind,
}

impl DenoiseArguments {
    pub(crate) fn denoise(&self) -> Denoise {
        let &Self { h, h_color, template_window, search_window, .. } = self;
        match self.denoise {
            DenoiseMethod::None => Denoise::None,
            DenoiseMethod::Nlm => Denoise::Nlm(nlm::ColoredParams {
                luma: nlm::Params { h, template_window, search_window },
                h_color,
            }),
        }
    }
}

impl SiftArguments {
    pub(crate) fn sift(&self) -> sift::Params {
        sift::Params {
            max_features: self.max_features,
            octave_layers: self.octave_layers,
            contrast_threshold: self.contrast_threshold,
            edge_threshold: self.edge_threshold,
            sigma: self.sigma,
            precise_upscale: self.precise_upscale,
            descriptor: match self.descriptor {
                DescriptorKind::Sift => Descriptor::Sift,
                DescriptorKind::Rootsift => Descriptor::RootSift,
            },
        }
    }
}

/// All of them together, checked.
pub(crate) fn params(denoise: &DenoiseArguments, sift: Option<&SiftArguments>) -> Result<Params, String> {
    let sift = sift.map(SiftArguments::sift).unwrap_or_default();
    let params = Params { denoise: denoise.denoise(), sift };
    params.validate().map_err(|error| error.to_string())?;
    Ok(params)
}
