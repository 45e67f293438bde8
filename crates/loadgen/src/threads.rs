//! The threads of a load, watched from outside.

use std::io;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::error::LoadError;
use crate::generator::{Gauges, Job};
use crate::load_thread;
use crate::progress::{Glimpse, Phase, Progress};
use crate::stability;
use crate::tally::Span;

/// How often it is looked at what goes on.
const GLANCE: Duration = Duration::from_millis(100);
/// Moments in three windows: no more than so many.
const MOST_MOMENTS: u32 = 60;

/// Equal parts of a measured time: three windows of some moments each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) moment: Duration,
    in_window: u32,
}

impl Parts {
    /// Moments of a second or longer, but of a third of a measurement that is shorter than three.
    pub(crate) fn of(duration: Duration) -> Self {
        let seconds = duration.as_secs().clamp(3, MOST_MOMENTS.into()) as u32;
        let in_window = seconds / 3;
        Self { moment: duration / (in_window * 3), in_window }
    }

    fn window(self) -> Duration {
        self.moment * self.in_window
    }

    /// The number of the moment that this instant of measured time lies in.
    pub(crate) fn number(self, at: Duration) -> usize {
        (at.as_nanos() / self.moment.as_nanos().max(1)) as usize
    }
}

/// The threads of a load, and what they count.
#[derive(Debug)]
pub(crate) struct Threads {
    job: Arc<Job>,
    parts: Parts,
    handles: Vec<JoinHandle<io::Result<()>>>,
    gauges: Vec<Arc<Gauges>>,
}

/// The time that counts.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) started_at: SystemTime,
    /// From the beginning of measuring.
    pub(crate) from: Duration,
    pub(crate) time: Duration,
    pub(crate) interrupted: bool,
    /// CPU time that each thread took.
    pub(crate) cpu: Vec<Duration>,
}

impl Threads {
    pub(crate) fn start(job: &Arc<Job>) -> Result<Self, LoadError> {
        let parts = Parts::of(job.config.duration);
        let mut threads = Self { job: Arc::clone(job), parts, handles: Vec::new(), gauges: Vec::new() };
        for number in 0..job.config.threads {
            let gauges = Arc::new(Gauges::new(parts.moment));
            threads.handles.push(load_thread::start(Arc::clone(job), Arc::clone(&gauges), number)?);
            threads.gauges.push(gauges);
        }
        Ok(threads)
    }

    /// Looks on until the time that counts is over, and ends the load: after three windows, or, if there is patience, when
    /// the last three agree, or the three before the last.
    pub(crate) fn watch(&self, stop: &CancellationToken, observe: &mut dyn FnMut(&Progress)) -> Watched {
        let clock = &self.job.clock;
        let window = self.parts.window();
        let most = self.job.config.patience.saturating_mul(stability::WINDOWS);
        clock.end_at(window * most);
        // At the beginning of measuring, and after each window.
        let mut cpu: Vec<Vec<Duration>> = Vec::new();
        // The first window of which counts are kept.
        let mut kept = 0;
        let mut last = None;
        loop {
            let next = clock.measured_from + window * cpu.len() as u32;
            thread::sleep(next.saturating_duration_since(Instant::now()).min(GLANCE));
            // In this order: threads that end by themselves do so after the end.
            let any_ended = self.handles.iter().any(JoinHandle::is_finished);
            let now = Instant::now();
            let measured = clock.measured(now);
            let too_early = measured.is_none_or(|measured| measured < window * most);
            if stop.is_cancelled() || (any_ended && too_early) {
                // In this order: what was intended for later is not to be begun.
                clock.end_at(measured.unwrap_or_default());
                clock.abandoned.cancel();
                let (from, after) = (window * kept, self.cpu());
                let before = cpu.get(kept as usize).unwrap_or(&after);
                let time = measured.unwrap_or_default().saturating_sub(from);
                return self.watched(from, time, true, (before, &after));
            }
            let phase = if measured.is_some() { Phase::Measuring } else { Phase::WarmUp };
            let elapsed = measured.unwrap_or_else(|| now.saturating_duration_since(clock.start));
            last = self.glimpse(measured).or(last);
            observe(&Progress { phase, rate: None, elapsed, last });
            if now < next {
                continue;
            }
            cpu.push(self.cpu());
            let windows = cpu.len() as u32 - 1;
            let Some(last_three) = windows.checked_sub(stability::WINDOWS) else { continue };
            // Those a window earlier, where some requests of the last one are still under way.
            let settled =
                [last_three, last_three.saturating_sub(1)].into_iter().find(|first| self.agree(*first));
            if windows >= most || settled.is_some() {
                clock.end_at(window * windows);
                let first = settled.unwrap_or(last_three);
                let at = |number: u32| cpu.get(number as usize).cloned().unwrap_or_default();
                let (before, after) = (at(first), at(first + stability::WINDOWS));
                return self.watched(window * first, window * stability::WINDOWS, false, (&before, &after));
            }
            self.forget_before(last_three);
            kept = last_three;
        }
    }

