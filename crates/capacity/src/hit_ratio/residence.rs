/// From how many characteristic times on the survival is taken to fall exponentially: what else is in it has died away.
const EXACT: f64 = 8.0;

/// How long an entry stays, as the module's formulas have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Residence {
    /// Hits between two misses, mean.
    hits: f64,
    /// Probability that it stays until its time to live is over.
    pub(super) whole: f64,
}

impl Residence {
    /// Of an entry asked for at this rate, which leaves after a pause of `idle` or when it is `ttl` old, both s.
    pub(super) fn of(rate: f64, idle: f64, ttl: f64) -> Self {
        if ttl <= idle {
            return Self { hits: rate * ttl, whole: 1.0 };
        }
        if idle <= 0.0 {
            return Self { hits: 0.0, whole: 0.0 };
        }
        // In units of the pause.
        let (pause, end) = (rate * idle, ttl / idle);
        let late = (-pause).exp();
        let (last, mean) = on_time(pause * late, end);
        let (earlier, _) = on_time(pause * late, end - 1.0);
        let hits = (pause * mean - (1.0 - last)).max(0.0);
        Self { hits, whole: (last - late * earlier).max(0.0) }
    }

    /// Share of requests that find it, and of the time that it is there.
    pub(super) fn hit_ratio(&self) -> f64 {
        self.hits / (1.0 + self.hits)
    }
}

/// `V(end)` and its integral from 0.
fn on_time(loss: f64, end: f64) -> (f64, f64) {
    let (at, integral) = series(loss, end.min(EXACT));
    if end <= EXACT {
        return (at, integral);
    }
    let decay = decay(loss);
    let fallen = -(-decay * (end - EXACT)).exp_m1();
    let beyond = if decay > 0.0 { at * fallen / decay } else { at * (end - EXACT) };
    (at * (1.0 - fallen), integral + beyond)
}

/// `V(t)` and its integral from 0, by the series that solves `V'(t) = -loss V(t - 1)`:
/// `V(t) = 1 + Σ_j (-loss)^j (t - j)^j / j!` over `1 ≤ j ≤ t`.
fn series(loss: f64, t: f64) -> (f64, f64) {
    let (mut at, mut integral) = (1.0, t);
    let mut coefficient = 1.0;
    for j in 1..=t.floor() as i32 {
        coefficient *= -loss / f64::from(j);
        let power = (t - f64::from(j)).powi(j);
        at += coefficient * power;
        integral += coefficient * power * (t - f64::from(j)) / f64::from(j + 1);
    }
    // Each pause's chance is at most 1/e, for which the sum stays above 0 but for rounding.
    (at.max(0.0), integral.max(0.0))
}

/// The rate `c` at which the survival falls in the long run: the least root of `c = loss e^c`, by Newton from 0, which comes to it
/// from below.
fn decay(loss: f64) -> f64 {
    let mut c = 0.0_f64;
    for _ in 0..60 {
        let grown = loss * c.exp();
        let slope = 1.0 - grown;
        let step = (grown - c) / slope;
        if slope <= 1e-9 || step <= 1e-15 {
            break;
        }
        c += step;
    }
    c.min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn without_eviction_it_is_the_ratio_of_a_plain_time_to_live(rate in 1e-6..1e3, ttl in 1.0..1e5) {
            let stay = Residence::of(rate, f64::INFINITY, ttl);
            prop_assert!((stay.hit_ratio() - rate * ttl / (1.0 + rate * ttl)).abs() < 1e-9);
        }

        #[test]
        fn without_a_time_to_live_it_is_ches(rate in 1e-4..10.0, idle in 0.1..100.0) {
            let stay = Residence::of(rate, idle, 1e12);
            let che = 1.0 - (-rate * idle).exp();
            prop_assert!((stay.hit_ratio() - che).abs() < 2e-3, "{} {che}", stay.hit_ratio());
        }

        /// The longer it may stay, and the longer it may be idle, the more often it is found.
        #[test]
        fn more_time_is_never_worse(rate in 1e-4..10.0, idle in 0.1..100.0, ttl in 0.1..1e4, more in 1.0..10.0) {
            let stay = Residence::of(rate, idle, ttl);
            prop_assert!(Residence::of(rate, idle * more, ttl).hit_ratio() >= stay.hit_ratio() - 2e-3);
            prop_assert!(Residence::of(rate, idle, ttl * more).hit_ratio() >= stay.hit_ratio() - 2e-3);
            prop_assert!((0.0..=1.0).contains(&stay.whole));
        }
    }
}
