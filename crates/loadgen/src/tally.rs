//! What is counted while load is made.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::outcome::{Class, Failure, Outcome};

/// Latencies in microseconds, to three digits, however long. Without any it takes no memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies(Option<Histogram<u64>>);

/// Digits that are kept.
const DIGITS: u8 = 3;
/// In microseconds.
const CENTURY: u128 = 100 * 365 * 86_400 * 1_000_000;

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        if self.0.is_none() {
            self.0 = Histogram::new(DIGITS).ok();
        }
        if let Some(histogram) = &mut self.0 {
            // It grows as it must; what it could not hold would be centuries.
            let _ = histogram.record(latency.as_micros().min(CENTURY) as u64);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (Some(own), Some(others)) => {
                let _ = own.add(others);
            }
            (own @ None, Some(others)) => *own = Some(others.clone()),
            (_, None) => {}
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The latency in ms that this share (0 to 1) does not exceed; none without latencies.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        self.histogram().map(|histogram| histogram.value_at_quantile(quantile) as f64 / 1e3)
    }

    pub(crate) fn mean_ms(&self) -> Option<f64> {
        self.histogram().map(|histogram| histogram.mean() / 1e3)
    }

    /// If there are any.
    pub(crate) fn histogram(&self) -> Option<&Histogram<u64>> {
        self.0.as_ref().filter(|histogram| !histogram.is_empty())
    }
}

/// Of a span of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    /// Requests whose intended start lies in it.
    pub(crate) sent: u64,
    /// Their latencies from the intended start, by class in the order of [`Class::ALL`].
    pub(crate) latencies: [Latencies; Class::ALL.len()],
    /// How much later than intended they were begun, by a fault of the generator's.
    pub(crate) lag: Latencies,
    /// Why they failed.
    pub(crate) failures: BTreeMap<Failure, u64>,
    /// Answers that came in it, to whatever requests, by class.
    pub(crate) came: [u64; Class::ALL.len()],
    /// Requests that had to wait for one of the connections that there may be.
    pub(crate) waited: u64,
}

impl Span {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.waited += other.waited;
        self.lag.add(&other.lag);
        for (own, others) in self.latencies.iter_mut().zip(&other.latencies) {
            own.add(others);
        }
        for (own, others) in self.came.iter_mut().zip(&other.came) {
            *own += others;
        }
        for (failure, count) in &other.failures {
            *self.failures.entry(*failure).or_default() += count;
        }
    }

    pub(crate) fn latencies(&self, class: Class) -> &Latencies {
        let [hit, miss, coalesced, unlabelled, refused, failed] = &self.latencies;
        match class {
            Class::Hit => hit,
            Class::Miss => miss,
            Class::Coalesced => coalesced,
            Class::Unlabelled => unlabelled,
            Class::Refused => refused,
            Class::Failed => failed,
        }
    }

    /// Of all that were answered with features.
    pub(crate) fn answered(&self) -> Latencies {
        let mut all = Latencies::default();
        for class in Class::ALL.into_iter().filter(|class| class.is_answer()) {
            all.add(self.latencies(class));
        }
        all
    }

    /// Answers with features that came in the span.
    pub(crate) fn answers_came(&self) -> u64 {
        Class::ALL.iter().zip(&self.came).filter(|(class, _)| class.is_answer()).map(|(_, came)| came).sum()
    }

    /// Requests of the span of which it is known what became.
    pub(crate) fn ended(&self) -> u64 {
        self.latencies.iter().map(Latencies::count).sum()
    }
}

/// Consecutive spans of equal length from the beginning of measuring, of one thread. What lies before it counts for nothing.
#[derive(Debug)]
pub(crate) struct Tally {
    length: Duration,
    /// The number of the first of the spans that are kept.
    first: usize,
    spans: VecDeque<Span>,
}

