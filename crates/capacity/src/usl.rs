//! The universal scalability law.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Throughput of `n` that work side by side: `X(n) = λ n / (1 + σ (n - 1) + κ n (n - 1))`.
///
/// Neil J. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapter 4; in this form with `λ` as in Baron Schwartz,
/// *Practical Scalability Analysis with the Universal Scalability Law*, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usl {
    /// Throughput of one alone, a second.
    pub lambda: f64,
    /// Contention: the share that is done one after another.
    pub sigma: f64,
    /// Coherency: what each pair costs for agreeing.
    pub kappa: f64,
}

impl Usl {
    /// Throughput of `n`, a second.
    pub fn throughput(&self, n: f64) -> f64 {
        self.lambda * self.speedup(n)
    }

    /// Throughput of `n` in units of that of one.
    ///
    /// ```
    /// use capacity::usl::Usl;
    ///
    /// let amdahl = Usl { lambda: 10.0, sigma: 0.1, kappa: 0.0 };
    /// assert!((amdahl.speedup(2.0) - 2.0 / 1.1).abs() < 1e-12);
    /// ```
    pub fn speedup(&self, n: f64) -> f64 {
        n / (1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0))
    }

    /// Each one's share of its throughput alone, among `n`.
    pub fn efficiency(&self, n: f64) -> f64 {
        if n > 1.0 { self.speedup(n) / n } else { 1.0 }
    }

    /// From how many on more of them do less; none if more always do more.
    pub fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt())
    }
}

/// A measured point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// How many at a time.
    pub n: u32,
    /// Things done a second.
    pub per_second: f64,
}

/// Fits the law to measured throughputs by least squares of relative errors.
///
/// The law is linear in `1/λ`, `σ/λ` and `κ/λ`: `n / X = 1/λ + (σ/λ) (n - 1) + (κ/λ) n (n - 1)`. None of them may be negative,
/// so the best of the fits with and without each of the latter two is taken. Two distinct `n` cannot tell contention from
/// coherency: what they show counts as contention.
///
/// # Errors
/// [`Error::TooFewPoints`], without a point for `n` of 1, or with a throughput that is not above 0.
pub fn fit(points: &[CurvePoint]) -> Result<Usl, Error> {
    let valid = |point: &CurvePoint| point.n > 0 && point.per_second.is_finite() && point.per_second > 0.0;
    if !points.iter().any(|point| point.n == 1) || !points.iter().all(valid) {
        return Err(Error::TooFewPoints);
    }
    let mut distinct: Vec<u32> = points.iter().map(|point| point.n).collect();
    distinct.sort_unstable();
    distinct.dedup();
    // In order of preference, where two are as good.
    let candidates: &[&[Term]] = match distinct.len() {
        1 => &[&[Term::One]],
        2 => &[&[Term::One], &[Term::One, Term::Contention]],
        _ => &[
            &[Term::One],
            &[Term::One, Term::Contention],
            &[Term::One, Term::Coherency],
            &[Term::One, Term::Contention, Term::Coherency],
        ],
    };
    let fits = candidates.iter().filter_map(|terms| solve(terms, points));
    let best = fits.min_by(|a, b| error(a, points).total_cmp(&error(b, points)));
    best.ok_or(Error::TooFewPoints)
}

#[derive(Clone, Copy)]
enum Term {
    One,
    Contention,
    Coherency,
}

impl Term {
    /// Its factor in `n / X`, relative to the measured `n / X`.
    fn factor(self, point: &CurvePoint) -> f64 {
        let n = f64::from(point.n);
        let factor = match self {
            Self::One => 1.0,
            Self::Contention => n - 1.0,
            Self::Coherency => n * (n - 1.0),
        };
        factor * point.per_second / n
    }
}

/// The law with these terms alone; none if a coefficient would be negative.
fn solve(terms: &[Term], points: &[CurvePoint]) -> Option<Usl> {
    let products = |a: Term, b: Term| points.iter().map(|point| a.factor(point) * b.factor(point)).sum();
    let mut rows: Vec<Vec<f64>> = terms
        .iter()
        .map(|&row| {
            let mut row_values: Vec<f64> = terms.iter().map(|&column| products(row, column)).collect();
            row_values.push(points.iter().map(|point| row.factor(point)).sum());
            row_values
        })
        .collect();
    let solution = eliminate(&mut rows)?;
    let mut law = Usl { lambda: 0.0, sigma: 0.0, kappa: 0.0 };
    for (term, value) in terms.iter().zip(solution) {
        match term {
            Term::One => law.lambda = value,
            Term::Contention => law.sigma = value,
            Term::Coherency => law.kappa = value,
        }
    }
    let Usl { lambda: inverse, sigma, kappa } = law;
    let valid = inverse > 0.0 && sigma >= 0.0 && kappa >= 0.0;
    valid.then(|| Usl { lambda: 1.0 / inverse, sigma: sigma / inverse, kappa: kappa / inverse })
}

