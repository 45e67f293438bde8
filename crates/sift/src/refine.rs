//! Sub-pixel position of an extremum, and the tests that it must pass (Lowe 2004, section 4; `adjustLocalExtrema` of
//! OpenCV's SIFT).
//!
//! Products are fused with sums where GCC fuses those of OpenCV, so that positions and responses are the same to the last bit
//! where the samples are, and sizes but for how the C library rounds a power.

use std::ops::Range;

use crate::around::{ScaleSpace, difference};
use crate::isa::for_each_isa;
use crate::octave::{BORDER, Octave};
use crate::{Keypoint, Params};

/// Steps after which an extremum that has not settled is dropped.
const MAX_STEPS: usize = 5;

/// Differences are taken of grey levels from 0 to 255, thresholds of levels from 0 to 1.
const GREY_SCALE: f32 = 1.0 / 255.0;

/// An extremum on its way to its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extremum {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) layer: usize,
    steps: usize,
}

/// An extremum in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refined {
    /// The sample that it was found at, which its directions are of, px of the octave.
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) layer: usize,
    /// The sample nearest to its position, which it is described around: the next one where the position, rounded to a float, is
    /// half-way.
    pub(crate) nearest: Nearest,
    /// Scale within the octave: the sigma of a Gaussian, px of the octave.
    pub(crate) scale: f32,
    /// With all but its angle, in pixels of the doubled image.
    pub(crate) keypoint: Keypoint,
}

/// The sample nearest to a position, at most one away from the sample that it was found at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nearest {
    pub(crate) x: usize,
    pub(crate) y: usize,
}

/// What became of an extremum.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Accepted(Refined),
    Rejected,
    /// It moved to where its neighbours are not held.
    Escaped(Extremum),
}

impl Refined {
    /// The extremum that it was found for, in its place.
    pub(crate) fn settled(&self) -> Extremum {
        Extremum::new(self.x, self.y, self.layer)
    }
}

/// First and second derivatives of the difference of Gaussians at a sample.
struct Derivatives {
    value: f32,
    /// Along x, y and layer.
    gradient: [f32; 3],
    xx: f32,
    yy: f32,
    ss: f32,
    xy: f32,
    xs: f32,
    ys: f32,
}

impl Extremum {
    pub(crate) fn new(x: usize, y: usize, layer: usize) -> Self {
        Self { x, y, layer, steps: 0 }
    }

    /// Moves to the extremum of the quadratic through its neighbourhood until that is nearest to the sample itself.
    pub(crate) fn refine(
        mut self,
        octave: &Octave<'_>,
        space: &mut impl ScaleSpace,
        params: &Params,
    ) -> Outcome {
        let mut before = None;
        while self.steps < MAX_STEPS {
            if !space.holds(self.layer, self.y, self.x) {
                return Outcome::Escaped(self);
            }
            let derivatives = Derivatives::at(space, &self);
            let offset = offset(octave.isa, &derivatives);
            if offset.iter().all(|offset| offset.abs() < 0.5) {
                return self.accept(octave, params, &derivatives, offset);
            }
            match self.moved(octave, params, offset) {
                // As it goes where its place alone leads it, it would go to and fro.
                Some(moved) if before == Some(moved.place()) => return Outcome::Rejected,
                Some(moved) => {
                    before = Some(self.place());
                    self = moved;
                }
                None => return Outcome::Rejected,
            }
        }
        Outcome::Rejected
    }

    /// Its layer, row and column.
    fn place(&self) -> (usize, usize, usize) {
        (self.layer, self.y, self.x)
    }

    /// The sample nearest to the offset; none where that is outside the range of the search.
    fn moved(&self, octave: &Octave<'_>, params: &Params, offset: [f32; 3]) -> Option<Self> {
        let step = |from: usize, offset: f32, range: Range<usize>| {
            let to = from as f64 + rounded(f64::from(offset));
            (to >= range.start as f64 && to < range.end as f64).then_some(to as usize)
        };
        let inner = |side: usize| BORDER..side - BORDER;
        Some(Self {
            x: step(self.x, offset[0], inner(octave.width))?,
            y: step(self.y, offset[1], inner(octave.height))?,
            layer: step(self.layer, offset[2], 1..params.octave_layers as usize + 1)?,
            steps: self.steps + 1,
        })
    }

