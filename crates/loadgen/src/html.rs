//! A report as a page that needs nothing else: no script runs in it, and nothing is loaded.

use std::fmt::Write;

use chart::{Axis, Chart, Line, Scale, escaped};

use crate::report::{Distribution, Moment, Report};

const STYLE: &str = include_str!("html/style.css");

/// The page: the summary, plots of rates and latencies, and the whole report as JSON in its source (`#report`).
///
/// # Errors
/// If the report cannot be written as JSON, which has no cause within it.
pub fn html(report: &Report) -> serde_json::Result<String> {
    let json = serde_json::to_string(report)?.replace('<', "\\u003c");
    let title = format!("siftd load: {}", report.url);
    let mut page = String::with_capacity(json.len() + (64 << 10));
    // A string takes everything.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1>\n<pre>{summary}</pre>\n",
        title = escaped(&title),
        summary = escaped(&report.to_string()),
    );
    for chart in charts(report) {
        let (name, svg) = (escaped(&chart.name), chart.to_svg());
        if !svg.is_empty() {
            let _ = writeln!(page, "<figure><figcaption>{name}</figcaption>\n{svg}</figure>");
        }
    }
    let _ = write!(
        page,
        "<p>Latency counts from the intended start of a request. Point at a mark to read it.</p>\n\
         <script type=\"application/json\" id=\"report\">{json}</script>\n</body></html>\n"
    );
    Ok(page)
}

fn charts(report: &Report) -> Vec<Chart> {
    let mut charts = vec![distributions(report), latencies(report), rates(report)];
    if let Some(search) = &report.search {
        let points = |broken: bool| {
            let steps = search.steps.iter().filter(|step| step.broken.is_some() == broken);
            steps.filter_map(|step| Some((step.rate, step.p99_ms?))).collect()
        };
        charts.insert(
            0,
            Chart {
                name: "p99 of the rates that were tried".to_owned(),
                x: Axis::new("requests/s", Scale::Logarithmic),
                y: Axis::new("ms", Scale::Logarithmic),
                lines: vec![
                    Line::marks("kept", points(false)).with_class("hit"),
                    Line::marks("broken", points(true)).with_class("failed"),
                ],
            },
        );
    }
    charts
}

fn rates(report: &Report) -> Chart {
    let line = |name, class, value: fn(&Moment) -> f64| {
        let all = report.series.iter().all(|moment| value(moment) == 0.0);
        let points = report.series.iter().map(|moment| (middle(moment), value(moment)));
        Line::new(name, if all { Vec::new() } else { points.collect() }).with_class(class)
    };
    Chart {
        name: "Requests and answers".to_owned(),
        x: Axis::new("s", Scale::Linear),
        y: Axis::new("1/s", Scale::Linear),
        lines: vec![
            line("sent", "sent", |moment| moment.sent),
            line("hits", "hit", |moment| moment.hits),
            line("misses", "miss", |moment| moment.misses),
            line("refused", "refused", |moment| moment.refused),
            line("failed", "failed", |moment| moment.failed),
        ],
    }
}

fn latencies(report: &Report) -> Chart {
    let line = |name, class, value: fn(&Moment) -> Option<f64>| {
        let points = report.series.iter().filter_map(|moment| Some((middle(moment), value(moment)?)));
        Line::new(name, points.collect()).with_class(class)
    };
    Chart {
        name: "Latency by intended start".to_owned(),
        x: Axis::new("s", Scale::Linear),
        y: Axis::new("ms", Scale::Logarithmic),
        lines: vec![line("p50", "hit", |moment| moment.p50_ms), line("p99", "miss", |moment| moment.p99_ms)],
    }
}

fn middle(moment: &Moment) -> f64 {
    moment.at_seconds + moment.seconds / 2.0
}

fn distributions(report: &Report) -> Chart {
    let latency = &report.latency;
    let line = |name, class, distribution: &Option<Distribution>| {
        Line::new(name, distribution.as_ref().map(curve).unwrap_or_default()).with_class(class)
    };
    Chart {
        name: "Latency that a share of the requests does not exceed".to_owned(),
        x: Axis::new("share", Scale::Nines),
        y: Axis::new("ms", Scale::Logarithmic),
        lines: vec![
            line("hit", "hit", &latency.hit),
            line("miss", "miss", &latency.miss),
            line("coalesced", "coalesced", &latency.coalesced),
            line("unlabelled", "sent", &latency.unlabelled),
            line("refused", "refused", &latency.refused),
            line("failed", "failed", &latency.failed),
        ],
    }
}

/// As far as it is more than the last of its requests.
fn curve(distribution: &Distribution) -> Vec<(f64, f64)> {
    let last = 1.0 - 1.0 / distribution.count as f64;
    let points = distribution.curve.iter().filter(|point| point.share <= last.max(0.5));
    points.map(|point| (point.share, point.ms)).collect()
}
