/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero.
    Linear,
    /// Over powers of ten.
    Logarithmic,
    /// Shares below one: by how small a part is left over, so that 0.9, 0.99 and 0.999 are at equal distances.
    Nines,
}

/// One of the two directions of a chart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) unit: &'static str,
    scale: Scale,
    /// Scaled.
    least: f64,
    most: f64,
}

/// A value that is marked, and its text.
pub(super) type Tick = (f64, String);

/// Values are at least this on scales that have no zero.
const LEAST: f64 = 1e-6;

impl Axis {
    pub(super) fn new(unit: &'static str, scale: Scale) -> Self {
        Self { unit, scale, least: 0.0, most: 1.0 }
    }

    /// The axis that has room for all of these values.
    pub(super) fn around(mut self, values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.map(|value| self.scaled(value)) {
            least = least.min(value);
            most = most.max(value);
        }
        if least > most {
            return self;
        }
        (self.least, self.most) = match self.scale {
            Scale::Linear => (0.0, if most > 0.0 { most * 1.05 } else { 1.0 }),
            Scale::Logarithmic => (least.floor(), most.ceil().max(least.floor() + 1.0)),
            Scale::Nines => (0.0, most.max(1.0)),
        };
        self
    }

    /// Where a value lies between the ends: 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        ((self.scaled(value) - self.least) / (self.most - self.least)).clamp(0.0, 1.0)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        match self.scale {
            Scale::Linear => self.steps(),
            Scale::Logarithmic => self.powers(),
            Scale::Nines => {
                let shares = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
                let within = shares.into_iter().filter(|share| self.scaled(*share) <= self.most);
                within.map(|share| (share, format!("{share}"))).collect()
            }
        }
    }

    /// Powers of ten, and what lies between where they are few.
    fn powers(&self) -> Vec<Tick> {
        let factors: &[f64] = if self.most - self.least <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (self.least as i32)..=(self.most as i32);
        let values = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
        let within = values.filter(|value| self.scaled(*value) <= self.most);
        within.map(|value| (value, format!("{value}"))).collect()
    }

    /// Some six round values.
    fn steps(&self) -> Vec<Tick> {
        let rough = self.most / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power);
        let step = round.into_iter().find(|step| *step >= rough).unwrap_or(self.most);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let count = (self.most / step).floor() as u32;
        (0..=count)
            .map(|number| f64::from(number) * step)
            .map(|at| (at, format!("{at:.decimals$}")))
            .collect()
    }

    fn scaled(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(LEAST).log10(),
            Scale::Nines => -(1.0 - value).max(LEAST).log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round() {
        let linear = Axis::new("", Scale::Linear).around([3.0, 29.5].into_iter());
        assert_eq!(texts(&linear), ["0", "10", "20", "30"]);
        let small = Axis::new("", Scale::Linear).around([0.29].into_iter());
        assert_eq!(texts(&small), ["0.0", "0.1", "0.2", "0.3"]);
        let logarithmic = Axis::new("", Scale::Logarithmic).around([0.7, 130.0].into_iter());
        assert_eq!(texts(&logarithmic), ["0.1", "1", "10", "100", "1000"]);
        let decade = Axis::new("", Scale::Logarithmic).around([0.1, 0.9].into_iter());
        assert_eq!(texts(&decade), ["0.1", "0.2", "0.5", "1"]);
        let nines = Axis::new("", Scale::Nines).around([0.5, 0.995].into_iter());
        assert_eq!(texts(&nines), ["0", "0.5", "0.9", "0.99"]);
    }

    #[test]
    fn whatever_the_values_places_lie_within() {
        for scale in [Scale::Linear, Scale::Logarithmic, Scale::Nines] {
            for values in [&[][..], &[0.0], &[0.0, 0.0], &[1.0, 1.0], &[0.3, 0.9]] {
                let axis = Axis::new("", scale).around(values.iter().copied());
                for value in [-1.0, 0.0, 0.5, 1.0, 1e9] {
                    assert!((0.0..=1.0).contains(&axis.place(value)), "{scale:?} {values:?} {value}");
                }
                assert!(!axis.ticks().is_empty());
            }
        }
    }
}
