/// Mean wait before the one server of an M/G/1 queue: `λ E[S²] / (2 (1 - ρ))`, with `E[S²] = variance + mean²`. Infinite from
/// full utilisation on.
///
/// Pollaczek 1930 and Khinchine 1932; Leonard Kleinrock, *Queueing Systems*, volume 1, 1975, equation 5.69.
///
/// ```
/// use capacity::queueing::pollaczek_khinchine;
///
/// // M/D/1 at 80 %: ρ / (2 (1 - ρ)) service times.
/// assert!((pollaczek_khinchine(8.0, 0.1, 0.0) - 0.2).abs() < 1e-12);
/// ```
pub fn pollaczek_khinchine(rate: f64, mean: f64, variance: f64) -> f64 {
    let utilisation = rate * mean;
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    rate * (variance + mean * mean) / (2.0 * (1.0 - utilisation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_times_wait_as_in_mm1() {
        let (rate, mean) = (7.0, 0.1);
        let wait = pollaczek_khinchine(rate, mean, mean * mean);
        assert!((wait - 0.7 * mean / 0.3).abs() < 1e-12);
        assert_eq!(pollaczek_khinchine(10.0, 0.1, 0.0), f64::INFINITY);
    }
}
