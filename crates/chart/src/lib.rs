//! Charts of lines as SVG that loads nothing and runs nothing, and text for people: [numbers](number), [markup](escaped).
//!
//! ```
//! use chart::{Axis, Chart, Line, Scale};
//!
//! let line = Line::new("misses", vec![(10.0, 52.0), (20.0, 75.0), (40.0, 340.0)]);
//! let chart = Chart {
//!     name: "99 % of answers come within".to_owned(),
//!     x: Axis::new("requests a second", Scale::Linear),
//!     y: Axis::new("ms", Scale::Logarithmic),
//!     lines: vec![line],
//! };
//! assert!(chart.to_svg().starts_with("<svg "));
//! ```

mod draw;
mod escape;
mod number;
mod scale;

pub use crate::escape::escaped;
pub use crate::number::number;
pub use crate::scale::Scale;

/// Lines over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows; read aloud in its place, not written into it.
    pub name: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Lines, named beside the chart in this order.
    pub lines: Vec<Line>,
}

/// One of the two directions of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    name: String,
    scale: Scale,
}

/// Points of a chart that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    name: String,
    class: &'static str,
    joined: bool,
    points: Vec<(f64, f64)>,
}

impl Chart {
    /// An `svg` element of 900 x 320, for a page or within another image. Points that have no place (not finite, or not above
    /// zero on a logarithmic axis) are left out; it is empty where no point is left.
    ///
    /// Colours are attributes, which style sheets of a page take precedence over: `line` and a line's own class, `grid`, `text`.
    pub fn to_svg(&self) -> String {
        draw::svg(self)
    }
}

impl Axis {
    /// An axis of this name, which has the unit, with room for the points of the chart.
    pub fn new(name: impl Into<String>, scale: Scale) -> Self {
        Self { name: name.into(), scale }
    }
}

impl Line {
    /// Points that are joined in the order in which they are given.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), class: "", joined: true, points }
    }

    /// Points alone.
    pub fn marks(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { joined: false, ..Self::new(name, points) }
    }

    /// With a class for style sheets: letters, digits and hyphens.
    pub fn with_class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}
