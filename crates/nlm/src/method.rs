//! How images are denoised with some parameters.

use std::sync::OnceLock;

use crate::isa::Isa;
use crate::lanes::Kernel;
use crate::tiled::{running, saturating};
use crate::weights::Weights;
use crate::{Params, sliding};

/// What is worked out of parameters: weights, and kernels of the ways that are exact with them. Kept from image to image, as it takes as
/// long as some thousand pixels, or ten times that where a table takes many tries.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) params: Params,
    pub(crate) channels: usize,
    pub(crate) weights: Weights,
    pub(crate) isa: Isa,
    // Each once it is asked for; `None` where it is not for these parameters.
    saturating: OnceLock<Option<Kernel>>,
    running: OnceLock<Option<Kernel>>,
    sliding: OnceLock<Option<Kernel>>,
}

/// A way to denoise.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    /// Template windows of 7 x 7, by tiles and sums of 16 bits.
    Saturating(&'a Kernel),
    /// Any template window, by tiles and sums of 32 bits.
    Running(&'a Kernel),
    /// Any template window, by sums that slide over offsets.
    Sliding(&'a Kernel),
    /// Any parameters, a row of pairs after another: for what none of these is for, and for small images.
    General,
}

/// How large an image is beside the search window. Tiles have half of that around them, which is most of the work where they are small.
enum Extent {
    /// Less than half of it.
    Part,
    /// Less than twice it.
    Small,
    Large,
}

impl Extent {
    fn of(width: usize, height: usize, search: usize) -> Self {
        let window = 2 * search + 1;
        let (pixels, window) = (width * height, window * window);
        if pixels < window / 2 {
            Self::Part
        } else if pixels < 2 * window {
            Self::Small
        } else {
            Self::Large
        }
    }
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
        let (saturating, running, sliding) = Default::default();
        Self { params: *params, channels, weights, isa, saturating, running, sliding }
    }

    /// The quickest way that is exact for an image of this size.
    pub(crate) fn path(&self, width: usize, height: usize) -> Path<'_> {
        let quickest = match Extent::of(width, height, self.params.search_radius()) {
            Extent::Part => self.sliding(),
            Extent::Small => self.sliding().or_else(|| self.saturating()).or_else(|| self.running()),
            Extent::Large if running::is_quickest(&self.params, &self.weights) => {
                self.saturating().or_else(|| self.running()).or_else(|| self.sliding())
            }
            Extent::Large => self.saturating().or_else(|| self.sliding()).or_else(|| self.running()),
        };
        quickest.unwrap_or(Path::General)
    }

    fn saturating(&self) -> Option<Path<'_>> {
        let Self { isa, params, channels, weights, .. } = self;
        let kernel = self.saturating.get_or_init(|| saturating::kernel(*isa, params, *channels, weights));
        kernel.as_ref().map(Path::Saturating)
    }

    fn running(&self) -> Option<Path<'_>> {
        let kernel = self.running.get_or_init(|| running::kernel(self.isa, &self.params, &self.weights));
        kernel.as_ref().map(Path::Running)
    }

    fn sliding(&self) -> Option<Path<'_>> {
        let Self { isa, params, channels, weights, .. } = self;
        let kernel = self.sliding.get_or_init(|| sliding::kernel(*isa, params, *channels, weights));
        kernel.as_ref().map(Path::Sliding)
    }
}

#[cfg(test)]
mod tests;
