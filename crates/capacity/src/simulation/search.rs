use super::Scenario;

/// How often the interval is halved: to a thousandth of the ceiling.
const HALVINGS: u32 = 10;

/// What a rate must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Latency that 99 % of all answers keep, s.
    pub p99: f64,
    /// Share of requests that may be refused or not be done in time.
    pub refused: f64,
}

impl Bound {
    /// Whether the scenario keeps to it.
    pub fn holds(&self, scenario: &Scenario) -> bool {
        let outcome = scenario.run();
        let answered = outcome.answered();
        answered.quantile(0.99) <= self.p99 && outcome.refused_share() + outcome.late_share() <= self.refused
    }
}

/// The greatest rate whose scenario keeps to the bound, by halving between 0 and `ceiling`; 0 if none does. Scenarios should have the
/// same seed (common random numbers: Law, section 11.2), so that they differ by the rate alone.
pub fn greatest_rate(scenario: impl Fn(f64) -> Scenario, bound: &Bound, ceiling: f64) -> f64 {
    let (mut kept, mut broken) = (0.0, ceiling);
    for _ in 0..HALVINGS {
        let rate = (kept + broken) / 2.0;
        if bound.holds(&scenario(rate)) {
            kept = rate;
        } else {
            broken = rate;
        }
    }
    kept
}
