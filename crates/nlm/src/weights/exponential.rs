//! A table of weights as an exponential in single precision.

use super::Weights;

/// `2^(slope * index)` times the largest weight, rounded to the nearest even: the weight at that index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exponential {
    pub(crate) slope: f32,
    /// Of `2^x` times the largest weight for `x` from -0.5 to 0.5, highest power first.
    pub(crate) coefficients: [f32; 6],
    /// Weights are zero from this index on.
    pub(crate) end: u16,
}

/// Added and taken away again, this rounds a number of magnitude below 2^22 to the nearest integer, which stands in the
/// low bits of the sum meanwhile.
pub(crate) const ROUNDING: f32 = 12_582_912.0;

/// The polynomial of degree 5 nearest to `2^x` from -0.5 to 0.5, within 7.5e-8 of it (relative).
const EXP2: [f64; 6] = [
    1.327_647_178_156_29e-3,
    9.675_541_332_769_216e-3,
    5.550_713_274_150_626e-2,
    2.402_211_972_388_185e-1,
    6.931_469_670_643_615e-1,
    1.000_000_071_654_671_8,
];

impl Exponential {
    /// Finds constants that give every weight of the table exactly; `None` where none of those tried do.
    pub(crate) fn new(weights: &Weights) -> Option<Self> {
        let table = weights.nonzero();
        let end = i16::try_from(table.len()).ok()? as u16;
        let largest = table.first().copied().filter(|&largest| i16::try_from(largest).is_ok())?;
        let slope = (-weights.decay() * std::f64::consts::LOG2_E) as f32;
        // Both constants a few units of the last place up or down, nearest first.
        let nudges = || (0..12i32).map(|i| if i % 2 == 0 { i / 2 } else { -(i / 2) - 1 });
        let candidates = nudges().flat_map(|slope| nudges().map(move |scale| (slope, scale)));
        candidates
            .map(|(slope_nudge, scale_nudge)| {
                let scale = f64::from(largest) * (1.0 + f64::from(scale_nudge) * 2f64.powi(-25));
                let slope = f32::from_bits(slope.to_bits().wrapping_add_signed(slope_nudge));
                Self { slope, coefficients: EXP2.map(|coefficient| (coefficient * scale) as f32), end }
            })
            .find(|candidate| {
                (0..).zip(table).all(|(index, &weight)| candidate.weight(index) == weight as i32)
            })
    }

    /// The weight at an index below [`end`](Self::end): what the vector kernels compute, operation by operation.
    fn weight(&self, index: u16) -> i32 {
        let index = f32::from(index);
        let rounded = index.mul_add(self.slope, ROUNDING);
        let whole = rounded - ROUNDING;
        let fraction = index.mul_add(self.slope, -whole);
        let [first, rest @ ..] = self.coefficients;
        let power = rest.iter().fold(first, |power, &coefficient| power.mul_add(fraction, coefficient));
        f32::from_bits(power.to_bits().wrapping_add(rounded.to_bits() << 23)).round_ties_even() as i32
    }
}
