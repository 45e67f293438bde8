use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use super::queue::{Queue, Waiting};
use super::{Level, format_event};

/// How often it is told how many lines were left out.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Memory that is kept from one batch to the next, so that a burst is not paid for ever: lines, and bytes.
const KEPT_LINES: usize = 1024;
const KEPT_BYTES: usize = 256 << 10;

/// The thread's end of the log: formats what waits and writes it, a call for each batch.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    text: Vec<u8>,
    reported: u64,
    last_report: Option<Instant>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, text: Vec::new(), reported: 0, last_report: None }
    }

    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Queue) {
        let mut batch = Vec::new();
        loop {
            let open = queue.take(&mut batch);
            self.write(&mut batch, queue, open);
            batch.shrink_to(KEPT_LINES);
            if !open {
                queue.written();
                return;
            }
        }
    }

    fn write(&mut self, batch: &mut Vec<Waiting>, queue: &Queue, open: bool) {
        let mut lines = 0;
        for line in batch.drain(..) {
            if self.append(&line) {
                lines += 1;
            } else {
                queue.left_out.inc();
            }
        }
        self.report(queue.left_out.get(), open);
        if !self.text.is_empty() && self.out.write_all(&self.text).and_then(|()| self.out.flush()).is_err() {
            queue.left_out.inc_by(lines);
        }
        self.text.clear();
        self.text.shrink_to(KEPT_BYTES);
    }

    fn append(&mut self, line: &Waiting) -> bool {
        let start = self.text.len();
        let written = match line {
            Waiting::Request(entry) => entry.write(&mut self.text).is_ok(),
            Waiting::Formatted(line) => {
                self.text.extend_from_slice(line);
                true
            }
        };
        if written {
            self.text.push(b'\n');
        } else {
            self.text.truncate(start);
        }
        written
    }

    /// Says how many lines were left out since it was last said, unless that was a moment ago.
    fn report(&mut self, left_out: u64, open: bool) {
        let due = self.last_report.is_none_or(|last| last.elapsed() >= REPORT_INTERVAL);
        if left_out == self.reported || (open && !due) {
            return;
        }
        let count = left_out - self.reported;
        let fields = [("count", count.into()), ("total", left_out.into())];
        if let Ok(line) = format_event(SystemTime::now(), Level::Warn, "log lines left out", &fields) {
            self.text.extend_from_slice(&line);
            self.text.push(b'\n');
        }
        (self.reported, self.last_report) = (left_out, Some(Instant::now()));
    }
}
