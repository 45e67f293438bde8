use chart::number;

use crate::load::Operation;
use crate::marks::Kept;
use crate::measure::LARGEST_VALUE;
use crate::report::{CacheReport, Report};

/// The shortest bar, of the longest.
const LEAST: f64 = 0.06;

/// Which figures are the better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    Less,
    More,
}

/// What caches are judged by, with the figure of each.
#[derive(Debug)]
pub(super) struct Criterion {
    /// In lines.
    pub(super) name: [String; 3],
    better: Better,
    values: Vec<Option<f64>>,
    /// What is written for a figure.
    written: fn(f64) -> String,
}

impl Criterion {
    /// How good a cache is among those that have a figure, 0 to 1: by the logarithm, where figures have one.
    pub(super) fn score(&self, row: usize) -> Option<f64> {
        let value = self.value(row)?;
        let (least, most) = self.bounds();
        let share = if most <= least {
            return Some(1.0);
        } else if least > 0.0 {
            (value / least).ln() / (most / least).ln()
        } else {
            value / most
        };
        let share = if self.better == Better::Less { 1.0 - share } else { share };
        Some(LEAST + (1.0 - LEAST) * share)
    }

    pub(super) fn is_best(&self, row: usize) -> bool {
        let (least, most) = self.bounds();
        self.value(row).is_some_and(|value| value == if self.better == Better::Less { least } else { most })
    }

    pub(super) fn text(&self, row: usize) -> String {
        self.value(row).map_or_else(|| "-".to_owned(), self.written)
    }

    fn value(&self, row: usize) -> Option<f64> {
        self.values.get(row).copied().flatten()
    }

    fn bounds(&self) -> (f64, f64) {
        let known = || self.values.iter().copied().flatten();
        (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max))
    }
}

/// All of them.
pub(super) fn criteria(report: &Report) -> Vec<Criterion> {
    let (few, many) = report.few_and_many();
    let of = |name: [&str; 3], better, written, value: &dyn Fn(&CacheReport) -> Option<f64>| Criterion {
        name: name.map(str::to_owned),
        better,
        values: report.caches.iter().map(value).collect(),
        written,
    };
    let p50 = |name, operation| {
        let callers = format!("us, callers: {few}");
        of([name, "p50,", &callers], Better::Less, number, &|cache| {
            Some(cache.measurement(operation, LARGEST_VALUE, few)?.latency?.p50_us)
        })
    };
    let rate = |name, operation| {
        let callers = format!("callers: {many}");
        of([name, "a second,", &callers], Better::More, number, &|cache| {
            Some(cache.measurement(operation, LARGEST_VALUE, many)?.rate)
        })
    };
    vec![
        p50("get summary", Operation::GetSummary),
        p50("get 150 KB", Operation::Get),
        p50("set 150 KB", Operation::Set),
        rate("get summary", Operation::GetSummary),
        rate("get 150 KB", Operation::Get),
        rate("set 150 KB", Operation::Set),
        of(["bytes of an", "entry of", "150,000"], Better::Less, number, &|cache| {
            cache.bytes_per_entry(LARGEST_VALUE)
        }),
        of(["kept when", "siftd", "is killed"], Better::More, percent, &|cache| {
            share(cache.persistence.siftd_killed)
        }),
        of(["kept when", "the server", "is killed"], Better::More, percent, &|cache| {
            share(cache.persistence.server_killed)
        }),
        of(["siftd", "processes", "that share"], Better::More, number, &|cache| {
            cache.processes_that_share.map(|count| count as f64)
        }),
        of(["processes", "to run", "beside siftd"], Better::Less, number, &|cache| {
            cache.processes_to_run.map(f64::from)
        }),
    ]
}

/// Of all marks.
fn share(kept: Option<Kept>) -> Option<f64> {
    let Kept { early, late } = kept?;
    let written = early.written + late.written;
    (written > 0).then(|| (early.found + late.found) as f64 / written as f64)
}

/// Rounded down, so that what is not whole is not called so.
fn percent(share: f64) -> String {
    format!("{} %", number((share * 1000.0).floor() / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criterion(better: Better, values: &[Option<f64>]) -> Criterion {
        Criterion { name: Default::default(), better, values: values.to_vec(), written: number }
    }

    #[test]
    fn bars_are_long_for_what_is_good() {
        let times = criterion(Better::Less, &[Some(1.0), Some(10.0), Some(100.0), None]);
        let scores: Vec<_> = (0..5).map(|row| times.score(row)).collect();
        assert_eq!(scores, [Some(1.0), Some(LEAST + (1.0 - LEAST) / 2.0), Some(LEAST), None, None]);
        assert!(times.is_best(0) && !times.is_best(1) && !times.is_best(3));
        let counts = criterion(Better::More, &[Some(0.0), Some(5.0)]);
        assert_eq!((counts.score(0), counts.score(1)), (Some(LEAST), Some(1.0)));
        assert_eq!(criterion(Better::More, &[Some(3.0), Some(3.0)]).score(1), Some(1.0));
        assert_eq!(criterion(Better::More, &[None]).score(0), None);
        assert_eq!((times.text(2), times.text(3)), ("100".to_owned(), "-".to_owned()));
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(
            (percent(1.0), percent(0.9999), percent(0.0)),
            ("100 %".into(), "99.9 %".into(), "0 %".into())
        );
    }
}
