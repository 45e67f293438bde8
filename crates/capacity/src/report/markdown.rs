use std::fmt::Write;

use chart::number;

use super::{Cell, Document, Section, Table};

pub(super) fn render(document: &Document) -> String {
    let mut text = format!("# {}\n", document.title);
    for part in &document.sections {
        section(&mut text, part);
    }
    text
}

// Writing to a String cannot fail.
fn section(text: &mut String, section: &Section) {
    let _ = write!(text, "\n## {}\n", section.title);
    for note in &section.notes {
        let _ = write!(text, "\n{note}\n");
    }
    if !section.figures.is_empty() {
        text.push_str("\n| | | unit | formula | source |\n|---|---:|---|---|---|\n");
    }
    for figure in &section.figures {
        let value = number(figure.value);
        let name = escaped(&figure.name);
        let (formula, source) = (escaped(figure.formula), escaped(&figure.source));
        let _ = writeln!(text, "| {name} | {value} | {} | {formula} | {source} |", figure.unit);
    }
    section.tables.iter().for_each(|part| table(text, part));
    for attachment in &section.attachments {
        let _ = write!(text, "\n`{}`:\n\n```{}\n", attachment.name, attachment.language);
        let _ = writeln!(text, "{}\n```", attachment.text.trim_end());
    }
}

fn table(text: &mut String, table: &Table) {
    let _ = write!(text, "\n### {}\n\n", table.name);
    let numeric =
        |column: usize| table.rows.iter().all(|row| !matches!(row.get(column), Some(Cell::Text(_)) | None));
    let mut line = |cells: Vec<String>| {
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    line(table.columns.iter().map(|name| escaped(name)).collect());
    let rule = |column| if numeric(column) { "---:" } else { "---" }.to_owned();
    line((0..table.columns.len()).map(rule).collect());
    for row in &table.rows {
        line(row.iter().map(|value| escaped(&value.to_string())).collect());
    }
    let _ = write!(text, "\n{}; {}.\n", table.formula, table.source);
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
