use std::fmt::Write;

use crate::scale::Span;
use crate::{Chart, Line, Scale, escaped, number};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
/// Room for the vertical axis' numbers, and for the horizontal one's.
const LEFT: f64 = 70.0;
const BELOW: f64 = 45.0;
const MARGIN: f64 = 15.0;
/// Room for the names of lines: that of a character in wide fonts, of all else, and the least and most of all.
const CHARACTER: f64 = 7.0;
const BEFORE_NAME: f64 = 32.0;
const NAMES: (f64, f64) = (90.0, 300.0);
/// Longer names are cut, and whole where one points at them.
const LONGEST: usize = 38;
/// Between two names.
const LINE: f64 = 16.0;
/// Told apart by people who do not tell red from green (Okabe and Ito, 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#000"];

/// Where everything is.
struct Layout {
    /// Where the plot ends and names begin.
    right: f64,
    x: Span,
    y: Span,
}

pub(crate) fn svg(chart: &Chart) -> String {
    let points = || chart.lines.iter().flat_map(|line| &line.points).filter(|point| placed(chart, point));
    if points().next().is_none() {
        return String::new();
    }
    let longest = chart.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let right = WIDTH - (BEFORE_NAME + CHARACTER * longest as f64).clamp(NAMES.0, NAMES.1);
    let layout = Layout {
        right,
        x: Span::around(points().map(|point| point.0), chart.x.scale, LEFT, right),
        y: Span::around(points().map(|point| point.1), chart.y.scale, HEIGHT - BELOW, MARGIN * 2.0),
    };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"{}\" font-family=\"system-ui,sans-serif\" font-size=\"11\" fill=\"#444\">\n",
        escaped(&chart.name)
    );
    grid(&mut svg, chart, &layout);
    // A line has its colour whether others are there or not.
    let coloured = chart.lines.iter().zip(COLOURS.iter().cycle());
    let shown = coloured.filter(|(line, _)| line.points.iter().any(|point| placed(chart, point)));
    for (index, (line, colour)) in shown.enumerate() {
        name(&mut svg, line, colour, (right + 12.0, MARGIN * 2.0 + LINE * index as f64));
        draw(&mut svg, chart, line, colour, &layout);
    }
    svg + "</svg>"
}

/// Whether a point has a place.
fn placed(chart: &Chart, point: &(f64, f64)) -> bool {
    chart.x.scale.places(point.0) && chart.y.scale.places(point.1)
}

// Writing to a String cannot fail.
fn grid(svg: &mut String, chart: &Chart, Layout { right, x, y }: &Layout) {
    for tick in x.ticks() {
        let (at, foot) = (x.place(tick), HEIGHT - BELOW + 15.0);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{foot}\" text-anchor=\"middle\">{}</text>",
            label(tick, chart.x.scale)
        );
    }
    for tick in y.ticks() {
        let (at, foot) = (y.place(tick), y.place(tick) + 4.0);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right:.1}\" stroke=\"#e5e5e5\"/>\
             <text x=\"{}\" y=\"{foot:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            label(tick, chart.y.scale)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{right:.1}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"5\" y=\"12\">{}</text>",
        HEIGHT - 8.0,
        escaped(&chart.x.name),
        escaped(&chart.y.name)
    );
}

/// A number on an axis. Shares near one have more digits than others.
fn label(tick: f64, scale: Scale) -> String {
    if scale == Scale::Nines { tick.to_string() } else { number(tick) }
}

