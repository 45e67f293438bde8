mod axis;

use std::fmt::Write;

use super::html::escaped;
use super::number::number;
use super::{Plot, Scale};
use axis::Axis;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
/// Room for the vertical axis' numbers, for the names of lines, and for the horizontal axis' numbers.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 270.0;
const BELOW: f64 = 45.0;
const MARGIN: f64 = 15.0;
/// Between two names.
const LINE: f64 = 16.0;
/// Told apart by people who do not tell red from green (Okabe and Ito, 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#000"];

/// The plot as SVG; nothing where there is nothing to show.
pub(super) fn svg(plot: &Plot) -> String {
    let points = || plot.lines.iter().flat_map(|(_, points)| points).filter(|point| shown(plot, point));
    if points().next().is_none() {
        return String::new();
    }
    let x = Axis::of(points().map(|point| point.0), plot.x_scale, LEFT, WIDTH - RIGHT);
    let y = Axis::of(points().map(|point| point.1), plot.y_scale, HEIGHT - BELOW, MARGIN * 2.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"{}\" font-family=\"system-ui,sans-serif\" font-size=\"11\" fill=\"#444\">\n",
        escaped(&plot.name)
    );
    grid(&mut svg, &x, &y);
    for (index, (name, points)) in plot.lines.iter().enumerate() {
        let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or("#000");
        let places = points.iter().filter(|point| shown(plot, point));
        let places: Vec<_> = places.map(|point| (x.place(point.0), y.place(point.1))).collect();
        line(&mut svg, &places, colour);
        let at = MARGIN * 2.0 + LINE * index as f64;
        // A string takes everything.
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"3\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            WIDTH - RIGHT + 12.0,
            at - 5.0,
            WIDTH - RIGHT + 28.0,
            at,
            escaped(name)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"5\" y=\"12\">{}</text>\n</svg>",
        WIDTH - RIGHT,
        HEIGHT - 8.0,
        escaped(&plot.x),
        escaped(&plot.y)
    );
    svg
}

/// Whether a point has a place.
fn shown(plot: &Plot, point: &(f64, f64)) -> bool {
    let placed = |value: f64, scale| value.is_finite() && (scale == Scale::Linear || value > 0.0);
    placed(point.0, plot.x_scale) && placed(point.1, plot.y_scale)
}

fn grid(svg: &mut String, x: &Axis, y: &Axis) {
    for tick in x.ticks() {
        let (at, foot) = (x.place(tick), HEIGHT - BELOW + 15.0);
        let _ =
            writeln!(svg, "<text x=\"{at:.1}\" y=\"{foot}\" text-anchor=\"middle\">{}</text>", number(tick));
    }
    for tick in y.ticks() {
        let at = y.place(tick);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e5e5e5\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            number(tick)
        );
    }
}

fn line(svg: &mut String, places: &[(f64, f64)], colour: &str) {
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        path.join(" ")
    );
}