impl Tally {
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, first: 0, spans: VecDeque::new() }
    }

    /// A request is begun: when it was intended to, from the beginning of measuring (none: before), and how late it is.
    pub(crate) fn begun(&mut self, intended: Option<Duration>, lag: Duration, waits: bool) {
        if let Some(span) = self.span(intended) {
            span.sent += 1;
            span.lag.record(lag);
            span.waited += u64::from(waits);
        }
    }

    /// A request has ended.
    pub(crate) fn ended(
        &mut self,
        intended: Option<Duration>,
        now: Option<Duration>,
        latency: Duration,
        outcome: &Outcome,
    ) {
        let index = outcome.class() as usize;
        if let Some(span) = self.span(intended) {
            if let Some(latencies) = span.latencies.get_mut(index) {
                latencies.record(latency);
            }
            if let Outcome::Failed(failure) = outcome {
                *span.failures.entry(*failure).or_default() += 1;
            }
        }
        if let Some(came) = self.span(now).and_then(|span| span.came.get_mut(index)) {
            *came += 1;
        }
    }

    /// The span of this number, if it is kept.
    pub(crate) fn get(&self, number: usize) -> Option<&Span> {
        self.spans.get(number.checked_sub(self.first)?)
    }

    /// Gives up the spans before this number.
    pub(crate) fn forget_before(&mut self, number: usize) {
        let given_up = number.saturating_sub(self.first).min(self.spans.len());
        self.spans.drain(..given_up);
        self.first += given_up;
    }

    fn span(&mut self, at: Option<Duration>) -> Option<&mut Span> {
        let number = usize::try_from(at?.as_nanos() / self.length.as_nanos().max(1)).ok()?;
        let number = number.checked_sub(self.first)?;
        while self.spans.len() <= number {
            self.spans.push_back(Span::default());
        }
        self.spans.get_mut(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn latencies_belong_to_the_intended_start_and_answers_to_when_they_came() {
        let mut tally = Tally::new(millis(100));
        let hit = Outcome::Answered(Class::Hit);
        tally.begun(Some(millis(50)), millis(1), false);
        tally.ended(Some(millis(50)), Some(millis(210)), millis(160), &hit);
        tally.begun(None, millis(0), false);
        tally.ended(None, Some(millis(110)), millis(140), &hit);
        let spans = [0, 1, 2].map(|number| tally.get(number).unwrap());
        assert_eq!(spans.map(|span| span.sent), [1, 0, 0]);
        assert_eq!(spans.map(|span| span.answered().count()), [1, 0, 0]);
        assert_eq!(spans.map(Span::answers_came), [0, 1, 1]);
        assert!(tally.get(3).is_none());
    }

    #[test]
    fn what_is_given_up_is_gone_and_all_else_keeps_its_number() {
        let mut tally = Tally::new(millis(100));
        let begin = |tally: &mut Tally, at| tally.begun(Some(millis(at)), millis(0), false);
        [50, 150, 250, 251].into_iter().for_each(|at| begin(&mut tally, at));
        tally.forget_before(2);
        // Too late to count.
        begin(&mut tally, 199);
        begin(&mut tally, 320);
        let sent = [0, 1, 2, 3, 4].map(|number| tally.get(number).map(|span| span.sent));
        assert_eq!(sent, [None, None, Some(2), Some(1), None]);
        tally.forget_before(1000);
        assert!(tally.get(3).is_none());
    }

    #[test]
    fn sums_of_spans_keep_every_latency_and_failure() {
        let mut sum = Span::default();
        for latency in [1, 70_000, 3] {
            let mut tally = Tally::new(millis(100));
            let failed = Outcome::Failed(Failure::Status(500));
            tally.ended(Some(millis(0)), None, millis(latency), &failed);
            sum.add(tally.get(0).unwrap());
        }
        assert_eq!(sum.failures[&Failure::Status(500)], 3);
        let latencies = sum.latencies(Class::Failed);
        assert_eq!((latencies.count(), sum.answered().count()), (3, 0));
        assert!((latencies.quantile_ms(1.0).unwrap() / 70_000.0 - 1.0).abs() < 1e-3);
        assert_eq!(Latencies::default().quantile_ms(0.5), None);
    }
}
