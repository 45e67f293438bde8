//! The report as a page.

use loadgen::{Report, html};

use crate::server::{Server, features, status};
use crate::{MISS, brief, load};

fn report(server: &Server) -> Report {
    load(server, &brief()).unwrap()
}

#[test]
fn a_page_has_the_charts_of_what_was_measured_and_its_report() {
    let report = report(&Server::start(|_| async { features(MISS) }));
    let page = html(&report).unwrap();
    for name in [
        "Latency that a share of the requests does not exceed",
        "Latency by intended start",
        "Requests and answers",
    ] {
        assert!(page.contains(&format!("<figure><figcaption>{name}</figcaption>\n<svg ")), "{name}: {page}");
    }
    assert!(page.contains("class=\"line miss\"") && !page.contains("class=\"line refused\""), "{page}");
    let (_, json) = page.split_once("id=\"report\">").unwrap();
    let (json, _) = json.split_once("</script>").unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(json).unwrap(),
        serde_json::to_value(&report).unwrap()
    );
}

#[test]
fn nothing_in_it_comes_from_elsewhere() {
    // No answer has a latency of its own kind, and a rate of each.
    let mut report = report(&Server::start(|_| async { status(500) }));
    report.url = "http://<script>alert(1)</script>&\"".to_owned();
    let page = html(&report).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(
        page.contains("<h1>siftd load: http://&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;</h1>"),
        "{page}"
    );
    assert!(!page.contains("NaN") && !page.contains("inf ") && !page.contains("inf<"), "{page}");
}
