//! How commands end.

use std::process::ExitCode;

/// How a command ended that could be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With all that was asked for.
    Done,
    /// Without some of it, or all: standard error tells what.
    Failed,
}

impl Outcome {
    /// Done, or else failed.
    pub(crate) fn done_if(is_done: bool) -> Self {
        if is_done { Self::Done } else { Self::Failed }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
        }
    }
}