    fn accept(&self, octave: &Octave<'_>, params: &Params, at: &Derivatives, offset: [f32; 3]) -> Outcome {
        let [x, y, s] = offset;
        let Quality { contrast, is_edge } = quality(octave.isa, at, offset, params.edge_threshold as f32);
        if contrast * (params.octave_layers as f32) < params.contrast_threshold as f32 || is_edge {
            return Outcome::Rejected;
        }
        let position = (self.x as f32 + x, self.y as f32 + y);
        let nearest = Nearest {
            x: rounded(f64::from(position.0)) as usize,
            y: rounded(f64::from(position.1)) as usize,
        };
        let side = (1u32 << octave.index) as f32;
        let layers = params.octave_layers as f32;
        let exponent = (self.layer as f32 + s) / layers;
        let scale = params.sigma as f32 * libm::exp2(f64::from(exponent)) as f32;
        let sub_layer = rounded((f64::from(s) + 0.5) * 255.0) as i32;
        let keypoint = Keypoint {
            x: position.0 * side,
            y: position.1 * side,
            size: scale * side * 2.0,
            angle: 0.0,
            response: contrast,
            octave: octave.index as i32 + ((self.layer as i32) << 8) + (sub_layer << 16),
        };
        Outcome::Accepted(Refined { x: self.x, y: self.y, layer: self.layer, nearest, scale, keypoint })
    }
}

/// The nearest integer, half to even; something as large where it is beyond 2^51. What the language has for it is a call where
/// the target has no instruction.
#[inline(always)]
fn rounded(value: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    value + SHIFT - SHIFT
}

impl Derivatives {
    fn at(space: &mut impl ScaleSpace, &Extremum { x, y, layer, .. }: &Extremum) -> Self {
        let (lowest, before) = (space.around(layer - 1, y, x), space.around(layer, y, x));
        let (after, highest) = (space.around(layer + 1, y, x), space.around(layer + 2, y, x));
        let around =
            [difference(&before, &lowest), difference(&after, &before), difference(&highest, &after)];
        let d = |layer: usize, row: usize, column: usize| around[layer][row][column];
        let (second, cross) = (GREY_SCALE, GREY_SCALE * 0.25);
        let value = d(1, 1, 1);
        let twice = value * 2.0;
        let slope = |after: f32, before: f32| (after - before) * (GREY_SCALE * 0.5);
        Self {
            value,
            gradient: [
                slope(d(1, 1, 2), d(1, 1, 0)),
                slope(d(1, 2, 1), d(1, 0, 1)),
                slope(d(2, 1, 1), d(0, 1, 1)),
            ],
            xx: (d(1, 1, 2) + d(1, 1, 0) - twice) * second,
            yy: (d(1, 2, 1) + d(1, 0, 1) - twice) * second,
            ss: (d(2, 1, 1) + d(0, 1, 1) - twice) * second,
            xy: (d(1, 2, 2) - d(1, 2, 0) - d(1, 0, 2) + d(1, 0, 0)) * cross,
            xs: (d(2, 1, 2) - d(2, 1, 0) - d(0, 1, 2) + d(0, 1, 0)) * cross,
            ys: (d(2, 2, 1) - d(2, 0, 1) - d(0, 2, 1) + d(0, 0, 1)) * cross,
        }
    }
}

for_each_isa! {
    /// Where the quadratic has its extremum, by Cramer's rule; nowhere else than here where it is degenerate.
    fn offset(at: &Derivatives) -> [f32; 3] = offset_body;
}