/// A value to be read, as exact as it was most likely measured.
fn value(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn name(svg: &mut String, line: &Line, colour: &str, (left, foot): (f64, f64)) {
    let (class, middle) = (line.class, foot - 4.0);
    let mark = if line.joined {
        format!(
            "<path class=\"line {class}\" d=\"M{left:.1} {middle}h12\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        )
    } else {
        format!(
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{middle}\" r=\"3\" fill=\"none\" stroke=\"{colour}\"/>",
            left + 6.0
        )
    };
    let (place, whole) = (left + 16.0, escaped(&line.name));
    let _ = if line.name.chars().count() > LONGEST {
        let cut: String = line.name.chars().take(LONGEST - 1).collect();
        writeln!(
            svg,
            "{mark}<text x=\"{place:.1}\" y=\"{foot}\"><title>{whole}</title>{}…</text>",
            escaped(&cut)
        )
    } else {
        writeln!(svg, "{mark}<text x=\"{place:.1}\" y=\"{foot}\">{whole}</text>")
    };
}

fn draw(svg: &mut String, chart: &Chart, line: &Line, colour: &str, Layout { x, y, .. }: &Layout) {
    let class = line.class;
    let points = || line.points.iter().filter(|point| placed(chart, point));
    if line.joined {
        let path: Vec<String> =
            points().map(|point| format!("{:.1} {:.1}", x.place(point.0), y.place(point.1))).collect();
        let _ = writeln!(
            svg,
            "<path class=\"line {class}\" d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
    }
    for point in points() {
        let _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\" fill=\"#fff\" stroke=\"{colour}\">\
             <title>{}: {} {}, {} {}</title></circle>",
            x.place(point.0),
            y.place(point.1),
            if line.joined { 1.6 } else { 3.5 },
            escaped(&line.name),
            value(point.0),
            escaped(&chart.x.name),
            value(point.1),
            escaped(&chart.y.name)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;

    fn chart(lines: Vec<Line>) -> Chart {
        let (x, y) = (Axis::new("load", Scale::Linear), Axis::new("ms", Scale::Logarithmic));
        Chart { name: "<latency>".to_owned(), x, y, lines }
    }

    #[test]
    fn lines_go_through_their_points_from_end_to_end() {
        let svg = chart(vec![Line::new("p99", vec![(0.0, 1.0), (50.0, 10.0), (100.0, 100.0)])]).to_svg();
        assert!(svg.contains("d=\"M70.0 275.0L440.0 152.5L810.0 30.0\""), "{svg}");
        assert!(svg.contains("<title>p99: 50 load, 10 ms</title>"), "{svg}");
    }

    #[test]
    fn what_has_no_place_is_left_out() {
        let nowhere = vec![(1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)];
        assert_eq!(chart(vec![Line::new("p50", nowhere.clone())]).to_svg(), "");
        let some = [nowhere.clone(), vec![(1.0, 2.0)]].concat();
        let svg = chart(vec![Line::new("gone", nowhere), Line::marks("here", some)]).to_svg();
        assert_eq!((svg.matches("<circle").count(), svg.matches("<title>").count()), (2, 1), "{svg}");
        assert!(!svg.contains("gone") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn marks_tell_what_was_measured() {
        let svg = chart(vec![Line::marks("p99", vec![(118.5, 1.0), (1e6, 0.1234567)])]).to_svg();
        assert!(
            svg.contains("p99: 118.5 load, 1 ms<") && svg.contains("p99: 1000000 load, 0.123457 ms<"),
            "{svg}"
        );
    }

    #[test]
    fn long_names_are_cut_and_colours_stay() {
        let long = "x".repeat(60);
        let svg = chart(vec![Line::new("none", vec![]), Line::new(long.as_str(), vec![(1.0, 2.0)])]).to_svg();
        assert!(svg.contains(&format!("<title>{long}</title>{}…<", "x".repeat(37))), "{svg}");
        assert!(svg.contains(COLOURS[1]) && !svg.contains(COLOURS[0]), "{svg}");
    }

    #[test]
    fn text_cannot_become_markup() {
        let svg = chart(vec![Line::new("a<b", vec![(1.0, 2.0)]).with_class("hit")]).to_svg();
        assert!(svg.contains("aria-label=\"&lt;latency&gt;\"") && svg.contains(">a&lt;b<"), "{svg}");
        assert!(!svg.contains("a<b"), "{svg}");
        assert!(svg.contains("class=\"line hit\"") && svg.contains("class=\"hit\""), "{svg}");
    }
}
