use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::ExtractError;

/// Whether threads at work yield their processors to others that are ready to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Yielding {
    /// No: when others run is for the system to decide.
    #[default]
    Never,
    /// The kernels' threads do every millisecond or more seldom ([`threads::yield_if_due`]): for others that are to answer soon.
    Regularly,
}

/// How an extraction runs: on how many threads, and when it should give up. The features never depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a> {
    /// Threads that share the kernels' work, the calling one included. Default 1.
    pub threads: NonZeroUsize,
    /// Once set, the extraction ends with [`ExtractError::Cancelled`]; the kernels look every few rows, decoding and the conversion of
    /// colours run to their end.
    pub cancelled: Option<&'a AtomicBool>,
    /// Once passed, the extraction ends with [`ExtractError::DeadlineExceeded`], as soon as it looks.
    pub deadline: Option<Instant>,
    /// Whether threads at work yield to others. Default never.
    pub yielding: Yielding,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self { threads: NonZeroUsize::MIN, cancelled: None, deadline: None, yielding: Yielding::Never }
    }
}

impl Control<'_> {
    /// The reason to stop, if there is one.
    pub(crate) fn check(&self) -> Result<(), ExtractError> {
        if self.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed)) {
            return Err(ExtractError::Cancelled);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(ExtractError::DeadlineExceeded);
        }
        Ok(())
    }

    /// Whether to stop; kernels ask every few rows, on each of their threads.
    pub(crate) fn should_stop(&self) -> bool {
        self.yield_if_due();
        self.check().is_err()
    }

    fn yield_if_due(&self) -> bool {
        self.yielding == Yielding::Regularly && threads::yield_if_due()
    }

    /// Why a kernel that was told to stop was.
    pub(crate) fn reason(&self) -> ExtractError {
        self.check().err().unwrap_or(ExtractError::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each thread begins with none behind it, so that its first is due.
    #[test]
    fn threads_yield_if_they_are_to() {
        let yields = |yielding| {
            let control = move || Control { yielding, ..Control::default() }.yield_if_due();
            std::thread::spawn(control).join().unwrap()
        };
        assert!(yields(Yielding::Regularly) && !yields(Yielding::Never));
    }
}
