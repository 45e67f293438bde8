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

/// Of powers of ten: what a logarithmic axis begins and ends at, so that it always has two numbers.
const FACTORS: [f64; 6] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0];

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
            least = least.min(value);
            most = most.max(value);
        }
        let (least, most) = match scale {
            Scale::Linear => (least.min(0.0), most.max(0.0)),
            Scale::Nines => (least.min(0.0), most.max(0.9)),
            Scale::Logarithmic => (rounded_down(least), rounded_up(most)),
        };
        let (least, most) = (scale.scaled(least), scale.scaled(most));
        // Where there is but one value, and it is zero or has no neighbours, it is at the beginning.
        let most = if most - least >= f64::MIN_POSITIVE { most } else { least + 1.0 };
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
        let (first, last) = ((self.least / step).ceil(), (self.most / step).floor());
        // As many as are asked for, or twice that where zero lies between.
        (0..=2 * TICKS as i32)
            .map(|number| first + f64::from(number))
            .filter(|at| *at <= last)
            .map(|at| at * step)
            .collect()
    }

    /// Powers of ten, and values between them where they are few.
    fn powers(&self) -> Vec<f64> {
        let factors: &[f64] = match self.most - self.least {
            decades if decades < 1.0 => &FACTORS,
            decades if decades < 3.0 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let powers = self.least.floor() as i32..=self.most.ceil() as i32;
        let each = ((self.most - self.least) / (2.0 * TICKS)).ceil() as usize;
        let values = powers
            .step_by(each.max(1))
            .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
        values.filter(|value| self.has_room_for(*value)).collect()
    }

    fn has_room_for(&self, value: f64) -> bool {
        let value = self.scale.scaled(value);
        value >= self.least - 1e-9 && value <= self.most + 1e-9
    }
}

/// The greatest of the [`FACTORS`] of a power of ten that is not more than this.
fn rounded_down(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    FACTORS
        .into_iter()
        .map(|factor| factor * power)
        .rfind(|round| *round > 0.0 && *round <= value)
        .unwrap_or(value)
}

/// The least of them that is not less.
fn rounded_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    FACTORS
        .into_iter()
        .chain([10.0])
        .map(|factor| factor * power)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

impl Scale {
    /// Whether a value has a place.
    pub(crate) fn places(self, value: f64) -> bool {
        value.is_finite() && (self != Self::Logarithmic || value >= f64::MIN_POSITIVE)
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
        assert_eq!(ticks(&[-30.0, 30.0], Scale::Linear), [-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0]);
        assert_eq!(ticks(&[1.0, 64.0], Scale::Logarithmic), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(ticks(&[500.0, 1e6], Scale::Logarithmic), [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(ticks(&[120.0, 400.0], Scale::Logarithmic), [100.0, 150.0, 200.0, 300.0, 500.0]);
        assert_eq!(ticks(&[33.0, 45.0], Scale::Logarithmic), [30.0, 50.0]);
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
    fn whatever_the_values_they_have_places_and_there_are_two_numbers() {
        let least = f64::MIN_POSITIVE;
        for scale in [Scale::Linear, Scale::Logarithmic, Scale::Nines] {
            let sets =
                [&[0.5][..], &[0.3, 0.3], &[0.31, 0.45], &[0.105, 0.14], &[least], &[1e-300, 0.9], &[0.999]];
            let greater = [&[105.0, 140.0][..], &[1.6, 1.9], &[1e9, 1e9 + 1.0], &[1e300, 1e308], &[4e18]];
            let greater = if scale == Scale::Nines { &[] } else { &greater[..] };
            for values in sets.iter().chain(greater) {
                let span = Span::around(values.iter().copied(), scale, 0.0, 1.0);
                for value in *values {
                    assert!((0.0..=1.0).contains(&span.place(*value)), "{scale:?} {values:?} {value}");
                }
                assert!((2..20).contains(&span.ticks().len()), "{scale:?} {values:?}: {:?}", span.ticks());
            }
        }
    }
}
