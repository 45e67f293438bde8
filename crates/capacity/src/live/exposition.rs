use crate::profile::{Distribution, Quantile};

/// How names of samples end that only grow.
const COUNTED: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];

/// Metrics as `GET /metrics` gives them: Prometheus' text format or OpenMetrics.
///
/// ```
/// use capacity::live::Exposition;
///
/// let metrics = Exposition::parse("# TYPE a counter\na_total{route=\"get\"} 3\na_total{route=\"detect\"} 4\n");
/// assert_eq!(metrics.sum("a_total", &[]), Some(7.0));
/// assert_eq!(metrics.sum("a_total", &[("route", "get")]), Some(3.0));
/// assert_eq!(metrics.sum("b_total", &[]), None);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exposition(Vec<Sample>);

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// Counts of times by their bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Upper bounds in ascending order, the last infinite, and how many are at most that.
    buckets: Vec<(f64, f64)>,
    /// All of them.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
}

impl Exposition {
    /// Reads it. Lines that are no samples are passed over.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// What was counted since an earlier moment. Gauges are as they are now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |sample: &Sample| {
            if !COUNTED.iter().any(|ending| sample.name.ends_with(ending)) {
                return 0.0;
            }
            let same = |other: &&Sample| other.name == sample.name && other.labels == sample.labels;
            earlier.0.iter().find(same).map_or(0.0, |other| other.value)
        };
        let difference = |sample: &Sample| Sample { value: sample.value - before(sample), ..sample.clone() };
        Self(self.0.iter().map(difference).collect())
    }

    /// The sum of all samples of this name that have these labels; none if there is no sample.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.samples(name, labels).map(|sample| sample.value).peekable();
        values.peek().is_some().then(|| values.sum())
    }

    /// The histogram of this name and these labels; none if nothing was counted.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<Histogram> {
        let count = self.sum(&format!("{name}_count"), labels).filter(|count| *count > 0.0)?;
        let sum = self.sum(&format!("{name}_sum"), labels)?;
        let name = format!("{name}_bucket");
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for sample in self.samples(&name, labels) {
            let bound = sample.labels.iter().find(|(label, _)| label == "le")?.1.parse().ok()?;
            match buckets.iter_mut().find(|(other, _)| *other == bound) {
                Some((_, counted)) => *counted += sample.value,
                None => buckets.push((bound, sample.value)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Histogram { buckets, count, sum })
    }

    fn samples<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| {
            let has =
                |(name, value): &(&str, &str)| sample.labels.iter().any(|(n, v)| n == name && v == value);
            sample.name == name && labels.iter().all(has)
        })
    }
}

impl Histogram {
    /// Mean.
    pub fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// As a distribution, linear within each bucket, as `histogram_quantile` has it. What is beyond the last bound is taken to
    /// be at it.
    pub fn distribution(&self) -> Distribution {
        let mut quantiles: Vec<Quantile> = Vec::new();
        let mut last = 0.0;
        for (bound, counted) in &self.buckets {
            let seconds = if bound.is_finite() { *bound } else { last };
            if quantiles.is_empty() && *counted > 0.0 {
                quantiles.push(Quantile { share: 0.0, seconds: last });
            }
            if *counted > 0.0 {
                quantiles.push(Quantile { share: (counted / self.count).clamp(0.0, 1.0), seconds });
            }
            last = seconds;
        }
        quantiles.dedup_by(|b, a| b.share <= a.share);
        if let Some(last) = quantiles.last_mut() {
            last.share = 1.0;
        }
        let mut distribution =
            Distribution { n: self.count as u64, mean: self.mean(), variance: 0.0, quantiles };
        distribution.variance = distribution.interpolated_variance();
        distribution
    }
}

/// A line: `name{label="value",...} value [timestamp] [# exemplar]`.
fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (head, rest) = match line.find('{') {
        Some(start) => {
            let end = start + line.get(start..)?.find('}')?;
            (line.get(..start)?, (line.get(start + 1..end)?, line.get(end + 1..)?))
        }
        None => {
            let (name, value) = line.split_once(' ')?;
            (name, ("", value))
        }
    };
    let (labels, value) = rest;
    let value = value.split_whitespace().next()?.parse().ok()?;
    let label = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), value.trim_matches('"').to_owned()))
    };
    let labels = labels.split(',').filter_map(label).collect();
    Some(Sample { name: head.to_owned(), labels, value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "# TYPE t_seconds histogram\n\
        t_seconds_sum{stage=\"denoise\"} 5.0\n\
        t_seconds_count{stage=\"denoise\"} 100\n\
        t_seconds_bucket{le=\"0.01\",stage=\"denoise\"} 0\n\
        t_seconds_bucket{le=\"0.05\",stage=\"denoise\"} 50\n\
        t_seconds_bucket{le=\"0.1\",stage=\"denoise\"} 100\n\
        t_seconds_bucket{le=\"+Inf\",stage=\"denoise\"} 100\n\
        # EOF\n";

    #[test]
    fn a_histogram_is_linear_within_its_buckets() {
        let histogram = Exposition::parse(TEXT).histogram("t_seconds", &[("stage", "denoise")]).unwrap();
        let distribution = histogram.distribution();
        assert!((distribution.mean - 0.05).abs() < 1e-12);
        assert!((distribution.quantile(0.25) - 0.03).abs() < 1e-12);
        assert!((distribution.quantile(0.75) - 0.075).abs() < 1e-12);
        assert_eq!((distribution.quantile(0.0), distribution.quantile(1.0)), (0.01, 0.1));
        assert!(distribution.variance > 0.0);
    }

    #[test]
    fn what_was_counted_before_is_left_out() {
        let earlier =
            Exposition::parse(&TEXT.replace("100\n", "60\n").replace(" 50\n", " 40\n").replace("5.0", "3.0"));
        let recent = Exposition::parse(TEXT).since(&earlier).histogram("t_seconds", &[]).unwrap();
        assert_eq!((recent.count, recent.mean()), (40.0, 0.05));
        assert_eq!(Exposition::parse(TEXT).since(&Exposition::parse(TEXT)).histogram("t_seconds", &[]), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_passed_over(text in "\\PC{0,200}") {
            let _ = Exposition::parse(&text);
        }
    }
}