#[inline(always)]
fn offset_body(at: &Derivatives) -> [f32; 3] {
    let &Derivatives { xx, yy, ss, xy, xs, ys, gradient: [gx, gy, gs], .. } = at;
    // Minors that the determinant and the numerators have in common.
    let (yy_ss, xy_ss, xy_ys) = (minor(yy, ss, ys, ys), minor(xy, ss, xs, ys), minor(xy, ys, xs, yy));
    let determinant = xs.mul_add(xy_ys, minor(xx, yy_ss, xy, xy_ss));
    if determinant == 0.0 {
        return [0.0; 3];
    }
    let inverse = 1.0 / determinant;
    let (gy_ss, gy_ys, xy_gs) = (minor(gy, ss, ys, gs), minor(gy, ys, yy, gs), minor(xy, gs, gy, xs));
    let x = xs.mul_add(gy_ys, minor(gx, yy_ss, xy, gy_ss));
    let y = xs.mul_add(xy_gs, minor(xx, gy_ss, gx, xy_ss));
    // The minor of `yy` and `gs` is that of `gy` and `ys` with the other sign: GCC computes it once, so the same product is fused.
    let s = gx.mul_add(xy_ys, minor(xx, -gy_ys, xy, xy_gs));
    [-(inverse * x), -(inverse * y), -(inverse * s)]
}

/// `a * b - c * d`, of which the first product is not rounded.
#[inline(always)]
fn minor(a: f32, b: f32, c: f32, d: f32) -> f32 {
    a.mul_add(b, -(c * d))
}

/// What an extremum is accepted or rejected for.
struct Quality {
    /// Absolute, of grey levels from 0 to 1.
    contrast: f32,
    /// Whether the ratio of the principal curvatures is beyond the edge threshold.
    is_edge: bool,
}

for_each_isa! {
    /// That of the quadratic at its extremum.
    fn quality(at: &Derivatives, offset: [f32; 3], edge_threshold: f32) -> Quality = quality_body;
}

