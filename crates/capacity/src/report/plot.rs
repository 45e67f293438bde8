use std::fmt::Write;

use super::Plot;
use super::html::escaped;
use super::number::number;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
/// Room for the vertical axis' numbers, and for the horizontal one's.
const LEFT: f64 = 70.0;
const BELOW: f64 = 45.0;
const MARGIN: f64 = 15.0;
const TICKS: u32 = 5;
/// Told apart by people who do not tell red from green (Okabe and Ito, 2008).
const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];

/// An axis: from a value to a place in the picture.
struct Axis {
    least: f64,
    greatest: f64,
    logarithmic: bool,
    start: f64,
    end: f64,
}

impl Axis {
    fn of(values: &[f64], logarithmic: bool, start: f64, end: f64) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = if logarithmic { least } else { least.min(0.0) };
        let greatest = if greatest > least { greatest } else { least + 1.0 };
        Self { least, greatest, logarithmic, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.least).ln() / (self.greatest / self.least).ln()
        } else {
            (value - self.least) / (self.greatest - self.least)
        };
        self.start + share * (self.end - self.start)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        (0..=TICKS).map(|tick| {
            let share = f64::from(tick) / f64::from(TICKS);
            if self.logarithmic {
                self.least * (self.greatest / self.least).powf(share)
            } else {
                self.least + share * (self.greatest - self.least)
            }
        })
    }
}

/// The plot as SVG; nothing where there is nothing to show.
// Writing to a String cannot fail.
pub(super) fn svg(plot: &Plot) -> String {
    let shown = |point: &(f64, f64)| {
        point.0.is_finite() && point.1.is_finite() && (!plot.logarithmic || point.1 > 0.0)
    };
    let points: Vec<(f64, f64)> =
        plot.lines.iter().flat_map(|(_, points)| points).copied().filter(shown).collect();
    if points.is_empty() {
        return String::new();
    }
    let xs: Vec<f64> = points.iter().map(|point| point.0).collect();
    let ys: Vec<f64> = points.iter().map(|point| point.1).collect();
    let x = Axis::of(&xs, false, LEFT, WIDTH - MARGIN);
    let y = Axis::of(&ys, plot.logarithmic, HEIGHT - BELOW, MARGIN * 2.0);
    let mut svg = format!(
        "<figure><figcaption>{}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{0}\" font-size=\"11\" fill=\"#444\">\n",
        escaped(&plot.name)
    );
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
            WIDTH - MARGIN,
            LEFT - 6.0,
            at + 4.0,
            number(tick)
        );
    }
    for (index, (name, points)) in plot.lines.iter().enumerate() {
        let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or("#000");
        let path: Vec<String> = points
            .iter()
            .filter(|point| shown(point))
            .map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"{colour}\">{}</text>",
            path.join(" "),
            LEFT + 10.0,
            MARGIN * 2.0 + 12.0 * index as f64,
            escaped(name)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"5\" y=\"12\">{}</text>\n</svg></figure>",
        WIDTH - MARGIN,
        HEIGHT - 8.0,
        escaped(&plot.x),
        escaped(&plot.y)
    );
    svg
}
