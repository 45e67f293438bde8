use super::{Outcome, Scenario};

/// How near the answer is, as a share of the ceiling.
const TOLERANCE: f64 = 1e-3;

/// What a rate must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Latency that 99 % of all answers keep, s.
    pub p99: f64,
    /// Share of requests that may be refused or not be done in time.
    pub refused: f64,
}

impl Bound {
    /// Whether the outcome keeps to it.
    pub fn holds(&self, outcome: &Outcome) -> bool {
        self.judge(outcome).0
    }

    /// Whether the outcome keeps to it, and by how much the inverse of p99 is above that of the bound, 1/s, if latency is what decides.
    /// Near capacity waits grow as 1 / (1 - load), so that this falls in a straight line.
    fn judge(&self, outcome: &Outcome) -> (bool, Option<f64>) {
        let p99 = outcome.answered().quantile(0.99);
        let allows_refused = outcome.refused_share() + outcome.late_share() <= self.refused;
        let room = 1.0 / p99 - 1.0 / self.p99;
        let decides = allows_refused && self.p99 < f64::MAX && room.is_finite();
        (allows_refused && p99 <= self.p99, decides.then_some(room))
    }
}

/// An end of the interval that the greatest rate is in.
#[derive(Clone, Copy)]
struct End {
    rate: f64,
    room: Option<f64>,
}

/// The greatest rate whose scenario keeps to the bound, sought between 0 and `ceiling` to a thousandth of that; 0 if none does.
/// Scenarios should have the same seed (common random numbers: Law, section 11.2), so that they differ by the rate alone.
///
/// By false position where latency decides at both ends of the interval, and by halving elsewhere and where the same end has come nearer
/// twice. No step is nearer to an end than half of what the answer may be off, so that both ends come.
pub fn greatest_rate(scenario: impl Fn(f64) -> Scenario, bound: &Bound, ceiling: f64) -> f64 {
    let tolerance = ceiling * TOLERANCE;
    let [mut kept, mut broken] = [0.0, ceiling].map(|rate| End { rate, room: None });
    // How many steps have moved the same end.
    let (mut moved_kept, mut moves) = (false, 0);
    while broken.rate - kept.rate > tolerance {
        let share = match (kept.room, broken.room) {
            (Some(above), Some(below)) if above > below && moves < 2 => above / (above - below),
            _ => 0.5,
        };
        let rate = kept.rate + (broken.rate - kept.rate) * share;
        let rate = rate.min(broken.rate - tolerance / 2.0).max(kept.rate + tolerance / 2.0);
        let (holds, room) = bound.judge(&scenario(rate).run());
        // A step by halving is the first of a new run, whichever end it moves.
        moves = if moves < 2 && holds == moved_kept { moves + 1 } else { 1 };
        moved_kept = holds;
        *if holds { &mut kept } else { &mut broken } = End { rate, room };
    }
    kept.rate
}
