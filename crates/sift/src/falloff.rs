//! Gaussian weights by distance along one axis; that of a sample is the product of two.

use crate::float::{INTEGER, greater};
use crate::isa::for_each_isa;
use crate::ring::LINE;

/// `exp(exponent * d^2)` for distances from -radius to radius, and a line of zeros, kept from patch to patch.
#[derive(Debug, Default)]
pub(crate) struct Falloff {
    weights: Vec<f32>,
    radius: usize,
}

impl Falloff {
    /// Tabulates; `exponent` is negative.
    pub(crate) fn fill(&mut self, isa: crate::Isa, radius: usize, exponent: f32) {
        self.radius = radius;
        self.weights.clear();
        self.weights.resize(2 * radius + 1 + LINE, 0.0);
        let side = self.weights.get_mut(radius..=2 * radius).unwrap_or_default();
        tabulate(isa, exponent, side);
        for distance in 1..=radius {
            self.weights[radius - distance] = self.weights[radius + distance];
        }
    }

    /// Weights from a signed distance on.
    #[inline(always)]
    pub(crate) fn from(&self, distance: isize) -> &[f32] {
        &self.weights[(distance + self.radius as isize) as usize..]
    }
}

for_each_isa! {
    /// Weights of the distances 0, 1 and so on.
    fn tabulate(exponent: f32, out: &mut [f32]) = tabulate_body;
}

#[inline(always)]
fn tabulate_body(exponent: f32, out: &mut [f32]) {
    for (distance, weight) in (0u16..).zip(out) {
        let distance = f32::from(distance);
        *weight = exp(exponent * (distance * distance));
    }
}

/// `e^x` to within some units in the last place, for `x` up to 0: Cody and Waite's reduction to `2^n * e^r`, and the
/// Taylor series of `e^r` for `r` within half of `ln 2`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = greater(x, -87.0);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, INTEGER);
    let n = shifted - INTEGER;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let mut power: f32 = series[0];
    for coefficient in &series[1..] {
        power = power.mul_add(r, *coefficient);
    }
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    power * scale
}

#[cfg(test)]
mod tests {
    use super::{Falloff, exp};
    use crate::Isa;

    #[test]
    fn exponentials_are_within_some_units_in_the_last_place() {
        for i in 0..80_000 {
            let x = -(i as f32) / 1000.0;
            let exact = libm::exp(f64::from(x));
            let error = (f64::from(exp(x)) / exact - 1.0).abs();
            assert!(error < 5e-7, "exp({x}) is off by {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) < 1e-37);
    }

    #[test]
    fn weights_fall_off_to_both_sides() {
        let mut falloff = Falloff::default();
        falloff.fill(Isa::detect(), 2, -1.0);
        let weights = falloff.from(-2);
        assert_eq!(weights[2], 1.0);
        assert_eq!((weights[0], weights[1]), (weights[4], weights[3]));
        assert_eq!(falloff.from(1)[0], exp(-1.0));
        assert_eq!(weights[5..].len(), 16);
    }
}
