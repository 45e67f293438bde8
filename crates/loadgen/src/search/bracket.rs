/// A rate to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trial {
    pub(super) rate: f64,
    /// For a first look, whose outcome the search does not end with.
    pub(super) is_short: bool,
}

/// What is known of the highest rate.
#[derive(Debug)]
pub(super) struct Bracket {
    from: f64,
    resolution: f64,
    /// The highest that was kept in a short trial.
    seen: Option<f64>,
    kept: Option<f64>,
    broken: Option<Trial>,
}

/// Below this part of the first rate there is no further search.
const LEAST_PART: f64 = 1.0 / 1024.0;
/// Rates above are not tried, requests a second.
const MOST: f64 = 1e6;

impl Bracket {
    pub(super) fn new(from: f64, resolution: f64) -> Self {
        Self { from, resolution, seen: None, kept: None, broken: None }
    }

    /// The highest that was kept for a whole duration.
    pub(super) fn kept(&self) -> Option<f64> {
        self.kept
    }

    /// What to try next; nothing when there is nothing more to learn.
    pub(super) fn next(&self) -> Option<Trial> {
        let trial = |rate: f64, is_short| Some(Trial { rate, is_short });
        match (self.kept, self.broken) {
            (None, None) => match self.seen {
                None => trial(self.from, true),
                Some(seen) if seen >= MOST => trial(seen, false),
                Some(seen) => trial((seen * 2.0).min(MOST), true),
            },
            (None, Some(broken)) => {
                let seen = self.seen.filter(|seen| *seen < broken.rate).unwrap_or(broken.rate / 2.0);
                (seen >= self.from * LEAST_PART).then_some(Trial { rate: seen, is_short: false })
            }
            (Some(kept), None) if kept >= MOST => None,
            (Some(kept), None) => trial((kept * 2.0).min(MOST), true),
            (Some(kept), Some(broken)) if broken.rate / kept > 1.0 + self.resolution => {
                trial((kept * broken.rate).sqrt(), false)
            }
            (Some(_), Some(broken)) => broken.is_short.then_some(Trial { is_short: false, ..broken }),
        }
    }

    pub(super) fn learn(&mut self, trial: Trial, kept: bool) {
        match (kept, trial.is_short) {
            (true, true) => self.seen = Some(trial.rate),
            (true, false) => {
                self.kept = Some(trial.rate);
                self.broken = self.broken.filter(|broken| broken.rate > trial.rate);
            }
            (false, _) => self.broken = Some(trial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where rates up to `highest` keep the objective in short trials, and up to `lasting` in long ones.
    fn search(from: f64, highest: f64, lasting: f64) -> (Option<f64>, Vec<Trial>) {
        let mut bracket = Bracket::new(from, 0.05);
        let mut trials = Vec::new();
        while let Some(trial) = bracket.next() {
            trials.push(trial);
            assert!(trials.len() < 60, "{trials:?}");
            bracket.learn(trial, trial.rate <= if trial.is_short { highest } else { lasting });
        }
        (bracket.kept(), trials)
    }

    #[test]
    fn the_result_is_within_the_resolution_below_the_highest_rate() {
        for highest in [0.02, 3.0, 10.0, 11.0, 137.0, 99_999.0] {
            let found = search(10.0, highest, highest).0.unwrap();
            assert!(found <= highest && found * 1.05 >= highest, "{highest}: {found}");
        }
    }

    #[test]
    fn what_was_kept_for_a_short_time_only_does_not_count() {
        let (found, trials) = search(10.0, 200.0, 50.0);
        assert!((47.0..=50.0).contains(&found.unwrap()), "{found:?}");
        let short: Vec<f64> = trials.iter().filter(|trial| trial.is_short).map(|trial| trial.rate).collect();
        assert_eq!(short, [10.0, 20.0, 40.0, 80.0, 160.0, 320.0]);
    }

    #[test]
    fn what_was_broken_for_a_short_time_only_does_not_count() {
        for highest in [10.0, 30.0, 45.0] {
            let (found, trials) = search(10.0, highest, 50.0);
            assert!((47.0..=50.0).contains(&found.unwrap()), "{highest}: {found:?}, {trials:?}");
        }
    }

    #[test]
    fn it_ends_where_no_rate_or_every_rate_keeps_the_objective() {
        assert_eq!(search(10.0, 0.0, 0.0).0, None);
        assert_eq!(search(10.0, f64::MAX, f64::MAX).0, Some(1e6));
    }
}
