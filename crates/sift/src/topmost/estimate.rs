//! Estimates of the topmost level, from every second to fourth sample of as many rows of the level below.
//!
//! That level is smooth enough for it: how far an estimate can be from the level itself, whatever the image is, follows
//! from the kernels. Most of what looks like an extremum without the topmost level can thus be ruled out without it.

use std::ops::Range;

use super::MOST_LANES;
use crate::around::Around;
use crate::decimate::take_every;
use crate::gaussian::{Kernel, Kernels};
use crate::isa::{Isa, for_each_vector};
use crate::ring::{BLOCK, Ring};
use crate::vector::Vector;

/// How the topmost level is estimated.
#[derive(Debug, Clone)]
pub(crate) struct Estimator {
    /// Rows and columns from one sample that is taken to the next.
    step: usize,
    /// Samples along a row or a column that an estimate takes before the last that is not after the first of three
    /// neighbours.
    before: usize,
    /// All samples along a row or a column that estimates of three neighbours take.
    taken: usize,
    /// Their weights for a neighbour so many columns after one that is taken, and zeros up to a multiple of [`MOST_LANES`].
    weights: Vec<Vec<f32>>,
    /// The greatest distance of an estimate from the level itself, grey levels.
    error: f32,
}

/// Steps that are tried.
const STEPS: [usize; 3] = [4, 3, 2];

/// Estimates that may be this far off, in grey levels, are of no use: differences of levels are a few of them.
const TOO_FAR: f64 = 0.1;

/// The greatest grey level.
const WHITE: f64 = 255.0;

impl Estimator {
    /// `None` where few samples would not do.
    ///
    /// An estimate weighs the samples with every `step`th tap. It is off by what the difference of the two kernels gives for
    /// the level below, and that is a level 0 of grey levels from black to white blurred by all kernels before: at most half of
    /// white times the sum of the absolute taps of the difference so blurred, once along rows and once along columns.
    pub(crate) fn new(kernels: &Kernels) -> Option<Self> {
        let Kernels { levels, topmost, .. } = kernels;
        let below = levels.iter().map(taps).fold(vec![1.0], |blur, kernel| convolved(&blur, &kernel));
        let kernel = taps(topmost);
        // Every tap of every level is rounded, along rows and along columns, and so are sums.
        let rounded = levels.iter().chain([topmost]).map(|kernel| 2 * kernel.taps().len()).sum::<usize>();
        let rounding = rounded as f64 * WHITE * f64::from(f32::EPSILON);
        STEPS.into_iter().find_map(|step| {
            let error = |after| {
                let mut difference = thinned(&kernel, step, after);
                difference.iter_mut().zip(&kernel).for_each(|(thinned, tap)| *thinned -= tap);
                // Half of white, twice.
                WHITE * convolved(&difference, &below).iter().map(|tap| tap.abs()).sum::<f64>() + rounding
            };
            let errors: Vec<f64> = (0..step).map(error).collect();
            // Where no tap falls on a sample, it is no number and not near, either.
            let near = errors.iter().all(|error| *error <= TOO_FAR);
            near.then(|| Self::with_step(&kernel, step, errors.into_iter().fold(0.0, f64::max)))
        })
    }

    fn with_step(kernel: &[f64], step: usize, error: f64) -> Self {
        let radius = kernel.len() / 2;
        let before = radius / step;
        let taken = before + 1 + (radius + step + 1) / step;
        let weights = (0..step + 2).map(|after| {
            let thinned = thinned(kernel, step, after);
            let mut weights = vec![0.0; taken.next_multiple_of(MOST_LANES)];
            for (i, weight) in weights[..taken].iter_mut().enumerate() {
                // Tap `radius` is the neighbour's own.
                let tap = (i * step + radius).checked_sub(before * step + after);
                *weight = tap.and_then(|tap| thinned.get(tap)).map_or(0.0, |&tap| tap as f32);
            }
            weights
        });
        Self { step, before, taken, weights: weights.collect(), error: error as f32 }
    }

