use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::ExtractError;

/// What threads at work do about others that are ready to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Courtesy {
    /// Nothing: when they run is for the system to decide.
    #[default]
    None,
    /// The kernels' threads let them have a turn every millisecond ([`threads::give_way`]): for those that answer others meanwhile.
    GiveWay,
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
    /// What threads at work do about others. Default nothing.
    pub courtesy: Courtesy,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self { threads: NonZeroUsize::MIN, cancelled: None, deadline: None, courtesy: Courtesy::None }
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
        if self.courtesy == Courtesy::GiveWay {
            threads::give_way();
        }
        self.check().is_err()
    }

    /// Why a kernel that was told to stop was.
    pub(crate) fn reason(&self) -> ExtractError {
        self.check().err().unwrap_or(ExtractError::Cancelled)
    }
}
