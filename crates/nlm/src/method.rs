//! How images are denoised with some parameters.

use crate::isa::Isa;
use crate::lanes::Kernel;
use crate::weights::Weights;
use crate::{Params, sliding, tiled};

/// What is worked out of parameters: weights, and the way that is fastest with them. Kept from image to image, as it takes as long as some
/// thousand pixels.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) params: Params,
    pub(crate) channels: usize,
    pub(crate) weights: Weights,
    pub(crate) path: Path,
}

/// A way to denoise: the fastest one that is exact.
#[derive(Debug)]
pub(crate) enum Path {
    /// Template windows of 7 x 7, as tiles.
    Tiled(Kernel),
    /// Any template window, by sums that slide.
    Sliding(Kernel),
    /// Whatever fits neither.
    General,
}

impl Method {
    /// The one that is kept if it is for these parameters and channels, else it becomes so.
    pub(crate) fn of<'a>(kept: &'a mut Option<Self>, isa: Isa, params: &Params, channels: usize) -> &'a Self {
        let suits = |kept: &Self| kept.params == *params && kept.channels == channels;
        if !kept.as_ref().is_some_and(suits) {
            *kept = None;
        }
        kept.get_or_insert_with(|| Self::new(isa, params, channels))
    }

    fn new(isa: Isa, params: &Params, channels: usize) -> Self {
        let weights = Weights::new(params, channels);
        let path = tiled::kernel(isa, params, channels, &weights)
            .map(Path::Tiled)
            .or_else(|| sliding::kernel(isa, params, channels, &weights).map(Path::Sliding))
            .unwrap_or(Path::General);
        Self { params: *params, channels, weights, path }
    }
}
