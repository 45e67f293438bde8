//! From values to places on an axis.

use serde::Serialize;

/// How the values of an axis become places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// From zero, or the least if that is below.
    Linear,
    /// By powers of ten; values that are not above zero have no place.
    Logarithmic,
    /// Shares below one: by how small a part is left over, so that 0.9, 0.99 and 0.999 are at equal distances. What is more than
    /// 0.999999 is there.
    Nines,
}

/// Numbers on an axis, about.
const TICKS: f64 = 6.0;

/// The least part that is left over of a share.
const LEAST_LEFT: f64 = 1e-6;

/// Shares that are marked.
const SHARES: [f64; 8] = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];

/// An axis from its least to its greatest value, drawn from one place to another.
#[derive(Debug)]
pub(crate) struct Span {
    scale: Scale,
    /// Scaled.
    least: f64,
    most: f64,
    start: f64,
    end: f64,
}

impl Span {
    /// With room for all of these values, from `start` to `end`.
    pub(crate) fn around(values: impl Iterator<Item = f64>, scale: Scale, start: f64, end: f64) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            let value = scale.scaled(value);
            least = least.min(value);
            most = most.max(value);
        }
        if scale != Scale::Logarithmic {
            least = least.min(0.0);
        }
        let most = if most > least { most } else { least + 1.0 };
        Self { scale, least, most, start, end }
    }

    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = (self.scale.scaled(value) - self.least) / (self.most - self.least);
        self.start + share * (self.end - self.start)
    }

    /// Round values between the ends.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.steps(),
            Scale::Logarithmic => self.powers(),
            Scale::Nines => SHARES.into_iter().filter(|share| self.has_room_for(*share)).collect(),
        }
    }

    fn steps(&self) -> Vec<f64> {
        let rough = (self.most - self.least) / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let rounded = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = rounded.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let first = (self.least / step).ceil() as i64;
        let last = (self.most / step).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }

    /// Powers of ten, and values between them where they are few.
    fn powers(&self) -> Vec<f64> {
        let factors: &[f64] = match self.most - self.least {
            decades if decades < 1.0 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            decades if decades < 3.0 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let powers = self.least.floor() as i32..=self.most.ceil() as i32;
        let values = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
        values.filter(|value| self.has_room_for(*value)).collect()
    }

    fn has_room_for(&self, value: f64) -> bool {
        let value = self.scale.scaled(value);
        value >= self.least - 1e-9 && value <= self.most + 1e-9
    }
}

impl Scale {
    /// Whether a value has a place.
    pub(crate) fn places(self, value: f64) -> bool {
        value.is_finite() && (self != Self::Logarithmic || value > 0.0)
    }

    fn scaled(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.log10(),
            Self::Nines => -(1.0 - value).max(LEAST_LEFT).log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], scale: Scale) -> Vec<f64> {
        Span::around(values.iter().copied(), scale, 0.0, 1.0).ticks()
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(&[3.0, 29.5], Scale::Linear), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(ticks(&[7.0], Scale::Linear), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ticks(&[0.0, 0.0], Scale::Linear), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(&[1.0, 64.0], Scale::Logarithmic), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(ticks(&[500.0, 1e6], Scale::Logarithmic), [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(ticks(&[120.0, 400.0], Scale::Logarithmic), [150.0, 200.0, 300.0]);
        assert_eq!(ticks(&[0.5, 0.995], Scale::Nines), [0.0, 0.5, 0.9, 0.99]);
    }

    #[test]
    fn ends_are_the_ends() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let span = Span::around([1.0, 10.0].into_iter(), scale, 70.0, 600.0);
            assert!((span.place(10.0) - 600.0).abs() < 1e-9);
        }
        let span = Span::around([1.0, 100.0].into_iter(), Scale::Logarithmic, 0.0, 1.0);
        assert!((span.place(10.0) - 0.5).abs() < 1e-9);
        let span = Span::around([0.0, 0.9999].into_iter(), Scale::Nines, 0.0, 4.0);
        assert!((span.place(0.99) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn whatever_the_values_there_are_places_and_ticks() {
        for scale in [Scale::Linear, Scale::Logarithmic, Scale::Nines] {
            for values in [&[0.5][..], &[0.3, 0.3], &[0.3, 0.9]] {
                let span = Span::around(values.iter().copied(), scale, 0.0, 1.0);
                for value in values {
                    assert!((0.0..=1.0).contains(&span.place(*value)), "{scale:?} {values:?} {value}");
                }
                assert!(!span.ticks().is_empty(), "{scale:?} {values:?}");
            }
        }
    }
}
