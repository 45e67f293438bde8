//! What an open loop would send, without sending it.

use std::time::Duration;

use crate::config::{Config, Mix, Traffic};
use crate::corpus::Corpus;
use crate::error::LoadError;
use crate::mix::{Draw, Subject};
use crate::schedule::Schedule;

/// A request that would be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upcoming {
    /// When, from the beginning of the load, warm-up included.
    pub at: Duration,
    /// Number of the picture in the corpus.
    pub picture: usize,
    /// Whether the service knows it.
    pub known: bool,
}

/// The first so many requests of an open loop with a hit ratio, in the order of their intended starts. The same settings
/// give the same; at another rate the same come at times in proportion.
///
/// # Errors
/// [`LoadError::Conflict`] for other loads, whose requests depend on the answers; [`LoadError::Setting`].
pub fn preview(config: &Config, corpus: &Corpus, most: usize) -> Result<Vec<Upcoming>, LoadError> {
    config.validate()?;
    let &Config { mix, seed, threads, .. } = config;
    let (Traffic::Open { rate, arrivals }, Mix::HitRatio(_)) = (config.traffic, mix) else {
        return Err(LoadError::Conflict("only an open loop with a hit ratio is known in advance"));
    };
    let mut upcoming = Vec::new();
    for thread in 0..threads {
        let mut draw = Draw::new(mix, corpus.numbers(), seed, thread, threads);
        let schedule = Schedule::new(arrivals, rate, seed, thread, threads);
        upcoming.extend(schedule.take(most).map(|at| match draw.subject() {
            Subject::Known(picture) => Upcoming { at, picture, known: true },
            Subject::Variant(picture, _) => Upcoming { at, picture, known: false },
        }));
    }
    upcoming.sort_by_key(|request| request.at);
    upcoming.truncate(most);
    Ok(upcoming)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Arrivals;

    fn corpus() -> Corpus {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/pictures");
        Corpus::read(folder.as_ref()).unwrap()
    }

    fn open(rate: f64, threads: usize) -> Config {
        let traffic = Traffic::Open { rate, arrivals: Arrivals::Poisson };
        Config { traffic, threads, mix: Mix::HitRatio(0.7), seed: 3, ..Config::default() }
    }

    #[test]
    fn another_rate_sends_the_same_in_proportion() {
        let corpus = corpus();
        let (slow, fast) = (preview(&open(1.0, 2), &corpus, 500), preview(&open(4.0, 2), &corpus, 500));
        for (slow, fast) in slow.unwrap().iter().zip(fast.unwrap()) {
            assert_eq!((slow.picture, slow.known), (fast.picture, fast.known));
            assert!((slow.at.as_secs_f64() / fast.at.as_secs_f64() - 4.0).abs() < 1e-3, "{slow:?} {fast:?}");
        }
    }

    #[test]
    fn rate_and_hit_ratio_are_those_of_the_load() {
        let upcoming = preview(&open(50.0, 3), &corpus(), 20_000).unwrap();
        assert!(upcoming.is_sorted_by_key(|request| request.at));
        let hits = upcoming.iter().filter(|request| request.known).count();
        assert!((13_800..14_200).contains(&hits), "{hits}");
        let last = upcoming.last().unwrap().at.as_secs_f64();
        assert!((last / 400.0 - 1.0).abs() < 0.03, "{last}");
    }

    #[test]
    fn a_closed_loop_is_not_known_in_advance() {
        let error = preview(&Config::default(), &corpus(), 1).unwrap_err();
        assert!(error.to_string().contains("open loop"), "{error}");
    }
}
