use std::num::NonZeroU32;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;

use super::entry::Entry;
use super::token_bucket::{TokenBucket, Urgency};

/// Lines that may wait for the writer.
const CAPACITY: usize = 8192;

/// What may wait besides, where it is urgent.
const URGENT_CAPACITY: usize = CAPACITY + CAPACITY / 8;

/// How long the writer lets lines gather: no request wakes it, which would cost a system call, before half the queue is
/// full.
const GATHERING: Duration = Duration::from_millis(100);

/// A line on its way to the writer.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A request, to be formatted by the writer.
    Request(Box<Entry>),
    /// A line that is written out, without its end.
    Formatted(Vec<u8>),
}

/// Lines that wait for the writer. A mutex around a vector that the writer takes whole: each holds it for the time that it
/// takes to make an entry, or to swap.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Lines that were left out since the start.
    pub(super) left_out: Counter,
}

#[derive(Debug)]
struct State {
    waiting: Vec<Waiting>,
    bucket: TokenBucket,
    /// The writer is to come before lines have gathered.
    pressing: bool,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Closing,
    Written,
}

impl Queue {
    pub(super) fn new(lines_per_second: NonZeroU32) -> Self {
        let bucket = TokenBucket::new(lines_per_second, Instant::now());
        Self {
            state: Mutex::new(State { waiting: Vec::new(), bucket, pressing: false, stage: Stage::Open }),
            changed: Condvar::new(),
            left_out: Counter::default(),
        }
    }

    /// Leaves a request for the writer's next turn, where rate and room allow: only then is the entry made. Else it counts as
    /// left out.
    pub(super) fn offer(&self, urgency: Urgency, now: Instant, entry: impl FnOnce() -> Box<Entry>) {
        let most = match urgency {
            Urgency::Ordinary => CAPACITY,
            Urgency::Urgent => URGENT_CAPACITY,
        };
        let mut state = self.lock();
        let has_room = state.stage == Stage::Open && state.waiting.len() < most;
        if has_room && state.bucket.take(urgency, now) {
            state.waiting.push(Waiting::Request(entry()));
            if state.waiting.len() == CAPACITY / 2 {
                self.press(state);
            }
        } else {
            drop(state);
            self.left_out.inc();
        }
    }

    /// Hands a line to the writer at once, outside of the rate.
    pub(super) fn push_at_once(&self, line: Vec<u8>) {
        let mut state = self.lock();
        if state.stage == Stage::Open && state.waiting.len() < URGENT_CAPACITY {
            state.waiting.push(Waiting::Formatted(line));
            self.press(state);
        } else {
            drop(state);
            self.left_out.inc();
        }
    }

    /// For the writer: waits until lines have gathered, and swaps them for `batch`, which is empty. Returns whether more
    /// may come.
    pub(super) fn take(&self, batch: &mut Vec<Waiting>) -> bool {
        let gathering = |state: &mut State| state.stage == Stage::Open && !state.pressing;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), GATHERING, gathering)
            .unwrap_or_else(PoisonError::into_inner);
        state.pressing = false;
        std::mem::swap(&mut state.waiting, batch);
        state.stage == Stage::Open
    }

    /// Takes no more lines.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if state.stage == Stage::Open {
            state.stage = Stage::Closing;
        }
        self.changed.notify_all();
    }

    /// For the writer: the last line is written.
    pub(super) fn written(&self) {
        self.lock().stage = Stage::Written;
        self.changed.notify_all();
    }

    /// Waits until the last line is written, and returns whether it was in time.
    pub(super) fn wait_until_written(&self, timeout: Duration) -> bool {
        let unwritten = |state: &mut State| state.stage != Stage::Written;
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, unwritten)
            .unwrap_or_else(PoisonError::into_inner);
        state.stage == Stage::Written
    }

    fn press(&self, mut state: MutexGuard<'_, State>) {
        state.pressing = true;
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::*;
    use http::StatusCode;

    fn queue() -> Queue {
        Queue::new(NonZeroU32::new(1_000_000).unwrap())
    }

    fn push(queue: &Queue, status: StatusCode, times: usize) {
        for _ in 0..times {
            queue.offer(Urgency::of(status), Instant::now(), || Box::new(entry(status)));
        }
    }

    #[test]
    fn a_full_queue_leaves_out_what_is_new_and_has_room_for_errors() {
        let queue = queue();
        push(&queue, StatusCode::OK, CAPACITY + 3);
        assert_eq!(queue.left_out.get(), 3);
        push(&queue, StatusCode::INTERNAL_SERVER_ERROR, 2);
        assert_eq!(queue.left_out.get(), 3);
        push(&queue, StatusCode::INTERNAL_SERVER_ERROR, CAPACITY / 8);
        assert_eq!(queue.left_out.get(), 5);
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch));
        assert_eq!(batch.len(), URGENT_CAPACITY);
    }

    #[test]
    fn what_waits_at_the_close_is_taken_and_what_comes_after_it_is_not() {
        let queue = queue();
        push(&queue, StatusCode::OK, 2);
        queue.close();
        push(&queue, StatusCode::OK, 1);
        queue.push_at_once(b"{}".to_vec());
        let mut batch = Vec::new();
        assert!(!queue.take(&mut batch), "nothing more may come");
        assert_eq!((batch.len(), queue.left_out.get()), (2, 2));
        assert!(!queue.wait_until_written(Duration::ZERO));
        queue.written();
        assert!(queue.wait_until_written(Duration::ZERO));
    }
}