/// Gauss-Jordan elimination of at most three positive definite rows, each with its right side at its end.
fn eliminate(rows: &mut [Vec<f64>]) -> Option<Vec<f64>> {
    for pivot in 0..rows.len() {
        let row = rows.get_mut(pivot)?;
        let head = *row.get(pivot)?;
        if head <= f64::EPSILON {
            return None;
        }
        row.iter_mut().for_each(|value| *value /= head);
        let pivot_row = row.clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let scale = *row.get(pivot)?;
            row.iter_mut().zip(&pivot_row).for_each(|(value, other)| *value -= scale * other);
        }
    }
    rows.iter().map(|row| row.last().copied()).collect()
}

/// Sum of squares of relative errors.
fn error(law: &Usl, points: &[CurvePoint]) -> f64 {
    let relative = |point: &CurvePoint| point.per_second / law.throughput(f64::from(point.n)) - 1.0;
    points.iter().map(|point| relative(point).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(law: &Usl, counts: &[u32]) -> Vec<CurvePoint> {
        counts.iter().map(|&n| CurvePoint { n, per_second: law.throughput(f64::from(n)) }).collect()
    }

    #[test]
    fn what_scales_evenly_has_no_contention() {
        let law = fit(&points(&Usl { lambda: 20.0, sigma: 0.0, kappa: 0.0 }, &[1, 2, 4])).unwrap();
        assert!((law.lambda - 20.0).abs() < 1e-9 && law.sigma < 1e-9 && law.kappa < 1e-9, "{law:?}");
        assert_eq!(law.efficiency(1.0), 1.0);
    }

    #[test]
    fn more_than_even_counts_as_even() {
        let measured = [CurvePoint { n: 1, per_second: 10.0 }, CurvePoint { n: 2, per_second: 21.0 }];
        let law = fit(&measured).unwrap();
        assert_eq!((law.sigma, law.kappa), (0.0, 0.0));
        assert!(law.lambda > 10.0 && law.lambda < 10.5);
    }

    #[test]
    fn two_points_show_contention() {
        let measured = [CurvePoint { n: 1, per_second: 10.0 }, CurvePoint { n: 2, per_second: 16.0 }];
        let law = fit(&measured).unwrap();
        assert!((law.sigma - 0.25).abs() < 1e-9 && law.kappa == 0.0, "{law:?}");
    }

    #[test]
    fn the_peak_is_where_throughput_falls() {
        let law = Usl { lambda: 1.0, sigma: 0.05, kappa: 0.001 };
        let peak = law.peak().unwrap();
        assert!(law.throughput(peak) > law.throughput(peak - 1.0));
        assert!(law.throughput(peak) > law.throughput(peak + 1.0));
        assert_eq!(Usl { kappa: 0.0, ..law }.peak(), None);
    }

    #[test]
    fn without_one_thread_there_is_no_fit() {
        assert_eq!(fit(&[]), Err(Error::TooFewPoints));
        assert_eq!(fit(&[CurvePoint { n: 2, per_second: 1.0 }]), Err(Error::TooFewPoints));
        assert_eq!(fit(&[CurvePoint { n: 1, per_second: 0.0 }]), Err(Error::TooFewPoints));
    }

    proptest! {
        #[test]
        fn a_law_is_found_again(lambda in 0.1..1e5, sigma in 0.0..0.5, kappa in 0.0..0.05) {
            let law = Usl { lambda, sigma, kappa };
            let fitted = fit(&points(&law, &[1, 2, 3, 4, 8, 16])).unwrap();
            for n in [1.0, 2.0, 6.0, 16.0, 20.0] {
                let relative = fitted.throughput(n) / law.throughput(n) - 1.0;
                prop_assert!(relative.abs() < 1e-6, "{fitted:?}");
            }
        }
    }
}
