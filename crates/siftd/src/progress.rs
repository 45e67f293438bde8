//! What a person at a terminal sees of a long run.

use std::fmt::Display;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::stderr;

/// A line on standard error with the number of images done, where that is a terminal; errors go above it.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// `shown` is false for a single image: it is over before a line would be of use.
    pub(crate) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {pos} images, {per_sec}, {elapsed} {wide_msg}")
        {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    pub(crate) fn done(&self, path: impl Display) {
        self.0.set_message(path.to_string());
        self.0.inc(1);
    }

    /// Tells of a bad input.
    pub(crate) fn error(&self, message: impl Display) {
        self.0.suspend(|| stderr::tell(message));
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A line on standard error that says what is done, where that is a terminal.
pub(crate) fn line() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