    /// Prepares for samples of a level of this size, of so many of its rows at a time.
    pub(super) fn reset(&self, samples: &mut Ring, (width, height): (usize, usize), rows: usize) {
        let size = (width.div_ceil(self.step), height.div_ceil(self.step));
        // Margins of whole vectors.
        let radius = self.taken.next_multiple_of(MOST_LANES) - 1;
        samples.reset(size, radius, rows.div_ceil(self.step) + BLOCK);
    }

    /// Takes samples of some rows of a level.
    pub(super) fn take(&self, isa: Isa, samples: &mut Ring, level: &Ring, rows: Range<usize>) {
        for y in rows.start.div_ceil(self.step)..rows.end.div_ceil(self.step) {
            take_every(isa, self.step, level.row(y * self.step), samples.row_mut(y));
        }
    }

    /// Rows and columns around a sample within which the kernel and all that is taken lie.
    fn reach(&self) -> usize {
        (self.before + 2) * self.step
    }

    /// Whether the topmost level less `below` is surely further from zero, in the direction of `value`, than that at a
    /// sample, given by its row and column, or a neighbour. Nothing is sure where the kernel reaches beyond an edge.
    pub(super) fn exceeds(
        &self,
        isa: Isa,
        (samples, (width, height)): (&Ring, (usize, usize)),
        (y, x): (usize, usize),
        below: &Around,
        value: f32,
    ) -> bool {
        let reach = self.reach();
        let mut exceeds = false;
        if x.min(y) >= reach && x + reach < width && y + reach < height {
            compare(isa, self, samples, (y - 1, x - 1), below, value, &mut exceeds);
        }
        exceeds
    }
}

fn taps(kernel: &Kernel) -> Vec<f64> {
    kernel.taps().iter().map(|&tap| f64::from(tap)).collect()
}

/// A kernel with only those taps that fall on samples that are taken, for a neighbour `after` samples after such a one.
fn thinned(kernel: &[f64], step: usize, after: usize) -> Vec<f64> {
    let radius = kernel.len() / 2;
    let falls = |tap: usize| (tap + after + step * radius - radius).is_multiple_of(step);
    let sum: f64 = kernel.iter().enumerate().filter(|(tap, _)| falls(*tap)).map(|(_, weight)| weight).sum();
    kernel.iter().enumerate().map(|(tap, weight)| if falls(tap) { weight / sum } else { 0.0 }).collect()
}

fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, a) in a.iter().enumerate() {
        out[i..].iter_mut().zip(b).for_each(|(out, b)| *out += a * b);
    }
    out
}

for_each_vector! {
    fn compare(
        estimator: &Estimator,
        samples: &Ring,
        first: (usize, usize),
        below: &Around,
        value: f32,
        exceeds: &mut bool,
    ) = compare_body;
}