#[inline(always)]
fn quality_body(at: &Derivatives, [x, y, s]: [f32; 3], edge_threshold: f32) -> Quality {
    let &Derivatives { value, gradient: [dx, dy, ds], xx, yy, xy, .. } = at;
    let slope = ds.mul_add(s, dx * x + dy * y);
    let contrast = value.mul_add(GREY_SCALE, slope * 0.5).abs();
    let (trace, determinant) = (xx + yy, minor(xx, yy, xy, xy));
    let (edge, next) = (edge_threshold, edge_threshold + 1.0);
    let is_edge = determinant <= 0.0 || trace * trace * edge >= next * next * determinant;
    Quality { contrast, is_edge }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::around::{Around, is_flat};
    use crate::gaussian::Kernels;
    use crate::octave::{Reach, Source};
    use crate::upscale::Doubling;

    /// Levels of noise, and how often a sample's neighbours in a level were looked up.
    struct Noise {
        lookups: usize,
    }

    impl ScaleSpace for Noise {
        fn holds(&self, _: usize, _: usize, _: usize) -> bool {
            true
        }

        fn around(&mut self, level: usize, y: usize, x: usize) -> Around {
            self.lookups += 1;
            let sample = |y: usize, x: usize| {
                let place = ((level * 1_000 + y) * 1_000 + x) as u64;
                let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                ((mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 56) as f32
            };
            [y - 1, y, y + 1].map(|y| [x - 1, x, x + 1, x + 2].map(|x| sample(y, x)))
        }
    }

    /// Refinement without a thought for where an extremum comes from.
    fn plainly(mut extremum: Extremum, octave: &Octave<'_>, space: &mut Noise, params: &Params) -> Outcome {
        while extremum.steps < MAX_STEPS {
            let derivatives = Derivatives::at(space, &extremum);
            let offset = offset(octave.isa, &derivatives);
            if offset.iter().all(|offset| offset.abs() < 0.5) {
                return extremum.accept(octave, params, &derivatives, offset);
            }
            match extremum.moved(octave, params, offset) {
                Some(moved) => extremum = moved,
                None => return Outcome::Rejected,
            }
        }
        Outcome::Rejected
    }

    #[test]
    fn what_goes_to_and_fro_is_dropped_at_once_and_nothing_else() {
        let params = Params::default();
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, |_| 1);
        let source = Source::Image { grey: &[], width: 0, doubling: Doubling::new(&params) };
        let octave = Octave::first(source, (200, 200), &kernels, &reach);
        let (mut dropped_early, mut accepted) = (0, 0);
        for (y, x) in (BORDER..200 - BORDER).flat_map(|y| (BORDER..200 - BORDER).map(move |x| (y, x))) {
            let extremum = Extremum::new(x, y, 1 + (x + y) % 3);
            let [mut space, mut plain] = [0, 0].map(|lookups| Noise { lookups });
            let outcome = extremum.refine(&octave, &mut space, &params);
            let expected = plainly(extremum, &octave, &mut plain, &params);
            assert_eq!(format!("{outcome:?}"), format!("{expected:?}"), "row {y}, column {x}");
            assert!(space.lookups <= plain.lookups);
            dropped_early += usize::from(space.lookups < plain.lookups);
            accepted += usize::from(matches!(outcome, Outcome::Accepted(_)));
        }
        assert!(dropped_early > 100 && accepted > 100, "{dropped_early} and {accepted}");
    }

    /// Noise but for one layer, which is the same everywhere.
    struct FlatLayer {
        layer: usize,
        noise: Noise,
    }

    impl ScaleSpace for FlatLayer {
        fn holds(&self, _: usize, _: usize, _: usize) -> bool {
            true
        }

        fn around(&mut self, level: usize, y: usize, x: usize) -> Around {
            // Integers, so that differences are what they are meant to be.
            let lift = if level == self.layer + 1 { 40.0 } else { 0.0 };
            let level = if level == self.layer + 1 { self.layer } else { level };
            self.noise.around(level, y, x).map(|row| row.map(|sample| sample + lift))
        }
    }

    #[test]
    fn what_is_flat_in_its_layer_is_rejected_whatever_is_before_and_after() {
        let params = Params { contrast_threshold: 0.0, ..Params::default() };
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, |_| 1);
        let source = Source::Image { grey: &[], width: 0, doubling: Doubling::new(&params) };
        let octave = Octave::first(source, (200, 200), &kernels, &reach);
        for (y, x) in (BORDER..200 - BORDER).flat_map(|y| (BORDER..200 - BORDER).map(move |x| (y, x))) {
            let layer = 1 + (x + y) % 3;
            let mut space = FlatLayer { layer, noise: Noise { lookups: 0 } };
            let here = difference(&space.around(layer + 1, y, x), &space.around(layer, y, x));
            assert!(is_flat(&here));
            let outcome = Extremum::new(x, y, layer).refine(&octave, &mut space, &params);
            assert!(matches!(outcome, Outcome::Rejected), "row {y}, column {x}: {outcome:?}");
        }
    }

    #[test]
    fn the_nearest_sample_is_that_of_the_position_as_a_float() {
        let params = Params::default();
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, |_| 1);
        let source = Source::Image { grey: &[], width: 0, doubling: Doubling::new(&params) };
        let octave = Octave::first(source, (2_000, 2_000), &kernels, &reach);
        let round = Derivatives {
            value: 100.0,
            gradient: [0.0; 3],
            xx: -1.0,
            yy: -1.0,
            ss: -1.0,
            xy: 0.0,
            xs: 0.0,
            ys: 0.0,
        };
        let below_half = 0.5_f32.next_down();
        let nearest = |x: usize, y: usize, offset: f32| match Extremum::new(x, y, 1).accept(
            &octave,
            &params,
            &round,
            [offset, -offset, 0.0],
        ) {
            Outcome::Accepted(refined) => (refined.nearest.x, refined.nearest.y),
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest(1_001, 1_001, 0.499), (1_001, 1_001));
        // Half-way is 1001.5 and 1000.5, 1002.5 and 1001.5.
        assert_eq!(nearest(1_001, 1_001, below_half), (1_002, 1_000));
        assert_eq!(nearest(1_002, 1_002, below_half), (1_002, 1_002));
    }

    #[test]
    fn rounds_half_to_even() {
        let cases = [
            (0.5, 0.0),
            (1.5, 2.0),
            (2.5, 2.0),
            (-0.5, 0.0),
            (-1.5, -2.0),
            (-2.5, -2.0),
            (0.499, 0.0),
            (-3.501, -4.0),
        ];
        for (value, nearest) in cases {
            assert_eq!(rounded(value), nearest, "{value}");
        }
        assert!(
            rounded(1e30) > 1e29
                && rounded(f64::NEG_INFINITY) == f64::NEG_INFINITY
                && rounded(f64::NAN).is_nan()
        );
    }
}
