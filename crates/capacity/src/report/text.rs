use std::fmt::Write;

use chart::number;

use super::{Cell, Document, Section, Table};

/// Longer cells are cut into lines of this.
const WIDEST: usize = 46;

pub(super) fn render(document: &Document) -> String {
    let mut text = format!("{}\n", document.title);
    for part in &document.sections {
        section(&mut text, part);
    }
    text
}

// Writing to a String cannot fail.
fn section(text: &mut String, section: &Section) {
    let _ = write!(text, "\n{}\n{}\n", section.title, "=".repeat(section.title.chars().count()));
    for note in &section.notes {
        let _ = writeln!(text, "{note}");
    }
    let widest = section.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    for figure in &section.figures {
        let value = number(figure.value);
        let _ = writeln!(text, "  {:<widest$}  {value:>12} {}", figure.name, figure.unit);
        let _ = writeln!(text, "  {:<widest$}  = {}; {}", "", figure.formula, figure.source);
    }
    section.tables.iter().for_each(|part| table(text, part));
    for attachment in &section.attachments {
        let _ = writeln!(text, "\n  {}:", attachment.name);
        attachment.text.lines().for_each(|line| {
            let _ = writeln!(text, "    {line}");
        });
    }
}

fn table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "\n  {}", table.name);
    let header: Vec<Vec<String>> = table.columns.iter().map(|name| wrapped(name)).collect();
    let rows: Vec<Vec<Vec<String>>> =
        table.rows.iter().map(|row| row.iter().map(|value| wrapped(&value.to_string())).collect()).collect();
    let longest = |lines: &Vec<String>| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|column| {
            let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
            cells.map(longest).max().unwrap_or(0)
        })
        .collect();
    let numeric: Vec<bool> = (0..table.columns.len())
        .map(|column| table.rows.iter().all(|row| !matches!(row.get(column), Some(Cell::Text(_)) | None)))
        .collect();
    let mut line = |cells: &[Vec<String>]| {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..height {
            let mut written = String::from(" ");
            for ((lines, width), numeric) in cells.iter().zip(&widths).zip(&numeric) {
                let part = lines.get(index).map_or("", String::as_str);
                let _ = if *numeric {
                    write!(written, " {part:>width$} ")
                } else {
                    write!(written, " {part:<width$} ")
                };
            }
            let _ = writeln!(text, "{}", written.trim_end());
        }
    };
    line(&header);
    line(&widths.iter().map(|width| vec!["-".repeat(*width)]).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
    let _ = writeln!(text, "  = {}; {}", table.formula, table.source);
}

/// Lines of words, none wider than may be but for a word that is.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
            } else if line.chars().count() + 1 + word.chars().count() <= WIDEST {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
