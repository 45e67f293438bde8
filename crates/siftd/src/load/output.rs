use std::io;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loadgen::{Config, Phase, Progress, Report};

use super::LoadArguments;
use crate::inputs::STANDARD_STREAM;
use crate::outputs::{self, WriteError};
use crate::stderr;

/// A line on standard error, where that is a terminal.
#[derive(Debug)]
pub(super) struct Live(ProgressBar);

impl Live {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(super) fn show(&self, progress: &Progress, config: &Config) {
        if !self.0.is_hidden() {
            self.0.set_message(line(progress, config));
            self.0.tick();
        }
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn line(progress: &Progress, config: &Config) -> String {
    let of =
        |whole: Duration| format!("{:.1} of {:.1} s", progress.elapsed.as_secs_f64(), whole.as_secs_f64());
    let mut line = match progress.phase {
        Phase::Acquaintance => "making pictures known to the service".to_owned(),
        Phase::WarmUp => format!("warming up, {}", of(config.warm_up)),
        Phase::Measuring => format!("measuring, {}", of(config.duration * config.patience)),
        Phase::Draining => format!("waiting for answers, {:.1} s", progress.elapsed.as_secs_f64()),
    };
    if let Some(rate) = progress.rate {
        line = format!("{rate:.1} requests/s: {line}");
    }
    if let Some(last) = progress.last {
        line += &format!(": {:.0} sent/s, {:.0} answers/s", last.sent, last.answered);
        if let (Some(p50), Some(p99)) = (last.p50_ms, last.p99_ms) {
            line += &format!(", p50 {p50:.1} ms, p99 {p99:.1} ms");
        }
        if last.unanswered > 0.0 {
            line += &format!(", {:.0} refused or failed/s", last.unanswered);
        }
    }
    line
}

/// The summary, and the files that were asked for, as many of them as can be written. Where JSON has standard output, the summary has
/// standard error.
pub(super) fn write(report: &Report, arguments: &LoadArguments) -> Result<(), WriteError> {
    let json_on_stdout = arguments.json.as_deref() == Some(Path::new(STANDARD_STREAM));
    let summary = if json_on_stdout {
        stderr::print(report);
        Ok(())
    } else {
        outputs::print(report.to_string().as_bytes())
    };
    let json = arguments.json.as_ref().map_or(Ok(()), |path| {
        let json = outputs::json(report)?;
        if json_on_stdout {
            outputs::print(json.as_bytes())
        } else {
            outputs::write_file(path, json.as_bytes())
        }
    });
    let page = arguments.report.as_ref().map_or(Ok(()), |path| {
        let page = loadgen::html(report).map_err(|error| WriteError::new(path, io::Error::other(error)))?;
        outputs::write_file(path, page.as_bytes())
    });
    summary.and(json).and(page)
}
