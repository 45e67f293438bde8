use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use capacity::admission::Policy;
use extract::{InstructionSet, Limits};

/// How an engine computes, and what it refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Compute threads. Default: all that this process may use, by affinity and cgroup quota.
    pub threads: NonZeroUsize,
    /// How far the compute threads stand back behind the threads that answer hits (`nice(1)`): 19 the farthest, 0 not at
    /// all. Default 5.
    pub niceness: u8,
    /// Strongest instruction set to use. Default: the strongest of this machine.
    pub instruction_set: Option<InstructionSet>,
    /// Bounds of an image.
    pub limits: Limits,
    /// Images that may wait for a compute thread. Default 64.
    pub queue_capacity: usize,
    /// Pixels that may wait or be computed at a time, at least [`Limits::max_pixels`]. Default 100,000,000.
    pub pixel_budget: u64,
    /// How long a request may take from its admission. Default 30 s.
    pub deadline: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            niceness: 5,
            instruction_set: None,
            limits: Limits::default(),
            queue_capacity: 64,
            pixel_budget: 100_000_000,
            deadline: Duration::from_secs(30),
        }
    }
}

/// A configuration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The largest allowed image would never be admitted.
    #[error("the pixel budget is {budget}, but must be at least the {max_pixels} that an image may have")]
    PixelBudget {
        /// Pixels of the budget.
        budget: u64,
        /// Pixels that an image may have.
        max_pixels: u64,
    },
    /// Nothing could ever be done in time.
    #[error("the deadline is 0, but must be above")]
    Deadline,
    /// No compute thread could be started.
    #[error("cannot start a compute thread: {0}")]
    Thread(String),
}

impl Config {
    /// Checks that the bounds agree with each other.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let &Self { pixel_budget: budget, limits: Limits { max_pixels, .. }, .. } = self;
        if budget < max_pixels {
            return Err(ConfigError::PixelBudget { budget, max_pixels });
        }
        if self.deadline.is_zero() {
            return Err(ConfigError::Deadline);
        }
        Ok(())
    }

    /// What decides which images are let in.
    pub fn admission(&self) -> Policy {
        let &Self { threads, queue_capacity, pixel_budget, deadline, .. } = self;
        Policy { threads, queue_capacity, pixel_budget, deadline }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_image_must_fit_the_budget() {
        assert_eq!(Config::default().validate(), Ok(()));
        let config = Config { pixel_budget: 49_999_999, ..Config::default() };
        let error = config.validate().unwrap_err();
        assert_eq!(error, ConfigError::PixelBudget { budget: 49_999_999, max_pixels: 50_000_000 });
        let config = Config { deadline: Duration::ZERO, ..Config::default() };
        assert_eq!(config.validate(), Err(ConfigError::Deadline));
    }
}
