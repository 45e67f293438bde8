//! A report as a person at a terminal reads it.

use std::fmt::{self, Display, Formatter};

use crate::report::{Distribution, Report, Search, Traffic};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(search) = &self.search {
            steps(search, f)?;
        }
        head(self, f)?;
        table(self, f)?;
        for (kind, count) in &self.failures {
            writeln!(f, "failed: {count} ({kind})")?;
        }
        let generator = &self.generator;
        write!(f, "generator: {:.2} s of CPU time", generator.cpu_seconds)?;
        if let Some(lag) = &generator.lag {
            write!(f, ", late by {} ms at p99", Ms(lag.p99_ms))?;
        }
        writeln!(f, "; windows {}", if self.stability.stable { "agree" } else { "differ" })?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

fn steps(search: &Search, f: &mut Formatter<'_>) -> fmt::Result {
    for step in &search.steps {
        write!(f, "{:>9.1}/s for {:>5.1} s: ", step.rate, step.seconds)?;
        match (&step.broken, step.p99_ms) {
            (Some(reason), _) => writeln!(f, "{reason}")?,
            (None, Some(p99)) => writeln!(f, "kept, p99 {} ms", Ms(p99))?,
            (None, None) => writeln!(f, "kept")?,
        }
    }
    let bound = search.p99_bound_ms;
    match search.rate {
        Some(rate) => writeln!(f, "highest rate with p99 within {bound} ms: {rate:.1} requests/s")?,
        None => writeln!(f, "no rate was found that keeps p99 within {bound} ms for the whole duration")?,
    }
    if search.interrupted {
        writeln!(f, "(interrupted: higher rates may keep it, too)")?;
    }
    if let Some(failed) = &search.failed {
        writeln!(f, "(the search ended early, as a rate could not be tried: {failed})")?;
    }
    Ok(())
}

fn head(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let Report { counts, rates, .. } = report;
    match report.load.traffic {
        Traffic::Open { rate, arrivals } => {
            write!(f, "open loop, {} requests/s ({arrivals})", (rate * 1e3).round() / 1e3)?;
        }
        Traffic::Closed { clients, .. } => write!(f, "closed loop, {clients} clients")?,
    }
    write!(f, ", {:.1} s", report.measured_seconds)?;
    if report.interrupted {
        f.write_str(" (interrupted)")?;
    }
    writeln!(f, ": {} sent, {} answered, {:.1} answers/s", counts.sent, counts.answered, rates.answered)?;
    if counts.unfinished > 0 {
        writeln!(f, "{} were under way when it ended", counts.unfinished)?;
    }
    if let Some(ratio) = report.hit_ratio {
        writeln!(f, "hit ratio {ratio:.3}")?;
    }
    Ok(())
}

fn table(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let latency = &report.latency;
    let rows = [
        ("answered", &latency.answered),
        ("hit", &latency.hit),
        ("miss", &latency.miss),
        ("coalesced", &latency.coalesced),
        ("unlabelled", &latency.unlabelled),
        ("refused", &latency.refused),
        ("failed", &latency.failed),
    ];
    let columns = ["ms", "count", "mean", "p50", "p90", "p99", "p99.9", "max"];
    for (index, column) in columns.iter().enumerate() {
        if index == 0 { write!(f, "{column:10}")? } else { write!(f, " {column:>9}")? }
    }
    writeln!(f)?;
    for (name, distribution) in rows {
        if let Some(distribution) = distribution {
            row(name, distribution, f)?;
        }
    }
    Ok(())
}

fn row(name: &str, of: &Distribution, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "{name:10} {:>9}", of.count)?;
    for ms in [of.mean_ms, of.p50_ms, of.p90_ms, of.p99_ms, of.p999_ms, of.max_ms] {
        write!(f, " {:>9}", Ms(ms).to_string())?;
    }
    writeln!(f)
}

/// Milliseconds with three digits, as far as they go.
struct Ms(f64);

impl Display for Ms {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let decimals = match self.0 {
            ms if ms < 1.0 => 3,
            ms if ms < 10.0 => 2,
            ms if ms < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{:.decimals$}", self.0)
    }
}