    /// With the CPU times before and after.
    fn watched(
        &self,
        from: Duration,
        time: Duration,
        interrupted: bool,
        (before, after): (&[Duration], &[Duration]),
    ) -> Watched {
        self.job.clock.ended.cancel();
        let cpu = after.iter().zip(before).map(|(after, before)| after.saturating_sub(*before)).collect();
        let begun = self.job.clock.measured_from + from;
        let started_at = SystemTime::now() - begun.elapsed();
        Watched { started_at, from, time, interrupted, cpu }
    }

    /// Waits for what is under way, unless it is told to end. Whether all of it came to its end.
    pub(crate) fn finish(
        &mut self,
        stop: &CancellationToken,
        observe: &mut dyn FnMut(&Progress),
    ) -> Result<bool, LoadError> {
        let since = Instant::now();
        while !self.handles.iter().all(JoinHandle::is_finished) {
            if stop.is_cancelled() {
                self.job.clock.abandoned.cancel();
            }
            observe(&Progress::new(Phase::Draining, since.elapsed()));
            thread::sleep(GLANCE / 10);
        }
        for handle in self.handles.drain(..) {
            handle.join().map_err(|_| LoadError::Thread)??;
        }
        Ok(!self.job.clock.abandoned.is_cancelled())
    }

    /// What all threads counted in moments from this one on, as many.
    pub(crate) fn moments(&self, first: usize, count: usize) -> Vec<Span> {
        (first..first + count).map(|number| self.moment(number)).collect()
    }

    fn moment(&self, number: usize) -> Span {
        let mut sum = Span::default();
        for gauges in &self.gauges {
            let tally = gauges.tally.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(span) = tally.get(number) {
                sum.add(span);
            }
        }
        sum
    }

    /// Gives up what was counted before a window.
    fn forget_before(&self, window: u32) {
        for gauges in &self.gauges {
            let mut tally = gauges.tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.forget_before(window as usize * self.parts.in_window as usize);
        }
    }

    /// Whether three windows from this one on agree, and of none of their requests the latency is still to come.
    fn agree(&self, first: u32) -> bool {
        let in_window = self.parts.in_window as usize;
        let window = |number: u32| {
            let mut sum = Span::default();
            for moment in self.moments(number as usize * in_window, in_window) {
                sum.add(&moment);
            }
            sum
        };
        let windows: Vec<_> =
            (first..first + stability::WINDOWS).map(|number| (window(number), self.parts.window())).collect();
        windows.iter().all(|(span, _)| span.ended() == span.sent) && stability::of(&windows).stable
    }

    /// The last moment that is over.
    fn glimpse(&self, measured: Option<Duration>) -> Option<Glimpse> {
        let number = self.parts.number(measured?).checked_sub(1)?;
        let span = self.moment(number);
        let seconds = self.parts.moment.as_secs_f64();
        let answered = span.answered();
        let came: u64 = span.came.iter().sum();
        Some(Glimpse {
            sent: span.sent as f64 / seconds,
            answered: span.answers_came() as f64 / seconds,
            unanswered: (came - span.answers_came()) as f64 / seconds,
            p50_ms: answered.quantile_ms(0.5),
            p99_ms: answered.quantile_ms(0.99),
        })
    }

    fn cpu(&self) -> Vec<Duration> {
        self.gauges.iter().map(|gauges| gauges.cpu()).collect()
    }
}

/// However it comes to its end, no thread is left behind.
impl Drop for Threads {
    fn drop(&mut self) {
        self.job.clock.abandoned.cancel();
        for handle in self.handles.drain(..) {
            let _ = handle.join();
        }
    }
}
