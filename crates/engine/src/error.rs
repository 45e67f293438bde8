use std::fmt;
use std::time::Duration;

use extract::ExtractError;

/// Why a request got no features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The image or a parameter is not acceptable.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// Refused at once, nothing was begun.
    #[error("overloaded: {reason}; try again in {} s", .retry_after.as_secs())]
    Overloaded {
        /// What there is too much of.
        reason: Refusal,
        /// When it is worth another try, from measured service times: whole seconds, at least one.
        retry_after: Duration,
    },
    /// The engine is being closed.
    #[error("the service is stopping")]
    Closing,
    /// Admitted, but not done in time.
    #[error("not done within {} s", .deadline.as_secs_f64())]
    DeadlineExceeded {
        /// The time it had.
        deadline: Duration,
    },
    /// A fault of siftd's own.
    #[error("siftd failed on this image, which is a fault of siftd's own: please report it")]
    Fault,
}

/// What admission refuses for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// As many images wait as may.
    QueueFull,
    /// As many pixels are in flight as may be.
    PixelBudget,
    /// What is ahead would take too long for the deadline to be met.
    Deadline,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::QueueFull, Self::PixelBudget, Self::Deadline];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::PixelBudget => "pixel_budget",
            Self::Deadline => "deadline",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue is full",
            Self::PixelBudget => "too many pixels are in flight",
            Self::Deadline => "the deadline could not be met",
        })
    }
}
