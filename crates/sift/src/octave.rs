//! The geometry of the scale space: which octaves there are, and how far around a row each level must reach.

use crate::Params;
use crate::gaussian::Kernels;

/// Extrema closer than this to an edge of their octave are not sought, px.
pub(crate) const BORDER: usize = 5;

/// Rows by which refinement may take an extremum away from where the strip stands.
const REFINED_DRIFT: usize = 16;

/// Rows by which a keypoint may be away from where the strip stands, to be described there.
const DESCRIBED_DRIFT: usize = 4;

/// Rows that a strip moves down by at a time.
pub(crate) const STEP: usize = 4;

/// Number of octaves that can hold extrema in an image of this size; the first one is the doubled image.
///
/// OpenCV builds `round(log2(shorter doubled side) - 2) + 1` of them; those no larger than their border are left out
/// here, as nothing is ever found in them.
pub(crate) fn octave_count(width: usize, height: usize) -> usize {
    let shorter = 2 * width.min(height);
    let built = (libm::log2(shorter as f64) - 2.0).round_ties_even() + 1.0;
    (0..built.max(0.0) as usize).take_while(|octave| shorter >> octave > 2 * BORDER).count()
}

/// How many rows below (and above) a scanned row each level must hold.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// For each level of an octave.
    pub(crate) levels: Vec<usize>,
}

impl Reach {
    /// `patch` is the radius of the patch that a keypoint of a scale (sigma within its octave, px) is described from.
    pub(crate) fn new(params: &Params, kernels: &Kernels, patch: impl Fn(f32) -> usize) -> Self {
        let layers = params.octave_layers as usize;
        let largest = params.sigma * libm::exp2((layers as f64 + 0.5) / layers as f64);
        let patch = patch(largest as f32) + 1;
        let mut levels = vec![REFINED_DRIFT + 1; layers + 3];
        for level in &mut levels[1..=layers] {
            *level = (DESCRIBED_DRIFT + patch).max(REFINED_DRIFT + 1);
        }
        for i in (0..layers + 2).rev() {
            levels[i] = levels[i].max(levels[i + 1] + kernels.levels[i].radius());
        }
        Self { levels }
    }

    /// Rows that a ring must hold, for a reach of `rows` to both sides and a step at a time.
    pub(crate) fn capacity(rows: usize) -> usize {
        2 * rows + STEP + 1
    }

    /// Whether a strip that stands at `scanned` holds the neighbours of an extremum at `row`.
    pub(crate) fn refines(scanned: usize, row: usize) -> bool {
        scanned.abs_diff(row) <= REFINED_DRIFT
    }

    /// Whether it holds the patch of a keypoint there, too.
    pub(crate) fn describes(scanned: usize, row: usize) -> bool {
        scanned.abs_diff(row) <= DESCRIBED_DRIFT
    }
}

#[cfg(test)]
mod tests {
    use super::octave_count;

    #[test]
    fn octaves_end_before_their_border() {
        assert_eq!(octave_count(1, 1), 0);
        assert_eq!(octave_count(5, 1000), 0);
        assert_eq!(octave_count(6, 6), 1);
        assert_eq!(octave_count(512, 512), 7);
        assert_eq!(octave_count(800, 640), 7);
    }
}
