use std::borrow::Cow;
use std::io;
use std::time::Duration;

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
    /// No answer in time.
    #[error("no answer within {} ms", .limit.as_millis())]
    Timeout {
        /// How long it was waited for.
        limit: Duration,
    },
    /// The configuration cannot work, whatever the server does.
    #[error("{at}: {reason}")]
    Unusable {
        /// The address.
        at: String,
        /// What is wrong.
        reason: String,
    },
    /// The server is there, but serves nobody now: it loads its data, wants another password.
    #[error("{at} does not serve: {reason}")]
    Unavailable {
        /// The address.
        at: String,
        /// What it said.
        reason: String,
    },
    /// The server serves others, but refuses this: it is full, or does not allow it.
    #[error("{at} refuses: {reason}")]
    Refused {
        /// The address.
        at: String,
        /// What it said.
        reason: String,
    },
    /// The store was not asked, since it does not answer.
    #[error("the store does not answer, and is not asked until a probe finds that it does")]
    BreakerOpen,
    /// The store was not asked, since it has not answered too many others yet.
    #[error("{limit} lookups wait for the store already")]
    Busy {
        /// Lookups that may wait.
        limit: usize,
    },
}

impl StoreError {
    /// The class of the error, for counting.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::InUse { .. } => ErrorKind::Io,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Closed => ErrorKind::Closed,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Unavailable { .. } | Self::Unusable { .. } => ErrorKind::Unavailable,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::BreakerOpen => ErrorKind::BreakerOpen,
            Self::Busy { .. } => ErrorKind::Busy,
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
    /// The server serves nobody now.
    Unavailable,
    /// The server refused this one operation, since it is full for instance.
    Refused,
    /// The tier was not asked, since its breaker is open.
    BreakerOpen,
    /// The tier was not asked, since too many lookups waited for it.
    Busy,
}

impl ErrorKind {
    /// Every kind, in the order of [`TierStatistics::errors`](crate::TierStatistics::errors).
    pub const ALL: [Self; 10] = [
        Self::Timeout,
        Self::Io,
        Self::Corrupt,
        Self::TooLarge,
        Self::QueueFull,
        Self::Closed,
        Self::Unavailable,
        Self::Refused,
        Self::BreakerOpen,
        Self::Busy,
    ];

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
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::BreakerOpen => "breaker_open",
            Self::Busy => "busy",
        }
    }

    /// Whether it says that the store as a whole does not answer. The others are the fault of one value or operation.
    pub fn is_outage(self) -> bool {
        matches!(self, Self::Timeout | Self::Io | Self::Unavailable)
    }

    /// Whether it says that the store answers, but not as it should: it is full, or forbids, or holds what nobody stored.
    pub fn is_impairment(self) -> bool {
        matches!(self, Self::Refused | Self::Corrupt)
    }
}
