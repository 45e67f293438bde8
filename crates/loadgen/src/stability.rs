//! Whether what was measured would be measured again.

use std::time::Duration;

use crate::report::{Stability, Window};
use crate::tally::Span;

/// How many windows must agree.
pub(crate) const WINDOWS: u32 = 3;
/// By how much each may differ from their mean, in answers a second and in mean latency (as NVIDIA's perf_analyzer has it).
const TOLERANCE: f64 = 0.1;

/// Looks at the windows of a measurement, each with its length.
pub(crate) fn of(windows: &[(Span, Duration)]) -> Stability {
    let windows: Vec<Window> = windows.iter().map(|(span, length)| window(span, *length)).collect();
    let rates: Vec<f64> = windows.iter().map(|window| window.answered_per_second).collect();
    let latencies: Option<Vec<f64>> = windows.iter().map(|window| window.mean_ms).collect();
    let rate_spread = spread(&rates);
    let latency_spread = latencies.as_deref().and_then(spread);
    let agrees = |spread: Option<f64>| spread.is_some_and(|spread| spread <= TOLERANCE);
    let stable = windows.len() == WINDOWS as usize && agrees(rate_spread) && agrees(latency_spread);
    Stability { stable, tolerance: TOLERANCE, rate_spread, latency_spread, windows }
}

fn window(span: &Span, length: Duration) -> Window {
    let answered = span.answered();
    Window {
        seconds: length.as_secs_f64(),
        answered_per_second: span.answers_came() as f64 / length.as_secs_f64(),
        mean_ms: answered.mean_ms(),
        p50_ms: answered.quantile_ms(0.5),
        p99_ms: answered.quantile_ms(0.99),
    }
}

/// The largest distance from the mean, in parts of it.
fn spread(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let distances = values.iter().map(|value| (value / mean - 1.0).abs());
    (mean > 0.0).then(|| distances.fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Class, Outcome};
    use crate::tally::Tally;

    /// Windows of one second with so many answers of so many ms each.
    fn windows(of: &[(u64, u64)]) -> Vec<(Span, Duration)> {
        let mut tally = Tally::new(Duration::from_secs(1));
        for (second, (count, millis)) in (0..).zip(of) {
            let at = Some(Duration::from_millis(1000 * second + 500));
            for _ in 0..*count {
                tally.ended(at, at, Duration::from_millis(*millis), &Outcome::Answered(Class::Miss));
            }
        }
        (0..of.len()).map(|number| (tally.get(number).unwrap().clone(), Duration::from_secs(1))).collect()
    }

    fn stable(of: &[(u64, u64)]) -> bool {
        super::of(&windows(of)).stable
    }

    #[test]
    fn three_windows_within_a_tenth_in_rate_and_latency_are_stable() {
        assert!(stable(&[(100, 50), (105, 52), (96, 49)]));
        assert!(!stable(&[(100, 50), (130, 50), (100, 50)]), "rates differ");
        assert!(!stable(&[(100, 50), (100, 50), (100, 70)]), "latencies differ");
        assert!(!stable(&[(100, 50), (100, 50)]), "two windows");
        assert!(!stable(&[(100, 50), (0, 0), (100, 50)]), "nothing came in one");
    }
}
