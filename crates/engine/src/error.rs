use std::time::Duration;

use capacity::admission::Refusal;
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
    /// Refused at once, as it could not be done in time if there were nothing else to do.
    #[error("it would take longer than the {} s that an image has, even alone; a smaller image or search window takes less", .deadline.as_secs_f64())]
    TooLong {
        /// The time it would have.
        deadline: Duration,
    },
    /// A fault of siftd's own.
    #[error("siftd failed on this image, which is a fault of siftd's own: please report it")]
    Fault,
}

impl Error {
    /// Why admission refused the image; none for what else can go wrong.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Overloaded { reason, .. } => Some(*reason),
            Self::TooLong { .. } => Some(Refusal::TooLong),
            _ => None,
        }
    }
}
