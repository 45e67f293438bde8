use std::num::NonZeroUsize;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use crate::config::Mix;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A picture as it is.
    Known(usize),
    /// Its variant of this number.
    Variant(usize, u64),
}

/// Draws subjects.
#[derive(Debug)]
pub(crate) struct Draw {
    random: Xoshiro256PlusPlus,
    pictures: usize,
    by: By,
}

#[derive(Debug)]
enum By {
    HitRatio { ratio: f64, next: u64, step: u64 },
    Popularity(Zipf<f64>),
}

impl Draw {
    /// For one of several threads: none draws a new variant that another draws.
    pub(crate) fn new(mix: Mix, pictures: NonZeroUsize, seed: u64, thread: usize, threads: usize) -> Self {
        let by = match mix {
            Mix::HitRatio(ratio) => By::HitRatio { ratio, next: thread as u64, step: threads as u64 },
            // Its arguments are validated: more than one variant at the least is no condition of it.
            Mix::Popularity { exponent, variants } => match Zipf::new(variants as f64, exponent) {
                Ok(zipf) => By::Popularity(zipf),
                Err(_) => By::HitRatio { ratio: 1.0, next: 0, step: 1 },
            },
        };
        Self { random: random(seed, thread), pictures: pictures.get(), by }
    }

    pub(crate) fn subject(&mut self) -> Subject {
        match &mut self.by {
            By::HitRatio { ratio, next, step } => {
                let picture = self.random.random_range(0..self.pictures);
                if self.random.random::<f64>() < *ratio {
                    return Subject::Known(picture);
                }
                let number = *next;
                *next += *step;
                Subject::Variant(picture, number)
            }
            By::Popularity(zipf) => {
                let rank = zipf.sample(&mut self.random) as u64;
                Subject::Variant((rank % self.pictures as u64) as usize, rank)
            }
        }
    }
}

/// The generator of one thread.
pub(crate) fn random(seed: u64, thread: usize) -> Xoshiro256PlusPlus {
    let mut seeds = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut own = seeds.next_u64();
    for _ in 0..thread {
        own = seeds.next_u64();
    }
    Xoshiro256PlusPlus::seed_from_u64(own)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PICTURES: NonZeroUsize = NonZeroUsize::new(6).unwrap();

    fn known(subject: &Subject) -> bool {
        matches!(subject, Subject::Known(_))
    }

    #[test]
    fn the_share_of_hits_is_the_ratio() {
        for (ratio, low, high) in [(0.0, 0, 0), (0.8, 7_850, 8_150), (1.0, 10_000, 10_000)] {
            let mut draw = Draw::new(Mix::HitRatio(ratio), PICTURES, 1, 0, 1);
            let hits = (0..10_000).filter(|_| known(&draw.subject())).count();
            assert!((low..=high).contains(&hits), "{ratio}: {hits}");
        }
    }

    #[test]
    fn no_two_threads_draw_the_same_new_variant() {
        let mut seen = HashSet::new();
        for thread in 0..3 {
            let mut draw = Draw::new(Mix::HitRatio(0.2), PICTURES, 9, thread, 3);
            for _ in 0..1000 {
                let subject = draw.subject();
                assert!(known(&subject) || seen.insert(subject), "{subject:?}");
            }
        }
    }

    #[test]
    fn popularity_falls_with_the_rank_to_the_power_of_the_exponent() {
        let mut draw = Draw::new(Mix::Popularity { exponent: 1.0, variants: 1000 }, PICTURES, 3, 0, 1);
        let mut counts = vec![0_u32; 1001];
        for _ in 0..200_000 {
            let Subject::Variant(picture, rank) = draw.subject() else { panic!("a variant") };
            assert_eq!(picture as u64, rank % 6);
            counts[rank as usize] += 1;
        }
        // H(1000) = 7.485: the first has 13.4 % of all, the tenth a tenth of that.
        assert!((26_000..27_500).contains(&counts[1]), "{}", counts[1]);
        assert!((2_500..2_850).contains(&counts[10]), "{}", counts[10]);
        assert_eq!(counts[0], 0);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut draw = Draw::new(Mix::HitRatio(0.5), PICTURES, seed, 0, 1);
            (0..100).map(|_| draw.subject()).collect::<Vec<_>>()
        };
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
