use std::fmt::Write;

use chart::{escaped, number};

use super::{Cell, Document, Section, Table};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;\
background:#fff}table{border-collapse:collapse;margin:1rem 0;font-size:14px}th,td{border-bottom:1px solid #ddd;\
padding:.3rem .6rem;text-align:left;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}\
caption{text-align:left;font-weight:600;padding:.3rem 0}.f{color:#666;font-size:13px}pre{background:#f5f5f5;padding:1rem;\
overflow-x:auto}svg{max-width:100%;height:auto}";

pub(super) fn render(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    for part in &document.sections {
        section(&mut html, part);
    }
    html.push_str("</body></html>\n");
    html
}

// Writing to a String cannot fail.
fn section(html: &mut String, section: &Section) {
    let _ = writeln!(html, "<h2 id=\"{}\">{}</h2>", escaped(section.key), escaped(&section.title));
    for note in &section.notes {
        let _ = writeln!(html, "<p>{}</p>", escaped(note));
    }
    if !section.figures.is_empty() {
        html.push_str("<table>\n");
        for figure in &section.figures {
            let _ = writeln!(
                html,
                "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"f\">{}; {}</td></tr>",
                escaped(&figure.name),
                number(figure.value),
                escaped(figure.unit),
                escaped(figure.formula),
                escaped(&figure.source)
            );
        }
        html.push_str("</table>\n");
    }
    for part in &section.plots {
        let (name, svg) = (escaped(&part.name), part.to_svg());
        if !svg.is_empty() {
            let _ = writeln!(html, "<figure><figcaption>{name}</figcaption>\n{svg}</figure>");
        }
    }
    section.tables.iter().for_each(|part| table(html, part));
    for attachment in &section.attachments {
        let (name, text) = (escaped(attachment.name), escaped(&attachment.text));
        let _ = writeln!(html, "<p><code>{name}</code></p>\n<pre>{text}</pre>");
    }
}

fn table(html: &mut String, table: &Table) {
    let _ = write!(html, "<table><caption>{}</caption>\n<tr>", escaped(&table.name));
    for column in &table.columns {
        let _ = write!(html, "<th>{}</th>", escaped(column));
    }
    html.push_str("</tr>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for value in row {
            let class = if matches!(value, Cell::Text(_)) { "" } else { " class=\"n\"" };
            let _ = write!(html, "<td{class}>{}</td>", escaped(&value.to_string()));
        }
        html.push_str("</tr>\n");
    }
    let _ =
        writeln!(html, "</table>\n<p class=\"f\">{}; {}</p>", escaped(table.formula), escaped(&table.source));
}
