use std::borrow::Cow;
use std::io;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system or the connection failed.
    #[error("{at}: {source}")]
    Io {
        /// The path or address it happened at.
        at: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the folder open.
    #[error("{folder} is in use by another process: give each its own folder")]
    InUse {
        /// The folder.
        folder: String,
    },
    /// What is stored is not what was stored once.
    #[error("corrupt entry: {reason}")]
    Corrupt {
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// The value is larger than the store takes.
    #[error("a value of {actual} bytes is more than the {allowed} that one entry may have")]
    TooLarge {
        /// Bytes of the value.
        actual: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// The store is closed, or stopped in the middle of the work.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// The class of the error, for counting.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::InUse { .. } => ErrorKind::Io,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Closed => ErrorKind::Closed,
        }
    }
}

/// What went wrong in a tier, as metrics count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No answer in time.
    Timeout,
    /// The file system or the connection failed.
    Io,
    /// A value was not what was stored.
    Corrupt,
    /// A value was larger than the tier takes, and is not kept there.
    TooLarge,
    /// A write was dropped because too many were waiting.
    QueueFull,
    /// A write was dropped because the tiers are closed.
    Closed,
}

impl ErrorKind {
    /// Every kind, in the order of [`TierStatistics::errors`](crate::TierStatistics::errors).
    pub const ALL: [Self; 6] =
        [Self::Timeout, Self::Io, Self::Corrupt, Self::TooLarge, Self::QueueFull, Self::Closed];

    /// Its name in metrics.
    ///
    /// ```
    /// assert_eq!(cache::ErrorKind::QueueFull.name(), "queue_full");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Io => "io",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too_large",
            Self::QueueFull => "queue_full",
            Self::Closed => "closed",
        }
    }
}
