//! From what was counted to what is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::{self, Config, OnRefusal, Via};
use crate::corpus::Corpus;
use crate::outcome::{Class, Failure};
use crate::report::{
    Counts, Distribution, Generator, Latency, Load, Mix, Moment, Quantile, Rates, Report, SCHEMA, Traffic,
};
use crate::stability;
use crate::tally::{Latencies, Span};

/// A measurement that is over.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) url: &'a str,
    pub(crate) config: &'a Config,
    pub(crate) corpus: &'a Corpus,
    pub(crate) started_at: SystemTime,
    /// Moments of equal length, the last perhaps shorter.
    pub(crate) moments: Vec<Span>,
    pub(crate) moment: Duration,
    pub(crate) time: Duration,
    pub(crate) interrupted: bool,
    /// CPU time of each thread.
    pub(crate) cpu: Vec<Duration>,
}

/// More CPU time of one thread than this share: it is the bottleneck.
pub(crate) const BUSY: f64 = 0.9;
/// A lag of less is never told of.
const LEAST_LAG_MS: f64 = 1.0;
/// A lag of less than this part of the latencies is not told of.
const LAG_PART: f64 = 0.1;

impl Measured<'_> {
    pub(crate) fn report(&self) -> Report {
        let windows = self.windows();
        let mut total = Span::default();
        for moment in &self.moments {
            total.add(moment);
        }
        let generator = self.generator(&total);
        let stability = stability::of(&windows);
        let latency = latency(&total);
        let mut warnings = doubts(&generator, &latency);
        let counts = counts(&total);
        if counts.unfinished > 0 {
            warnings.push(format!("{} requests were given up, which no latency includes", counts.unfinished));
        }
        if total.failures.contains_key(&Failure::Exhausted) {
            warnings.push(
                "the generator had no files or ports left: allow it more (ulimit -n), or fewer connections at a time"
                    .to_owned(),
            );
        }
        warnings.extend(fewer_hits(self.config.mix, &counts));
        if !stability.stable && !self.interrupted {
            warnings
                .push("the windows of the measurement differ: measure for longer, or less load".to_owned());
        }
        Report {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            url: self.url.to_owned(),
            load: load(self.config, self.corpus),
            measured_seconds: self.time.as_secs_f64(),
            interrupted: self.interrupted,
            counts,
            rates: rates(&total, self.time),
            hit_ratio: hit_ratio(&total),
            latency,
            failures: total.failures.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
            stability,
            series: self.series(),
            generator,
            warnings,
            search: None,
        }
    }

    /// The moments in three groups, and how long each is.
    fn windows(&self) -> Vec<(Span, Duration)> {
        let group = self.moments.len().div_ceil(stability::WINDOWS as usize).max(1);
        let window = |(number, moments): (u32, &[Span])| {
            let mut sum = Span::default();
            moments.iter().for_each(|moment| sum.add(moment));
            let begun = self.moment * group as u32 * number;
            (sum, (self.moment * moments.len() as u32).min(self.time.saturating_sub(begun)))
        };
        (0..).zip(self.moments.chunks(group)).map(window).collect()
    }

    fn series(&self) -> Vec<Moment> {
        let moments = (0..).zip(&self.moments).map(|(number, span)| {
            let start = self.moment * number;
            let length = self.moment.min(self.time.saturating_sub(start));
            let per_second = |count: u64| count as f64 / length.as_secs_f64();
            let came = |class: Class| per_second(span.came.get(class as usize).copied().unwrap_or(0));
            let answered = span.answered();
            Moment {
                at_seconds: start.as_secs_f64(),
                seconds: length.as_secs_f64(),
                sent: per_second(span.sent),
                hits: came(Class::Hit),
                misses: came(Class::Miss) + came(Class::Coalesced) + came(Class::Unlabelled),
                refused: came(Class::Refused),
                failed: came(Class::Failed),
                p50_ms: answered.quantile_ms(0.5),
                p99_ms: answered.quantile_ms(0.99),
                hit_p99_ms: span.latencies(Class::Hit).quantile_ms(0.99),
                miss_p99_ms: span.latencies(Class::Miss).quantile_ms(0.99),
            }
        });
        moments.filter(|moment| moment.seconds > 0.0).collect()
    }

    fn generator(&self, total: &Span) -> Generator {
        let busiest = self.cpu.iter().max().copied().unwrap_or_default();
        Generator {
            threads: self.cpu.len(),
            cpu_seconds: self.cpu.iter().sum::<Duration>().as_secs_f64(),
            busiest_thread: busiest.as_secs_f64() / self.time.as_secs_f64(),
            lag: distribution(&total.lag),
            waited_for_connection: total.waited,
        }
    }
}

/// Whether there were clearly fewer hits than were asked for: by more than chance, and than two points. Refusals only make them more.
fn fewer_hits(mix: config::Mix, counts: &Counts) -> Option<String> {
    let config::Mix::HitRatio(asked) = mix else { return None };
    let told = (counts.answered - counts.unlabelled) as f64;
    if told == 0.0 {
        return None;
    }
    let hits = counts.hit as f64 / told;
    let chance = 4.0 * (asked * (1.0 - asked) / told).sqrt();
    (hits < asked - 0.02 - chance).then(|| {
        format!(
            "{:.0} % were hits where {:.0} % were asked for: the cache never kept pictures, or has lost them",
            hits * 100.0,
            asked * 100.0
        )
    })
}

