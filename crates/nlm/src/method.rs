//! How images are denoised with some parameters.

use crate::isa::Isa;
use crate::lanes::Kernel;
use crate::tiled::running::{self, Windows};
use crate::tiled::saturating;
use crate::weights::Weights;
use crate::{Params, sliding};

/// What is worked out of parameters: weights, and the way that is fastest with them. Kept from image to image, as it takes as long as
/// some thousand pixels, or ten times that where a table takes many tries.
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
    /// Template windows of 7 x 7, by tiles and sums of 16 bits.
    Saturating(Kernel),
    /// Any template window, by tiles and sums of 32 bits.
    Running(Kernel),
    /// Any template window, by sums that slide over offsets.
    Sliding(Kernel),
    /// Whatever fits none of these.
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
        let path = saturating::kernel(isa, params, channels, &weights)
            .map(Path::Saturating)
            .or_else(|| running::kernel(isa, params, &weights, Windows::Quickest).map(Path::Running))
            .or_else(|| sliding::kernel(isa, params, channels, &weights).map(Path::Sliding))
            .or_else(|| running::kernel(isa, params, &weights, Windows::Any).map(Path::Running))
            .unwrap_or(Path::General);
        Self { params: *params, channels, weights, path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn parameters_take_the_quickest_way_that_is_exact() {
        // (strength, template window, search window), channels
        let saturating = [((10.0, 7, 21), 1), ((10.0, 7, 21), 2), ((3.0, 7, 65), 1)];
        let running = [
            // Weights of distances that 16 bits don't tell apart, or of more than 15 bits; other templates and channels.
            ((20.0, 7, 21), 1),
            ((10.0, 7, 15), 1),
            ((10.0, 9, 21), 2),
            ((10.0, 1, 3), 1),
            ((10.0, 7, 21), 3),
            ((10.0, 21, 37), 1),
            ((30.0, 21, 65), 1),
            // For sums that slide over offsets too many channels, weights of too many bits, too many weights.
            ((10.0, 100, 50), 3),
            ((10.0, 127, 15), 1),
            ((200.0, 100, 50), 1),
        ];
        let sliding = [
            ((10.0, 100, 50), 1),
            ((10.0, 100, 50), 2),
            ((10.0, 21, 39), 1),
            ((10.0, 1, 129), 1),
            ((10.0, 7, 513), 2),
            ((30.0, 23, 65), 1),
        ];
        let general = [((10.0, 7, 1), 1), ((10.0, 7, 515), 1), ((200.0, 1, 131), 1), ((200.0, 7, 131), 4)];
        let cases = [
            ("saturating", &saturating[..]),
            ("running", &running),
            ("sliding", &sliding),
            ("general", &general),
        ];
        for (expected, cases) in cases {
            for &((h, template_window, search_window), channels) in cases {
                let params = Params { h, template_window, search_window };
                for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
                    let way = match Method::new(Isa::at_most(level), &params, channels).path {
                        Path::Saturating(_) => "saturating",
                        Path::Running(_) => "running",
                        Path::Sliding(_) => "sliding",
                        Path::General => "general",
                    };
                    assert_eq!(way, expected, "{level:?}, {channels} channels, {params:?}");
                }
            }
        }
    }
}
