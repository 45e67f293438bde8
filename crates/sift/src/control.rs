use std::fmt;
use std::num::NonZeroUsize;

/// How a call runs: on how many threads, and when it should give up. The result never depends on it.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Threads that share the work, the calling one included.
    pub threads: NonZeroUsize,
    /// Asked every few rows; once it answers `true` the call returns [`Error::Stopped`](crate::Error::Stopped).
    pub stop: Option<&'a (dyn Fn() -> bool + Sync)>,
}

impl Control<'_> {
    /// Runs on the calling thread alone, to the end.
    pub const SINGLE_THREADED: Self = Self { threads: NonZeroUsize::MIN, stop: None };

    pub(crate) fn should_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self::SINGLE_THREADED
    }
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stop = self.stop.map(|_| "Fn");
        f.debug_struct("Control").field("threads", &self.threads).field("stop", &stop).finish()
    }
}
