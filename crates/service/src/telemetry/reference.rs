use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What is known of a metric from its text form.
#[derive(Debug, Default)]
struct Metric<'a> {
    kind: &'a str,
    help: &'a str,
    labels: BTreeSet<&'a str>,
}

/// The reference page's table of metrics, by name: type, labels and meaning of each.
///
/// `encoded` is a registry in the text form of OpenMetrics, as it is scraped. Labels are read from samples, so each metric
/// that has labels must have one.
pub fn metrics_markdown(encoded: &str) -> String {
    let mut markdown = "| metric | type | labels | meaning |\n|---|---|---|---|\n".to_owned();
    for (name, metric) in metrics(encoded) {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let (labels, help) = (labels.join(", "), metric.help.replace('|', "\\|"));
        // Writing to a string does not fail.
        let _ = writeln!(markdown, "| `{name}` | {} | {labels} | {help} |", metric.kind);
    }
    markdown
}

/// All metrics by the names of their samples. One that is described twice is one, with the labels of both.
fn metrics(encoded: &str) -> BTreeMap<String, Metric<'_>> {
    let mut metrics = BTreeMap::new();
    let (mut help, mut current) = ("", None);
    for line in encoded.lines() {
        if let Some(text) = line.strip_prefix("# HELP ") {
            help = text.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|text| text.split_once(' '))
        {
            let name = format!("{name}{}", suffix(kind));
            let metric: &mut Metric<'_> = metrics.entry(name).or_default();
            (metric.kind, metric.help) = (kind, help);
            current = Some(metric);
        } else if let (false, Some(metric)) = (line.starts_with('#'), &mut current) {
            metric.labels.extend(labels(line).filter(|&label| !made_by_type(metric.kind, label)));
        }
    }
    metrics
}

/// What the samples of a type have after the metric's name.
fn suffix(kind: &str) -> &'static str {
    match kind {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    }
}

/// Whether the label is part of how the type is written.
fn made_by_type(kind: &str, label: &str) -> bool {
    kind == "histogram" && label == "le"
}

/// The names of a sample's labels.
fn labels(sample: &str) -> impl Iterator<Item = &str> {
    let mut rest = sample.split_once('{').map_or("", |(_, labels)| labels);
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once("=\"")?;
        rest = after_value(value).trim_start_matches(',');
        Some(name)
    })
}

/// What follows a label's value, whose quotes are escaped.
fn after_value(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;
    use prometheus_client::encoding::text;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::info::Info;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::route::Route;
    use crate::telemetry::http_metrics::HttpMetrics;

    fn markdown(registry: &Registry) -> String {
        let mut encoded = String::new();
        text::encode(&mut encoded, registry).unwrap();
        metrics_markdown(&encoded)
    }

    #[test]
    fn names_types_labels_and_meanings_come_from_the_registry() {
        let mut registry = Registry::with_prefix("siftd");
        let metrics = HttpMetrics::register(&mut registry, Counter::default());
        metrics.answered(Route::Page, StatusCode::OK, Duration::ZERO);
        assert_eq!(
            markdown(&registry),
            "\
| metric | type | labels | meaning |
|---|---|---|---|
| `siftd_body_bytes_in_flight` | gauge |  | Bytes of bodies in memory, of uploads and of answers with features. |
| `siftd_connections` | gauge |  | Open connections. |
| `siftd_log_lines_dropped_total` | counter |  | Log lines left out, because they were too many or could not be written. |
| `siftd_request_duration_seconds` | histogram | `route` | From the end of a request's head until its answer is known, of a batch its last line. |
| `siftd_requests_in_flight` | gauge |  | Requests that are not answered yet. |
| `siftd_requests_total` | counter | `route`, `status` | Requests answered. |
"
        );
    }

    #[test]
    fn values_may_hold_anything_and_tables_stay_tables() {
        let mut registry = Registry::default();
        let family = Family::<Vec<(&str, &str)>, Counter>::default();
        family.get_or_create(&vec![("b", "\",c=\"}\\"), ("a", "x=\"y,{")]).inc();
        registry.register("odd", "This | that", family);
        registry.register("build", "", Info::new(vec![("version", "1")]));
        assert_eq!(
            markdown(&registry).lines().skip(2).collect::<Vec<_>>(),
            [
                "| `build_info` | info | `version` | . |",
                "| `odd_total` | counter | `a`, `b` | This \\| that. |"
            ]
        );
    }

    #[test]
    fn a_metric_described_twice_is_one() {
        let encoded =
            "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\n# HELP a A.\n# TYPE a gauge\na{y=\"1\"} 1\n# EOF\n";
        let table = metrics_markdown(encoded);
        assert!(table.ends_with("|---|---|---|---|\n| `a` | gauge | `x`, `y` | A. |\n"), "{table}");
    }
}
