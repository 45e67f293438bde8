//! Octaves of the scale space: which there are, what one is computed from, and how far around a row each level must reach.

use std::ops::Range;

use crate::Params;
use crate::base::Base;
use crate::gaussian::{Kernel, Kernels};
use crate::isa::Isa;
use crate::ring::BLOCK;
use crate::topmost::{Estimator, Recipe};
use crate::upscale::Doubling;

/// Extrema closer than this to an edge of their octave are not sought, px.
pub(crate) const BORDER: usize = 5;

/// Columns by which refinement may take an extremum out of where it was sought, to be followed there.
const DRIFT: usize = 15;

/// The same for rows below the scanned block: one that goes further waits until the strip comes. It is the same for rows above
/// the block that a strip begins at.
const DRIFT_DOWN: usize = 1;

/// The same for rows upwards, which only takes memory.
const DRIFT_UP: usize = 64;

/// Rows upwards by which it may take a keypoint that is then described there, which takes more memory where patches are large.
const PATCH_DRIFT_UP: usize = 8;

/// Number of octaves that can hold extrema in an image of this size; the first one is the doubled image.
///
/// OpenCV builds `round(log2(shorter doubled side) - 2) + 1` of them; those no larger than their border are left out
/// here, as nothing is ever found in them.
pub(crate) fn octave_count(width: usize, height: usize) -> usize {
    let shorter = 2 * width.min(height);
    let built = (libm::log2(shorter as f64) - 2.0).round_ties_even() + 1.0;
    (0..built.max(0.0) as usize).take_while(|octave| shorter >> octave > 2 * BORDER).count()
}

/// Where level 0 of an octave comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// The grey image, to be doubled and blurred.
    Image { grey: &'a [u8], width: usize, doubling: Doubling },
    /// Every second pixel of a level of the octave before.
    Octave { base: &'a Base },
}

/// What all that works on one octave has in common.
#[derive(Clone, Copy)]
pub(crate) struct Octave<'a> {
    pub(crate) index: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) source: Source<'a>,
    pub(crate) kernels: &'a Kernels,
    pub(crate) reach: &'a Reach,
    /// `None` where the topmost level can't be estimated.
    pub(crate) estimator: Option<&'a Estimator>,
    pub(crate) isa: Isa,
}

impl<'a> Octave<'a> {
    /// What leads to its level 0, if that is not a level of the octave before.
    pub(crate) fn base(&self) -> Option<&'a Kernel> {
        matches!(self.source, Source::Image { .. }).then_some(&self.kernels.base)
    }

    /// What its topmost level is computed with.
    pub(crate) fn topmost(&self) -> Recipe<'a> {
        Recipe { isa: self.isa, kernel: &self.kernels.topmost, estimator: self.estimator }
    }
}

#[cfg(test)]
impl<'a> Octave<'a> {
    /// The first one, without estimates of the topmost level, for the strongest instruction set.
    pub(crate) fn first(
        source: Source<'a>,
        (width, height): (usize, usize),
        kernels: &'a Kernels,
        reach: &'a Reach,
    ) -> Self {
        Self { index: 0, width, height, source, kernels, reach, estimator: None, isa: Isa::detect() }
    }
}

/// How far around the scanned block of rows, and the columns of a strip, each level of an octave reaches.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) levels: Vec<LevelReach>,
    /// Columns on each side of a strip's own that it must hold, for those that are asked for to be right.
    pub(crate) columns: usize,
    /// Rows and columns around a keypoint of the greatest scale that are looked at to describe it.
    patch: usize,
}

/// How far one level reaches, in rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelReach {
    /// Rows above the scanned block that are still needed.
    pub(crate) held: usize,
    /// Rows below it that must be there, for this level's sake or that of the levels after it; as many above it where
    /// a strip begins. Whole blocks.
    pub(crate) computed: usize,
}

impl LevelReach {
    /// Rows that there must be room for.
    pub(crate) fn rows(self) -> usize {
        self.held + BLOCK + self.computed
    }
}

