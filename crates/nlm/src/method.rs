//! How images are denoised with some parameters.

use std::sync::OnceLock;

use crate::isa::Isa;
use crate::lanes::Kernel;
use crate::tiled::running::{self, Windows};
use crate::tiled::saturating;
use crate::weights::Weights;
use crate::{Params, sliding};

/// What is worked out of parameters: weights, and the ways that are fastest with them. Kept from image to image, as it takes as long as
/// some thousand pixels, or ten times that where a table takes many tries.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) params: Params,
    pub(crate) channels: usize,
    pub(crate) weights: Weights,
    isa: Isa,
    /// Of each [`Extent`], once it is asked for.
    paths: [OnceLock<Path>; 3],
}

/// A way to denoise: the fastest one that is exact.
#[derive(Debug)]
pub(crate) enum Path {
    /// Template windows of 7 x 7, by tiles and sums of 16 bits.
    Saturating(Kernel),
    /// Any template window, by tiles and sums of 32 bits.
    Running(Kernel),
    /// Any template window, by sums that slide over offsets.
    Sliding(Kernel),
    /// Whatever fits none of these.
    General,
}

/// How large an image is beside the search window. Tiles have half of that around them, which is most of the work where they are small.
#[derive(Debug, Clone, Copy)]
enum Extent {
    /// Less than half of it.
    Part,
    /// Less than twice it.
    Small,
    Large,
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
        let (weights, paths) = (Weights::new(params, channels), Default::default());
        Self { params: *params, channels, weights, isa, paths }
    }

    /// The way for an image of so many pixels.
    pub(crate) fn path(&self, pixels: usize) -> &Path {
        let search_window = (2 * self.params.search_radius() + 1).pow(2);
        let extent = if pixels < search_window / 2 {
            Extent::Part
        } else if pixels < 2 * search_window {
            Extent::Small
        } else {
            Extent::Large
        };
        self.paths[extent as usize].get_or_init(|| self.quickest(extent))
    }

    fn quickest(&self, extent: Extent) -> Path {
        let path = match extent {
            Extent::Part => self.sliding(),
            Extent::Small => {
                self.sliding().or_else(|| self.saturating()).or_else(|| self.running(Windows::Any))
            }
            Extent::Large => (self.saturating())
                .or_else(|| self.running(Windows::Quickest))
                .or_else(|| self.sliding())
                .or_else(|| self.running(Windows::Any)),
        };
        path.unwrap_or(Path::General)
    }

    fn saturating(&self) -> Option<Path> {
        let Self { isa, params, channels, weights, .. } = self;
        saturating::kernel(*isa, params, *channels, weights).map(Path::Saturating)
    }

    fn running(&self, windows: Windows) -> Option<Path> {
        running::kernel(self.isa, &self.params, &self.weights, windows).map(Path::Running)
    }

    fn sliding(&self) -> Option<Path> {
        let Self { isa, params, channels, weights, .. } = self;
        sliding::kernel(*isa, params, *channels, weights).map(Path::Sliding)
    }
}

#[cfg(test)]
mod tests;
