use super::*;

fn document() -> Document {
    let figure = Figure {
        key: "bound",
        name: "requests a second".to_owned(),
        value: 198.4,
        unit: "1/s",
        formula: "cores / demand",
        source: "profile <of> \"here\"".to_owned(),
    };
    let table = Table {
        key: "rates",
        name: "by | hit ratio".to_owned(),
        columns: vec!["case".to_owned(), "rate, 1/s".to_owned()],
        rows: vec![vec!["a|b".into(), 1234.5.into()], vec!["none".into(), f64::INFINITY.into()]],
        formula: "x",
        source: "y".to_owned(),
    };
    let plot = Plot {
        name: "latency".to_owned(),
        x: "load".to_owned(),
        y: "s".to_owned(),
        lines: vec![("p99".to_owned(), vec![(0.5, 0.1), (0.8, 0.4)])],
        x_scale: Scale::Linear,
        y_scale: Scale::Logarithmic,
    };
    let attachment = Attachment { name: ".env", language: "sh", text: "SIFTD_THREADS=2\n".to_owned() };
    let section = Section {
        key: "all",
        title: "All".to_owned(),
        notes: vec!["A note.".to_owned()],
        figures: vec![figure],
        tables: vec![table],
        plots: vec![plot],
        attachments: vec![attachment],
    };
    Document { title: "A plan".to_owned(), sections: vec![section] }
}

#[test]
fn text_is_in_columns() {
    let text = document().to_text();
    assert!(text.contains("  requests a second           198 1/s\n"), "{text}");
    assert!(text.contains("= cores / demand; profile <of>"), "{text}");
    assert!(
        text.contains("  case  rate, 1/s\n  ----  ---------\n  a|b       1,235\n  none          -\n"),
        "{text}"
    );
}

#[test]
fn markdown_has_its_tables_whole() {
    let markdown = document().to_markdown();
    assert!(markdown.contains("| a\\|b | 1,235 |"), "{markdown}");
    assert!(markdown.contains("```sh\nSIFTD_THREADS=2\n```"), "{markdown}");
}

#[test]
fn html_loads_nothing_and_escapes_all() {
    let html = document().to_html();
    assert!(html.contains("profile &lt;of&gt; &quot;here&quot;"));
    assert!(html.contains("<figure><figcaption>latency</figcaption>\n<svg "));
    assert!(!html.contains("http") && !html.contains("<script"));
}

#[test]
fn json_has_the_figures_by_key() {
    let json = serde_json::to_value(document()).unwrap();
    assert_eq!(json["sections"][0]["figures"][0]["value"], 198.4);
    assert_eq!(json["sections"][0]["tables"][0]["rows"][1][1], serde_json::Value::Null);
    assert_eq!(document().section("all").and_then(|section| section.value("bound")), Some(198.4));
}
