//! A plan as a document: sections of figures and tables, and its forms.

mod html;
mod markdown;
mod text;

use std::fmt;

use chart::{Axis, Chart, Line, number};
use serde::Serialize;

pub use chart::Scale;

/// A figure, with what it was reckoned by and from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Name for programs, unique in its section.
    pub key: &'static str,
    /// Name for people.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// How it is reckoned.
    pub formula: &'static str,
    /// What was measured or given for it, or who gave the formula.
    pub source: String,
}

/// What stands in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
    /// Nothing: it does not apply, or has no bound.
    None,
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::None }
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::None, Self::from)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => formatter.write_str(&number(*value)),
            Self::Text(text) => formatter.write_str(text),
            Self::None => formatter.write_str("-"),
        }
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// Rows of figures that are reckoned alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Name for programs, unique in its section.
    pub key: &'static str,
    /// What it shows.
    pub name: String,
    /// Names of the columns, with their units.
    pub columns: Vec<String>,
    /// Rows, each as long as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// How its figures are reckoned.
    pub formula: &'static str,
    /// What was measured or given for them.
    pub source: String,
}

/// Lines over a common axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plot {
    /// What it shows.
    pub name: String,
    /// Name of the horizontal axis, with its unit.
    pub x: String,
    /// Name of the vertical axis, with its unit.
    pub y: String,
    /// Lines: their names and points.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
    /// Scale of the horizontal axis.
    pub x_scale: Scale,
    /// Scale of the vertical axis.
    pub y_scale: Scale,
}

impl Plot {
    /// An `svg` element of it, 900 x 320, for a page or within another image; empty where there is nothing to show.
    pub fn to_svg(&self) -> String {
        let lines = self.lines.iter().map(|(name, points)| Line::new(name.as_str(), points.clone()));
        let chart = Chart {
            name: self.name.clone(),
            x: Axis::new(self.x.as_str(), self.x_scale),
            y: Axis::new(self.y.as_str(), self.y_scale),
            lines: lines.collect(),
        };
        chart.to_svg()
    }
}

/// A file that goes with the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attachment {
    /// Its name.
    pub name: &'static str,
    /// What it is written in, as in a fenced block.
    pub language: &'static str,
    /// What is in it.
    pub text: String,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Section {
    /// Name for programs, unique in the document.
    pub key: &'static str,
    /// Heading.
    pub title: String,
    /// What to know for reading it.
    pub notes: Vec<String>,
    /// Figures of their own.
    pub figures: Vec<Figure>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Plots.
    pub plots: Vec<Plot>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

impl Section {
    /// The value of a figure.
    pub fn value(&self, key: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.key == key).map(|figure| figure.value)
    }
}

/// A document: what a plan is written as.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its parts.
    pub sections: Vec<Section>,
}

impl Document {
    /// The section of this key.
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }

    /// For a terminal.
    pub fn to_text(&self) -> String {
        text::render(self)
    }

    /// Markdown (`CommonMark` with tables).
    pub fn to_markdown(&self) -> String {
        markdown::render(self)
    }

    /// One page of HTML with its plots in it, which loads nothing.
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}

#[cfg(test)]
mod tests;