/// `first` is the neighbour above and before.
#[inline(always)]
fn compare_body<V: Vector>(
    estimator: &Estimator,
    samples: &Ring,
    (y, x): (usize, usize),
    below: &Around,
    value: f32,
    exceeds: &mut bool,
) {
    let Estimator { step, before, taken, error, .. } = *estimator;
    let (row, column) = (y / step - before, x / step - before);
    let (above, beside) = (&estimator.weights[y % step..][..3], &estimator.weights[x % step..][..3]);
    let mut totals = [V::splat(0.0); 3];
    for start in (0..taken).step_by(V::LANES) {
        let mut across = [V::splat(0.0); 3];
        for i in 0..taken {
            let samples = V::load(samples.row_from(row + i, column + start));
            for (across, weights) in across.iter_mut().zip(above) {
                *across = V::splat(weights[i]).mul_add(samples, *across);
            }
        }
        for (total, across) in totals.iter_mut().zip(across) {
            let mut products = [V::splat(0.0); 4];
            for (product, weights) in products.iter_mut().zip(beside) {
                *product = across.mul(V::load(&weights[start..]));
            }
            for column in V::transpose_fours(products) {
                *total = total.add(column);
            }
        }
    }
    let (sign, limit) = (1.0_f32.copysign(value), value.abs() + error);
    for (below, total) in below.iter().zip(totals) {
        let mut sums = [0.0; MOST_LANES];
        total.store(&mut sums);
        for (i, below) in below[..3].iter().enumerate() {
            let topmost = (sums[i] + sums[4 + i]) + (sums[8 + i] + sums[12 + i]);
            *exceeds |= sign * (topmost - below) > limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::gaussian::Kernels;
    use crate::reflect::reflect_101;

    const WIDTH: usize = 121;
    const HEIGHT: usize = 117;

    fn blurred(level: &[f32], kernel: &Kernel) -> Vec<f32> {
        let radius = kernel.radius() as isize;
        let sum = |at: &dyn Fn(isize) -> f32| {
            let taps = kernel.taps().iter().zip(-radius..);
            taps.map(|(tap, i)| f64::from(*tap) * f64::from(at(i))).sum::<f64>() as f32
        };
        let places = || (0..HEIGHT * WIDTH).map(|at| (at / WIDTH, at % WIDTH));
        let along = |(y, x): (usize, usize)| sum(&|i| level[y * WIDTH + reflect_101(x as isize + i, WIDTH)]);
        let along: Vec<f32> = places().map(along).collect();
        let across =
            |(y, x): (usize, usize)| sum(&|i| along[reflect_101(y as isize + i, HEIGHT) * WIDTH + x]);
        places().map(across).collect()
    }

    /// Black and white: noise, steps, stripes of some periods and their products.
    fn images() -> Vec<Vec<f32>> {
        let mut state = 1_u64;
        let mut noise = |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 63 == 0
        };
        let image = |white: &mut dyn FnMut(usize, usize) -> bool| {
            let places = (0..HEIGHT * WIDTH).map(|at| (at / WIDTH, at % WIDTH));
            places.map(|(y, x)| if white(y, x) { 255.0 } else { 0.0 }).collect()
        };
        let mut images = vec![image(&mut noise), image(&mut |y, x| x > 60 && y > 50)];
        for period in [5, 8, 11, 14, 20] {
            images.push(image(&mut |_, x| x % period < period / 2));
            images.push(image(&mut |y, x| (x % period < period / 2) != (y % period < period / 2)));
        }
        images
    }

    #[test]
    fn estimates_are_as_near_as_they_say() {
        for octave_layers in 1..=8 {
            let kernels = Kernels::new(&Params { octave_layers, ..Params::default() });
            let estimator = Estimator::new(&kernels).unwrap();
            for image in images() {
                let below = kernels.levels.iter().fold(image, |level, kernel| blurred(&level, kernel));
                let topmost = blurred(&below, &kernels.topmost);
                let (mut level, mut samples) = (Ring::default(), Ring::default());
                level.reset((WIDTH, HEIGHT), 0, HEIGHT);
                for (y, row) in below.chunks_exact(WIDTH).enumerate() {
                    level.row_mut(y).copy_from_slice(row);
                }
                estimator.reset(&mut samples, (WIDTH, HEIGHT), HEIGHT);
                estimator.take(Isa::detect(), &mut samples, &level, 0..HEIGHT);
                let reach = estimator.reach();
                let places = (reach..HEIGHT - reach)
                    .step_by(5)
                    .flat_map(|y| (reach..WIDTH - reach).map(move |x| (y, x)));
                for (y, x) in places {
                    let rows = [y - 1, y, y + 1].map(|y| &topmost[y * WIDTH + x - 1..][..3]);
                    let around = rows.into_iter().flatten().copied();
                    let (greatest, least) =
                        around.fold((0.0, 255.0), |(a, b), sample| (sample.max(a), sample.min(b)));
                    for isa in Isa::each() {
                        let exceeds = |below: f32, value: f32| {
                            let below = [[below; 4]; 3];
                            estimator.exceeds(isa, (&samples, (WIDTH, HEIGHT)), (y, x), &below, value)
                        };
                        let error = estimator.error;
                        let name = format!("{octave_layers} layers, {isa:?}, row {y}, column {x}");
                        // Differences from a level far below all are positive, from one far above negative.
                        assert!(!exceeds(-300.0, greatest + 300.0), "{name}");
                        assert!(exceeds(-300.0, greatest + 300.0 - 2.1 * error), "{name}");
                        assert!(!exceeds(600.0, least - 600.0), "{name}");
                        assert!(exceeds(600.0, least - 600.0 + 2.1 * error), "{name}");
                    }
                }
            }
        }
    }

    /// The worst image there is for a sample has white where the taps of the difference in both directions are positive.
    #[test]
    fn no_image_is_worse_than_the_error_says() {
        for octave_layers in [1, 2, 3, 4, 5, 8] {
            let kernels = Kernels::new(&Params { octave_layers, ..Params::default() });
            let Estimator { step, error, .. } = Estimator::new(&kernels).unwrap();
            let below =
                kernels.levels.iter().map(taps).fold(vec![1.0], |blur, kernel| convolved(&blur, &kernel));
            let kernel = taps(&kernels.topmost);
            let exact = convolved(&kernel, &below);
            let estimates: Vec<_> =
                (0..step).map(|after| convolved(&thinned(&kernel, step, after), &below)).collect();
            let mut worst = 0.0_f64;
            for (down, along) in
                estimates.iter().flat_map(|down| estimates.iter().map(move |along| (down, along)))
            {
                let rows = down.iter().zip(&exact);
                let differences =
                    rows.flat_map(|(a, b)| along.iter().zip(&exact).map(move |(c, d)| a * c - b * d));
                worst = worst.max(WHITE / 2.0 * differences.map(f64::abs).sum::<f64>());
            }
            assert!(worst <= f64::from(error), "{octave_layers} layers: {worst} and {error}");
            assert!(f64::from(error) <= 2.0 * worst + 0.05, "{octave_layers} layers: {worst} and {error}");
        }
    }

    #[test]
    fn nothing_is_sure_where_the_kernel_reaches_beyond_an_edge() {
        let kernels = Kernels::new(&Params::default());
        let estimator = Estimator::new(&kernels).unwrap();
        let (mut level, mut samples) = (Ring::default(), Ring::default());
        level.reset((WIDTH, HEIGHT), 0, HEIGHT);
        (0..HEIGHT).for_each(|y| level.row_mut(y).fill(100.0));
        estimator.reset(&mut samples, (WIDTH, HEIGHT), HEIGHT);
        estimator.take(Isa::detect(), &mut samples, &level, 0..HEIGHT);
        let is_sure = |y, x| {
            estimator.exceeds(Isa::detect(), (&samples, (WIDTH, HEIGHT)), (y, x), &Around::default(), 50.0)
        };
        let radius = kernels.topmost.radius();
        assert!(is_sure(HEIGHT / 2, WIDTH / 2));
        for (y, x) in [(radius, 60), (60, radius), (HEIGHT - 1 - radius, 60), (60, WIDTH - 1 - radius)] {
            assert!(!is_sure(y, x), "row {y}, column {x}");
        }
    }

    #[test]
    fn a_step_is_as_wide_as_the_kernels_allow() {
        let step = |sigma, octave_layers| {
            let params = Params { sigma, octave_layers, ..Params::default() };
            Estimator::new(&Kernels::new(&params)).map(|estimator| estimator.step)
        };
        assert_eq!([1, 2, 3, 4, 5, 8].map(|layers| step(1.6, layers)), [4, 4, 3, 3, 2, 2].map(Some));
        assert_eq!(step(1.6, 10), None);
        // Of the last one, all taps but one vanish, and some neighbours would have no sample at all.
        for (sigma, octave_layers) in [(0.5, 8), (0.15, 32)] {
            assert_eq!(step(sigma, octave_layers), None, "sigma {sigma}");
        }
    }
}
