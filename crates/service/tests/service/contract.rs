//! `/openapi.json` and the pages.

use serde_json::Value;

use crate::http::{DETECT, Request, Service, get};

#[test]
fn every_operation_of_the_contract_exists_and_tells_its_problems() {
    let service = Service::start();
    let contract = service.ask(&get("/openapi.json")).ok();
    assert_eq!(contract.expect("content-type"), "application/json");
    let contract = contract.json();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = contract["paths"].as_object().unwrap();
    assert!(paths.len() >= 7 && paths.contains_key(DETECT), "{:?}", paths.keys());
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let target = path.replace("{sha256}", &"0".repeat(64));
            let answer = service.ask(&Request::new(verb(method), target));
            assert_ne!(answer.status, 405, "{method} {path}");
            if answer.status == 404 {
                assert!(
                    !answer.json()["detail"].as_str().unwrap().contains("nothing at this path"),
                    "{path}"
                );
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key(&answer.status.to_string()), "{method} {path}: {}", answer.status);
            if path.starts_with("/api/") {
                assert_problems(&(method.as_str(), path.as_str()), responses);
            }
        }
    }
    let schema = &contract["components"]["schemas"]["Problem"]["properties"];
    for member in
        ["type", "title", "status", "detail", "success", "error_code", "message", "details", "request_id"]
    {
        assert!(schema[member].is_object(), "{member}");
    }
}

fn verb(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "post" => "POST",
        other => panic!("{other}"),
    }
}

/// Each operation tells the problems that it can have, and no others.
fn assert_problems(operation: &(&str, &str), responses: &serde_json::Map<String, Value>) {
    let own: &[&str] = match operation {
        ("get", "/api/v1/capacity") => &[],
        ("get", "/api/v1/features/{sha256}") => &["400", "404", "406"],
        ("post", "/api/v1/features/detect" | "/api/v1/features/batch") => {
            &["400", "406", "408", "413", "415", "504"]
        }
        _ => panic!("{operation:?}"),
    };
    let mut expected = [own, &["401", "403", "405", "429", "500", "503"]].concat();
    expected.sort();
    let problems = responses.iter().filter(|(status, _)| status.as_str() >= "400");
    let told: Vec<_> = problems
        .map(|(status, response)| {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{operation:?}: {status}");
            status.as_str()
        })
        .collect();
    assert_eq!(told, expected, "{operation:?}");
}

/// All references lead somewhere.
#[test]
fn the_contract_is_whole() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let contract = Service::start().ask(&get("/openapi.json")).json();
    let mut found = Vec::new();
    references(&contract, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(contract.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn pages_come_with_a_policy_and_answers_are_not_sniffed() {
    let service = Service::start();
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/docs/", "text/html"),
        ("/docs/swagger-ui.css", "text/css"),
    ] {
        let answer = service.ask(&get(path)).ok();
        assert!(!answer.body.is_empty());
        assert_eq!(answer.expect("content-type"), media_type, "{path}");
        let policy = answer.expect("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("script-src"), "scripts come from the service itself: {policy}");
        assert_eq!(answer.expect("referrer-policy"), "no-referrer");
    }
    for path in ["/", "/docs/", "/nowhere", "/health", "/metrics", "/openapi.json"] {
        assert_eq!(service.ask(&get(path)).expect("x-content-type-options"), "nosniff", "{path}");
    }
    let redirect = service.ask(&get("/docs"));
    assert!((300..400).contains(&redirect.status), "{redirect:?}");
    assert_eq!(redirect.expect("location"), "/docs/");
}

/// No page has a script or a handler of its own, which the policy would keep from running.
#[test]
fn pages_keep_to_the_policy() {
    let service = Service::start();
    for path in ["/", "/docs/"] {
        let page = String::from_utf8(service.ask(&get(path)).ok().body).unwrap();
        for script in page.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src="), "{path}: {tag}");
            assert!(rest.trim_start().starts_with("</script>"), "{path}: {rest}");
            assert!(!tag.contains("http"), "{path}: {tag}");
        }
        assert!(!page.contains("onclick=") && !page.contains("onload="), "{path}");
    }
}
