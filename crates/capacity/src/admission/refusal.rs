use std::fmt;

/// What admission refuses for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// As many images wait as may.
    QueueFull,
    /// As many pixels are in flight as may be.
    PixelBudget,
    /// What is ahead would take too long for the deadline to be met.
    Deadline,
    /// The image alone would take too long for it.
    TooLong,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::QueueFull, Self::PixelBudget, Self::Deadline, Self::TooLong];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::PixelBudget => "pixel_budget",
            Self::Deadline => "deadline",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue is full",
            Self::PixelBudget => "too many pixels are in flight",
            Self::Deadline => "the deadline could not be met",
            Self::TooLong => "the deadline could not be met by the image alone",
        })
    }
}
