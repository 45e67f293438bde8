//! The decision matrix as a picture: a row a cache, a column a criterion, in each cell the figure and a bar that is the longer the
//! better it is among the others.

mod criterion;

use std::fmt::Write;

use chart::escaped;

use self::criterion::{Criterion, criteria};
use crate::document;
use crate::report::{CacheReport, Report};

const WIDTH: f64 = 1240.0;
/// Of the names of caches.
const NAMES: f64 = 136.0;
const TITLE: f64 = 62.0;
const HEADER: f64 = 62.0;
const ROW: f64 = 40.0;
const MARGIN: f64 = 20.0;
/// Between two columns.
const GAP: f64 = 14.0;
/// What a plot takes.
const PLOT: f64 = 330.0;

const STYLE: &str = ".title,.note,.name,.head,.figure{font-family:system-ui,sans-serif;fill:#222}.title{font-size:18px;font-weight:600}\
.note{font-size:12px;fill:#666}.name{font-size:14px;font-weight:600}.head{font-size:12px;fill:#444}.figure{font-size:13px}\
.best{font-weight:700}.bar{fill:#9ecae1}.bar.best{fill:#0072b2}.rule{stroke:#ddd}";

/// An SVG that needs nothing else.
pub fn picture(report: &Report) -> String {
    let criteria = criteria(report);
    let rows = report.caches.len() as f64;
    let plot = document::rates(report).to_svg();
    let below = TITLE + HEADER + rows * ROW + MARGIN;
    let height = below + if plot.is_empty() { 0.0 } else { PLOT + 2.0 * MARGIN };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\"><style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    // A string takes everything.
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{MARGIN}\" y=\"28\">Caches of siftd, measured</text>\n\
         <text class=\"note\" x=\"{MARGIN}\" y=\"48\">{}, siftd {}, {} cores, {}. The longer a bar, the better; the best is dark. \
         Memory stands in front of all.</text>",
        escaped(&report.made),
        escaped(&report.siftd),
        report.machine.cores,
        escaped(&report.machine.cpu)
    );
    let column = (WIDTH - 2.0 * MARGIN - NAMES) / criteria.len() as f64;
    let left = |index: usize| MARGIN + NAMES + index as f64 * column;
    for (index, criterion) in criteria.iter().enumerate() {
        for (line, text) in criterion.name.iter().enumerate() {
            let y = TITLE + 16.0 + 15.0 * line as f64;
            let _ = writeln!(svg, "<text class=\"head\" x=\"{:.1}\" y=\"{y}\">{text}</text>", left(index));
        }
    }
    for (row, cache) in report.caches.iter().enumerate() {
        let top = TITLE + HEADER + row as f64 * ROW;
        name(&mut svg, cache, top);
        for (index, criterion) in criteria.iter().enumerate() {
            cell(&mut svg, criterion, row, left(index), top, column - GAP);
        }
    }
    if !plot.is_empty() {
        let heading = document::rates(report).name;
        let _ = writeln!(
            svg,
            "<text class=\"name\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n<g transform=\"translate({MARGIN} {})\">{plot}</g>",
            below + MARGIN,
            escaped(&heading),
            below + 1.5 * MARGIN
        );
    }
    svg + "</svg>\n"
}

fn name(svg: &mut String, cache: &CacheReport, top: f64) {
    let _ = writeln!(
        svg,
        "<path class=\"rule\" d=\"M{MARGIN} {top}H{}\"/><text class=\"name\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
        WIDTH - MARGIN,
        top + 18.0,
        escaped(&cache.name)
    );
    let detail = match (&cache.error, &cache.server) {
        (Some(_), _) => "not measured",
        (None, Some(server)) => &server.version,
        (None, None) => "",
    };
    let _ =
        writeln!(svg, "<text class=\"note\" x=\"{MARGIN}\" y=\"{}\">{}</text>", top + 33.0, escaped(detail));
}

fn cell(svg: &mut String, criterion: &Criterion, row: usize, left: f64, top: f64, width: f64) {
    let best = if criterion.is_best(row) { " best" } else { "" };
    let text = escaped(&criterion.text(row));
    let _ = writeln!(svg, "<text class=\"figure{best}\" x=\"{left:.1}\" y=\"{}\">{text}</text>", top + 18.0);
    if let Some(score) = criterion.score(row) {
        let (y, length) = (top + 24.0, (width * score).max(2.0));
        let _ = writeln!(
            svg,
            "<rect class=\"bar{best}\" x=\"{left:.1}\" y=\"{y}\" width=\"{length:.1}\" height=\"7\" rx=\"1\"/>"
        );
    }
}
