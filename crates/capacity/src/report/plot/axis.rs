use crate::report::Scale;

/// Numbers on an axis, about.
const TICKS: f64 = 6.0;

/// From a value to a place in the picture.
#[derive(Debug)]
pub(super) struct Axis {
    scale: Scale,
    /// Scaled.
    least: f64,
    most: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// With room for all of these values, from `start` to `end`.
    pub(super) fn of(values: impl Iterator<Item = f64>, scale: Scale, start: f64, end: f64) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            let value = scaled(value, scale);
            least = least.min(value);
            most = most.max(value);
        }
        if scale == Scale::Linear {
            least = least.min(0.0);
        }
        let most = if most > least { most } else { least + 1.0 };
        Self { scale, least, most, start, end }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (scaled(value, self.scale) - self.least) / (self.most - self.least);
        self.start + share * (self.end - self.start)
    }

    /// Round values between the ends.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.steps(),
            Scale::Logarithmic => self.powers(),
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
        let within = |value: &f64| {
            let value = scaled(*value, self.scale);
            value >= self.least - 1e-9 && value <= self.most + 1e-9
        };
        values.filter(within).collect()
    }
}

fn scaled(value: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], scale: Scale) -> Vec<f64> {
        Axis::of(values.iter().copied(), scale, 0.0, 1.0).ticks()
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(&[3.0, 29.5], Scale::Linear), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(ticks(&[7.0], Scale::Linear), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ticks(&[0.0, 0.0], Scale::Linear), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(&[1.0, 64.0], Scale::Logarithmic), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(ticks(&[500.0, 1e6], Scale::Logarithmic), [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(ticks(&[120.0, 400.0], Scale::Logarithmic), [150.0, 200.0, 300.0]);
    }

    #[test]
    fn ends_are_the_ends() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let axis = Axis::of([1.0, 10.0].into_iter(), scale, 70.0, 600.0);
            assert!((axis.place(10.0) - 600.0).abs() < 1e-9);
        }
        let axis = Axis::of([1.0, 100.0].into_iter(), Scale::Logarithmic, 0.0, 1.0);
        assert!((axis.place(10.0) - 0.5).abs() < 1e-9);
    }
}
