//! Gaussian kernels and the blur that leads from each level of an octave to the next.

use crate::Params;

/// A normalised Gaussian kernel of odd length.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    taps: Vec<f32>,
}

impl Kernel {
    /// The kernel that `cv::GaussianBlur` takes for 32-bit images and a size of its own choice: `8 sigma + 1` taps,
    /// rounded half to even and made odd, computed in 64 bits and then narrowed.
    pub(crate) fn new(sigma: f64) -> Self {
        let radius = ((sigma * 8.0 + 1.0).round_ties_even() as usize | 1) / 2;
        let weight = |i: usize| {
            let distance = i.abs_diff(radius);
            libm::exp(-0.5 * (distance * distance) as f64 / (sigma * sigma))
        };
        let sum: f64 = (0..=2 * radius).map(weight).sum();
        Self { taps: (0..=2 * radius).map(|i| (weight(i) / sum) as f32).collect() }
    }

    /// Taps on each side of the centre.
    pub(crate) fn radius(&self) -> usize {
        self.taps.len() / 2
    }

    /// Weights in order; the one at `radius` is the centre's.
    pub(crate) fn taps(&self) -> &[f32] {
        &self.taps
    }
}

/// The kernels of a scale space: one for the base image, and one from each level to the next.
#[derive(Debug, Clone)]
pub(crate) struct Kernels {
    /// From the doubled image, taken to be blurred by 1 px, to level 0.
    pub(crate) base: Kernel,
    /// `levels[i]` leads from level `i` to level `i + 1`; the same in every octave.
    pub(crate) levels: Vec<Kernel>,
    /// From the last of those to the topmost level.
    pub(crate) topmost: Kernel,
}

/// Blur that the camera is assumed to have left in an image, px (Lowe 2004, section 3.3).
const CAMERA_SIGMA: f32 = 0.5;

impl Kernels {
    pub(crate) fn new(params: &Params) -> Self {
        let sigma = params.sigma as f32;
        let doubled = 2.0 * CAMERA_SIGMA;
        let base = (sigma * sigma - doubled * doubled).max(0.01).sqrt();
        let ratio = libm::pow(2.0, 1.0 / f64::from(params.octave_layers));
        let step = |i: u32| {
            let previous = libm::pow(ratio, f64::from(i)) * params.sigma;
            let total = previous * ratio;
            (total * total - previous * previous).sqrt()
        };
        Self {
            base: Kernel::new(f64::from(base)),
            levels: (0..=params.octave_layers).map(|i| Kernel::new(step(i))).collect(),
            topmost: Kernel::new(step(params.octave_layers + 1)),
        }
    }

    /// Taps of all that lead to whole levels.
    pub(crate) fn taps(&self) -> usize {
        self.levels.iter().chain([&self.base]).map(|kernel| kernel.taps().len()).sum()
    }

    /// Those that lead to the levels that refining an extremum of a layer looks at: differences take the level after them, too.
    pub(crate) fn around(&self, layer: usize) -> impl DoubleEndedIterator<Item = &Kernel> {
        let topmost = (layer + 1 >= self.levels.len()).then_some(&self.topmost);
        self.levels.iter().take(layer + 2).chain(topmost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_kernels_have_the_lengths_that_opencv_chooses() {
        let kernels = Kernels::new(&Params::default());
        assert_eq!(kernels.base.radius(), 5);
        let radii: Vec<_> = kernels.levels.iter().map(Kernel::radius).collect();
        assert_eq!(radii, [5, 6, 8, 10]);
        assert_eq!(kernels.topmost.radius(), 13);
    }

    #[test]
    fn kernels_sum_to_one() {
        for sigma in [0.1, 0.5, 1.2489996, 3.09, 40.0] {
            let kernel = Kernel::new(sigma);
            let sum: f32 = kernel.taps().iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "sigma {sigma}: {sum}");
        }
    }
}
