use serde::{Deserialize, Serialize};

/// Shares at which quantiles are kept: enough to draw from, and finer where refusals and 99 % bounds are decided.
const SHARES: [f64; 27] = [
    0.0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 1.0,
];

/// Measured times: moments and quantiles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// How many were measured. At least 1.
    pub n: u64,
    /// Mean, s.
    pub mean: f64,
    /// Variance, s².
    pub variance: f64,
    /// Quantiles, ascending from share 0 (the least) to share 1 (the greatest).
    pub quantiles: Vec<Quantile>,
}

/// A point of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// Share of times that are at most as long, 0 to 1.
    pub share: f64,
    /// The time, s.
    pub seconds: f64,
}

impl Distribution {
    /// Of measured times in seconds, in any order. None if there are none, or one of them is not finite or below 0.
    ///
    /// Quantiles are those of Hyndman and Fan's type 7 (*Sample quantiles in statistical packages*, 1996): linear between
    /// order statistics, so that share 0 and 1 are the extremes.
    ///
    /// ```
    /// use capacity::profile::Distribution;
    ///
    /// let times = Distribution::of(&[0.3, 0.1, 0.2]).ok_or("no times")?;
    /// assert!((times.mean - 0.2).abs() < 1e-12);
    /// assert!((times.variance - 0.01).abs() < 1e-12);
    /// assert!((times.quantile(0.5) - 0.2).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of(seconds: &[f64]) -> Option<Self> {
        let valid = seconds.iter().all(|seconds| seconds.is_finite() && *seconds >= 0.0);
        if seconds.is_empty() || !valid {
            return None;
        }
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let squares: f64 = sorted.iter().map(|seconds| (seconds - mean).powi(2)).sum();
        let quantiles = SHARES
            .iter()
            .map(|&share| Quantile { share, seconds: order_statistic(&sorted, share) })
            .collect();
        Some(Self { n: sorted.len() as u64, mean, variance: squares / (n - 1.0).max(1.0), quantiles })
    }

    /// One time, always the same.
    pub fn constant(seconds: f64) -> Self {
        let quantiles = vec![Quantile { share: 0.0, seconds }, Quantile { share: 1.0, seconds }];
        Self { n: 1, mean: seconds, variance: 0.0, quantiles }
    }

    /// The time that a share of all times does not exceed, linear between the quantiles that are known.
    pub fn quantile(&self, share: f64) -> f64 {
        let next = self.quantiles.partition_point(|quantile| quantile.share < share);
        let upper = self.quantiles.get(next).or(self.quantiles.last());
        let lower = next.checked_sub(1).and_then(|index| self.quantiles.get(index)).or(upper);
        let (Some(lower), Some(upper)) = (lower, upper) else { return self.mean };
        let span = upper.share - lower.share;
        if span <= 0.0 {
            return upper.seconds;
        }
        lower.seconds + (upper.seconds - lower.seconds) * (share - lower.share) / span
    }

    /// What times between the quantiles are multiplied by for their mean to be the measured one: lines between quantiles
    /// are not quite the distribution.
    pub(crate) fn interpolation_scale(&self) -> f64 {
        let mut mean = 0.0;
        for (a, b) in self.quantiles.iter().zip(self.quantiles.iter().skip(1)) {
            mean += (b.share - a.share) * (a.seconds + b.seconds) / 2.0;
        }
        if mean > 0.0 { self.mean / mean } else { 1.0 }
    }

    /// Variance of lines between the quantiles, s².
    pub(crate) fn interpolated_variance(&self) -> f64 {
        let (mut mean, mut square) = (0.0, 0.0);
        for (a, b) in self.quantiles.iter().zip(self.quantiles.iter().skip(1)) {
            let (from, to) = (a.seconds, b.seconds);
            mean += (b.share - a.share) * (from + to) / 2.0;
            square += (b.share - a.share) * (from * from + from * to + to * to) / 3.0;
        }
        (square - mean * mean).max(0.0)
    }

    /// Squared coefficient of variation: variance / mean². 0 for constant times, 1 for exponential ones.
    pub fn scv(&self) -> f64 {
        if self.mean > 0.0 { self.variance / (self.mean * self.mean) } else { 0.0 }
    }

    /// Between this (a `share` of 0) and another (1), quantile by quantile.
    pub(crate) fn towards(&self, other: &Self, share: f64) -> Self {
        let between = |a: f64, b: f64| a + (b - a) * share;
        let mut shares: Vec<f64> =
            [self, other].iter().flat_map(|times| times.quantiles.iter().map(|at| at.share)).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        let quantile =
            |share: f64| Quantile { share, seconds: between(self.quantile(share), other.quantile(share)) };
        let quantiles = shares.into_iter().map(quantile).collect();
        let mean = between(self.mean, other.mean);
        let mut whole = Self { n: self.n.min(other.n), mean, variance: 0.0, quantiles };
        whole.variance = whole.interpolated_variance();
        whole
    }

    /// Every time multiplied by a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let scaled = |quantile: &Quantile| Quantile { seconds: quantile.seconds * factor, ..*quantile };
        Self {
            n: self.n,
            mean: self.mean * factor,
            variance: self.variance * factor * factor,
            quantiles: self.quantiles.iter().map(scaled).collect(),
        }
    }
}

/// Linear between the two order statistics around the share.
fn order_statistic(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor() as usize;
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or(0.0);
    at(below) + (at(below + 1) - at(below)) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_time_has_no_distribution() {
        assert_eq!(Distribution::of(&[]), None);
        assert_eq!(Distribution::of(&[1.0, f64::NAN]), None);
        assert_eq!(Distribution::of(&[1.0, -1.0]), None);
    }

    #[test]
    fn a_constant_has_no_variation() {
        let constant = Distribution::constant(0.25);
        assert_eq!((constant.quantile(0.0), constant.quantile(0.7), constant.scv()), (0.25, 0.25, 0.0));
        assert_eq!(Distribution::of(&[0.25]).unwrap().quantiles.len(), SHARES.len());
    }

    #[test]
    fn between_two_is_between_their_quantiles() {
        let (few, many) = (Distribution::of(&[1.0, 2.0, 3.0]).unwrap(), Distribution::constant(6.0));
        let half = few.towards(&many, 0.5);
        assert_eq!(
            (half.mean, half.quantile(0.0), half.quantile(0.5), half.quantile(1.0)),
            (4.0, 3.5, 4.0, 4.5)
        );
        assert_eq!(few.towards(&many, 0.0).quantile(0.75), few.quantile(0.75));
    }

    proptest! {
        #[test]
        fn quantiles_ascend_from_the_least_to_the_greatest(times in prop::collection::vec(0.0..9.0, 1..200)) {
            let distribution = Distribution::of(&times).unwrap();
            let least = times.iter().copied().fold(f64::INFINITY, f64::min);
            let greatest = times.iter().copied().fold(0.0, f64::max);
            prop_assert_eq!(distribution.quantile(0.0), least);
            prop_assert_eq!(distribution.quantile(1.0), greatest);
            let read: Vec<f64> = (0..=100).map(|percent| distribution.quantile(f64::from(percent) / 100.0)).collect();
            prop_assert!(read.is_sorted());
            prop_assert!(least <= distribution.mean + 1e-12 && distribution.mean <= greatest + 1e-12);
        }
    }
}