/// What of the generator may have made latencies longer.
pub(crate) fn doubts(generator: &Generator, latency: &Latency) -> Vec<String> {
    let mut doubts = Vec::new();
    if generator.busiest_thread > BUSY {
        doubts.push(format!(
            "the generator is the bottleneck: a thread of it used {:.0} % of a processor; give it more (--threads)",
            generator.busiest_thread * 100.0
        ));
    }
    if let (Some(lag), Some(answered)) = (&generator.lag, &latency.answered)
        && lag.p99_ms > LEAST_LAG_MS.max(LAG_PART * answered.p99_ms)
    {
        doubts.push(format!(
            "the generator was late: 1 % of the requests began {:.1} ms after their time or later, which their latencies \
             include; run it on another machine, or with less load",
            lag.p99_ms
        ));
    }
    if generator.waited_for_connection > 0 {
        doubts.push(format!(
            "{} requests waited for a connection, which their latencies include; allow more (--connections)",
            generator.waited_for_connection
        ));
    }
    doubts
}

fn load(config: &Config, corpus: &Corpus) -> Load {
    let traffic = match config.traffic {
        config::Traffic::Open { rate, arrivals } => Traffic::Open {
            rate,
            arrivals: match arrivals {
                config::Arrivals::Constant => "constant",
                config::Arrivals::Poisson => "poisson",
            },
        },
        config::Traffic::Closed { clients, on_refusal } => {
            Traffic::Closed { clients, obeys_retry_after: on_refusal == OnRefusal::Wait }
        }
    };
    let mix = match config.mix {
        config::Mix::HitRatio(ratio) => Mix::HitRatio { ratio },
        config::Mix::Popularity { exponent, variants } => Mix::Popularity { exponent, variants },
    };
    Load {
        traffic,
        mix,
        via: match config.via {
            Via::Multipart => "multipart",
            Via::Raw => "raw",
            Via::Get => "get",
        },
        format: config.format.map(|format| format.to_string()),
        pictures: corpus.count(),
        picture_bytes: corpus.bytes() as f64 / corpus.count() as f64,
        warm_up_seconds: config.warm_up.as_secs_f64(),
        timeout_seconds: config.timeout.as_secs_f64(),
        seed: config.seed,
    }
}

fn counts(total: &Span) -> Counts {
    let count = |class| total.latencies(class).count();
    let [hit, miss, coalesced, unlabelled, refused, failed] = Class::ALL.map(count);
    Counts {
        sent: total.sent,
        answered: hit + miss + coalesced + unlabelled,
        hit,
        miss,
        coalesced,
        unlabelled,
        refused,
        failed,
        unfinished: total.sent.saturating_sub(total.ended()),
    }
}

fn rates(total: &Span, time: Duration) -> Rates {
    let per_second = |count: u64| count as f64 / time.as_secs_f64();
    let came = |class: Class| per_second(total.came.get(class as usize).copied().unwrap_or(0));
    Rates {
        sent: per_second(total.sent),
        answered: per_second(total.answers_came()),
        refused: came(Class::Refused),
        failed: came(Class::Failed),
    }
}

fn hit_ratio(total: &Span) -> Option<f64> {
    let count = |class| total.latencies(class).count();
    let told = count(Class::Hit) + count(Class::Miss) + count(Class::Coalesced);
    (told > 0).then(|| count(Class::Hit) as f64 / told as f64)
}

fn latency(total: &Span) -> Latency {
    let of = |class| distribution(total.latencies(class));
    Latency {
        answered: distribution(&total.answered()),
        hit: of(Class::Hit),
        miss: of(Class::Miss),
        coalesced: of(Class::Coalesced),
        unlabelled: of(Class::Unlabelled),
        refused: of(Class::Refused),
        failed: of(Class::Failed),
    }
}

fn distribution(latencies: &Latencies) -> Option<Distribution> {
    let histogram = latencies.histogram()?;
    let ms = |micros: u64| micros as f64 / 1e3;
    let quantile = |share| ms(histogram.value_at_quantile(share));
    let curve = histogram
        .iter_quantiles(8)
        .map(|point| Quantile { share: point.quantile(), ms: ms(point.value_iterated_to()) });
    Some(Distribution {
        count: histogram.len(),
        mean_ms: histogram.mean() / 1e3,
        stdev_ms: histogram.stdev() / 1e3,
        min_ms: ms(histogram.min()),
        p50_ms: quantile(0.5),
        p90_ms: quantile(0.9),
        p95_ms: quantile(0.95),
        p99_ms: quantile(0.99),
        p999_ms: quantile(0.999),
        max_ms: ms(histogram.max()),
        curve: curve.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_that_were_asked_for_and_did_not_come_are_told() {
        let counts = |hit, miss| Counts {
            sent: hit + miss,
            answered: hit + miss,
            hit,
            miss,
            coalesced: 0,
            unlabelled: 0,
            refused: 0,
            failed: 0,
            unfinished: 0,
        };
        let told = |asked, hit, miss| fewer_hits(config::Mix::HitRatio(asked), &counts(hit, miss));
        // A standard deviation is 13 of 1,000 here.
        assert_eq!(
            [told(0.8, 800, 200), told(0.8, 740, 260), told(0.8, 900, 100), told(0.0, 0, 9)],
            [const { None }; 4]
        );
        let expected =
            "50 % were hits where 80 % were asked for: the cache never kept pictures, or has lost them";
        assert_eq!(told(0.8, 500, 500).as_deref(), Some(expected));
        assert!(told(1.0, 970, 30).is_some());
        let popular = config::Mix::Popularity { exponent: 1.0, variants: 9 };
        assert_eq!(fewer_hits(popular, &counts(0, 9)), None);
    }
}
