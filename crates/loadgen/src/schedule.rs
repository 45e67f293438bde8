use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp};

use crate::config::Arrivals;
use crate::mix::random;

/// What sets the random numbers of arrivals apart from those of pictures.
const ARRIVALS: u64 = 0x6172_7269_7661_6c73;

/// The intended starts of one thread's requests, from the beginning of the load. They do not end.
#[derive(Debug)]
pub(crate) struct Schedule {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Number of the next request of this thread among all, how many threads there are, seconds between two of all.
    Constant {
        next: u64,
        threads: u64,
        distance: f64,
    },
    Poisson {
        seconds: f64,
        distance: Exp<f64>,
        random: Xoshiro256PlusPlus,
    },
}

impl Schedule {
    /// One thread's share of `rate` requests a second. Shares of a constant rate interleave at equal distances; those of
    /// a Poisson process are Poisson processes.
    pub(crate) fn new(arrivals: Arrivals, rate: f64, seed: u64, thread: usize, threads: usize) -> Self {
        let constant = Kind::Constant { next: thread as u64, threads: threads as u64, distance: 1.0 / rate };
        let random = random(seed ^ ARRIVALS, thread);
        let kind = match (arrivals, Exp::new(rate / threads as f64)) {
            (Arrivals::Poisson, Ok(distance)) => Kind::Poisson { seconds: 0.0, distance, random },
            _ => constant,
        };
        Self { kind }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let seconds = match &mut self.kind {
            Kind::Constant { next, threads, distance } => {
                let seconds = *next as f64 * *distance;
                *next += *threads;
                seconds
            }
            Kind::Poisson { seconds, distance, random } => {
                *seconds += distance.sample(random);
                *seconds
            }
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_requests_of_all_threads_are_at_equal_distances() {
        let shares = (0..3).map(|thread| Schedule::new(Arrivals::Constant, 100.0, 0, thread, 3));
        let mut starts: Vec<_> = shares.flat_map(|share| share.take(50)).collect();
        starts.sort();
        for (index, start) in starts.iter().enumerate() {
            let expected = Duration::from_millis(10 * index as u64);
            assert!(start.abs_diff(expected) < Duration::from_micros(1), "{index}: {start:?}");
        }
    }

    /// Distances have mean and standard deviation 1 / rate; counts in equal spans have a variance equal to their mean.
    #[test]
    fn poisson_requests_are_as_many_and_as_scattered_as_they_should_be() {
        let schedule = Schedule::new(Arrivals::Poisson, 1000.0, 11, 0, 1);
        let starts: Vec<f64> = schedule.take(200_000).map(|start| start.as_secs_f64()).collect();
        let distances: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (mean, variance) = moments(&distances);
        assert!((mean * 1000.0 - 1.0).abs() < 0.01, "{mean}");
        assert!((variance * 1e6 - 1.0).abs() < 0.03, "{variance}");
        let spans = starts[starts.len() - 1] as usize * 10;
        let mut counts = vec![0.0; spans];
        for start in starts {
            if let Some(count) = counts.get_mut((start * 10.0) as usize) {
                *count += 1.0;
            }
        }
        let (mean, variance) = moments(&counts);
        assert!((mean - 100.0).abs() < 1.0 && (variance / mean - 1.0).abs() < 0.1, "{mean}, {variance}");
    }

    #[test]
    fn shares_of_a_poisson_process_have_their_part_of_its_rate() {
        let starts = |thread| Schedule::new(Arrivals::Poisson, 1000.0, 4, thread, 4);
        for thread in 0..4 {
            let last = starts(thread).nth(50_000).unwrap().as_secs_f64();
            assert!((last / 200.0 - 1.0).abs() < 0.02, "{last}");
        }
        assert_ne!(starts(0).next(), starts(1).next());
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count)
    }
}
