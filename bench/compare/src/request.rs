//! What is asked of this side: lines of JSON, which `sides.py` writes.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) job: Job,
    /// The strongest instruction set to use.
    pub(crate) set: String,
    pub(crate) threads: NonZeroUsize,
    /// Pixels in rows, a byte for each channel; for a miss an image file.
    pub(crate) input: PathBuf,
    /// Where the result goes, if anywhere: pixels as they came, or features as [`features`](crate::features) has them. A miss has none.
    pub(crate) output: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Job {
    Denoise(Denoise),
    Detect(Detect),
    /// From the file's bytes to descriptors, with default parameters.
    Miss,
}

/// `fastNlMeansDenoising`, or, if `coloured`, `fastNlMeansDenoisingColored`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denoise {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) strength: f32,
    pub(crate) template_window: u32,
    pub(crate) search_window: u32,
    pub(crate) coloured: bool,
}

/// `SIFT_create` and `detectAndCompute`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detect {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) octave_layers: u32,
    pub(crate) contrast_threshold: f64,
    pub(crate) edge_threshold: f64,
    pub(crate) sigma: f64,
}