impl Reach {
    /// `patch` is the radius of the patch that a keypoint of a scale (sigma within its octave, px) is described from.
    pub(crate) fn new(params: &Params, kernels: &Kernels, patch: impl Fn(f32) -> usize) -> Self {
        let layers = params.octave_layers as usize;
        // Of the largest scale that a keypoint of a level can have.
        let patch = |level: usize| {
            let scale = params.sigma * libm::exp2((level as f64 + 0.5) / layers as f64);
            patch(scale as f32) + 1
        };
        // Around samples of the topmost level, and their neighbours.
        let topmost = kernels.topmost.radius() + 1;
        let looked_at = |level: usize| match level {
            0 => 1,
            _ if level <= layers => patch(level),
            _ => topmost,
        };
        let mut levels = Vec::with_capacity(layers + 2);
        let (mut columns, mut computed) = (0, 0);
        for level in (0..layers + 2).rev() {
            let radius = kernels.levels.get(level).map_or(0, Kernel::radius);
            let next = computed;
            let followed =
                if level <= layers { looked_at(level).max(DRIFT_DOWN + 1) } else { DRIFT_DOWN + topmost };
            computed = followed.max(next + radius).next_multiple_of(BLOCK);
            columns = (looked_at(level) + DRIFT).max(columns + radius);
            let drifted = match level {
                1.. if level <= layers => (DRIFT_UP + 1).max(PATCH_DRIFT_UP + looked_at(level)),
                _ => DRIFT_UP + looked_at(level),
            };
            // Where a strip begins, the next level's first block needs all rows around it at once.
            let held = drifted.max(computed.saturating_sub(2 * next));
            levels.push(LevelReach { held, computed });
        }
        levels.reverse();
        Self { levels, columns: columns + kernels.base.radius(), patch: patch(layers) }
    }

    /// Rows that a strip computes until it stands at the block that it begins at, of the level that it takes most of.
    pub(crate) fn beginning(&self) -> usize {
        BLOCK + 2 * self.levels.iter().map(|level| level.computed).max().unwrap_or(0)
    }

    /// Whether a strip that began at one block of rows and stands at another, for these columns, holds the neighbours of a
    /// sample.
    pub(crate) fn refines(
        &self,
        (begin, block): (usize, usize),
        columns: &Range<usize>,
        (x, y): (usize, usize),
    ) -> bool {
        let first = block.saturating_sub(DRIFT_UP).max(begin.saturating_sub(DRIFT_DOWN));
        (first..block + BLOCK + DRIFT_DOWN).contains(&y)
            && (columns.start.saturating_sub(DRIFT)..columns.end + DRIFT).contains(&x)
    }

    /// Whether it holds the patch of a keypoint at a sample whose neighbours it holds.
    pub(crate) fn describes(&self, (begin, block): (usize, usize), y: usize) -> bool {
        let beyond = self.patch.next_multiple_of(BLOCK) - self.patch;
        let first = block.saturating_sub(PATCH_DRIFT_UP).max(begin.saturating_sub(beyond));
        (first..block + BLOCK + beyond).contains(&y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::patch_radius;

    #[test]
    fn rows_that_are_looked_at_are_held_and_there() {
        let sigmas = [0.5, 1.6, 1.65, 3.0, 10.0];
        for (octave_layers, sigma) in
            [1, 2, 3, 5, 8, 32].into_iter().flat_map(|n| sigmas.map(|sigma| (n, sigma)))
        {
            let params = Params { octave_layers, sigma, ..Params::default() };
            let kernels = Kernels::new(&params);
            let reach = Reach::new(&params, &kernels, patch_radius);
            let layers = octave_layers as usize;
            // Far below where the strip began, and there.
            for (begin, block) in [(0, 80 * BLOCK), (80 * BLOCK, 80 * BLOCK)] {
                for (level, LevelReach { held, computed }) in reach.levels.iter().enumerate() {
                    let there = block - held.min(&(block - begin + computed))..block + BLOCK + computed;
                    let look = |y: usize, around: usize| {
                        assert!(
                            there.contains(&(y - around)) && there.contains(&(y + around)),
                            "{octave_layers} layers, sigma {sigma}, level {level}: {around} around {y} of {there:?}"
                        );
                    };
                    let refined = (0..2 * block).filter(|&y| reach.refines((begin, block), &(0..1), (0, y)));
                    for y in refined {
                        look(y, if level <= layers { 1 } else { kernels.topmost.radius() + 1 });
                        if (1..=layers).contains(&level) && reach.describes((begin, block), y) {
                            let scale = params.sigma * libm::exp2((level as f64 + 0.5) / layers as f64);
                            look(y, patch_radius(scale as f32) + 1);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn octaves_end_before_their_border() {
        assert_eq!(octave_count(1, 1), 0);
        assert_eq!(octave_count(5, 1000), 0);
        assert_eq!(octave_count(6, 6), 1);
        assert_eq!(octave_count(512, 512), 7);
        assert_eq!(octave_count(800, 640), 7);
    }
}
