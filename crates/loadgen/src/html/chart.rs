use std::fmt::Write;

use super::axis::Axis;

/// Lines over two axes.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// One of them, in the order of x.
#[derive(Debug)]
pub(super) struct Line {
    name: &'static str,
    /// Of the style sheet.
    class: &'static str,
    /// Whether its points are joined.
    joined: bool,
    pub(super) points: Vec<(f64, f64)>,
}

impl Line {
    pub(super) fn new(name: &'static str, class: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name, class, joined: true, points }
    }

    /// Points alone.
    pub(super) fn marks(name: &'static str, class: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { joined: false, ..Self::new(name, class, points) }
    }
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 300.0;
/// Around the plot.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 34.0;
/// Between two names.
const NAME: f64 = 92.0;

impl Chart {
    pub(super) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter());
        let x = self.x.around(points().map(|point| point.0));
        let y = self.y.around(points().map(|point| point.1));
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\
             <text class=\"title\" x=\"{LEFT}\" y=\"16\">{title}</text>",
            title = self.title
        );
        grid(&mut svg, &x, &y);
        let drawn = self.lines.iter().filter(|line| !line.points.is_empty());
        for (index, line) in drawn.enumerate() {
            name(&mut svg, line, index);
            draw(&mut svg, line, &x, &y);
        }
        svg + "</svg>"
    }
}

fn across(axis: &Axis, value: f64) -> f64 {
    LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)
}

fn up(axis: &Axis, value: f64) -> f64 {
    HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)
}

fn grid(svg: &mut String, x: &Axis, y: &Axis) {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for (value, text) in x.ticks() {
        let at = across(x, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            bottom + 16.0
        );
    }
    for (value, text) in y.ticks() {
        let at = up(y, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        HEIGHT - 3.0,
        x.unit,
        LEFT - 6.0,
        TOP - 14.0,
        y.unit
    );
}

fn name(svg: &mut String, line: &Line, index: usize) {
    let (left, class) = (LEFT + index as f64 * NAME, line.class);
    let mark = if line.joined {
        format!("<path class=\"line {class}\" d=\"M{left} 31h18\"/>")
    } else {
        format!("<circle class=\"{class}\" cx=\"{}\" cy=\"31\" r=\"3\"/>", left + 9.0)
    };
    let _ = write!(svg, "{mark}<text x=\"{}\" y=\"35\">{}</text>", left + 23.0, line.name);
}

fn draw(svg: &mut String, line: &Line, x: &Axis, y: &Axis) {
    if line.joined {
        let _ = write!(svg, "<path class=\"line {}\" d=\"", line.class);
        for (index, point) in line.points.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(svg, "{command}{:.1} {:.1}", across(x, point.0), up(y, point.1));
        }
        svg.push_str("\"/>");
    }
    for point in &line.points {
        let _ = write!(
            svg,
            "<circle class=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\"><title>{}: {:.6} {}, {:.3} {}</title></circle>",
            line.class,
            across(x, point.0),
            up(y, point.1),
            if line.joined { 1.6 } else { 3.5 },
            line.name,
            point.0,
            x.unit,
            point.1,
            y.unit
        );
    }
}
