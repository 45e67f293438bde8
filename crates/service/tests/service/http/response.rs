use std::fmt;

use serde_json::Value;

/// An answer as it came.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Of the head, up to the empty line.
    pub(super) fn parse(head: &[u8]) -> Self {
        let head = std::str::from_utf8(head).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap();
        let status = status[..3].parse().unwrap();
        let headers = lines.filter(|line| !line.is_empty()).map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: Vec::new() }
    }

    /// The value of a header that is there at most once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }

    /// The value of a header that must be there.
    #[track_caller]
    pub(crate) fn expect(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The lines of a batch's answer.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks that the features were found, and hands the answer on.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{self:?}");
        self
    }

    /// Checks that it is a problem of the contract, with all its members, and returns the document.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let document = self.json();
        assert_problem(&document, status, code);
        assert_eq!(document["request_id"], self.expect("x-request-id"));
        document
    }
}

/// Checks the members of a problem document.
#[track_caller]
pub(crate) fn assert_problem(document: &Value, status: u16, code: &str) {
    assert_eq!(document["error_code"], code, "{document}");
    assert_eq!(document["status"], status, "{document}");
    assert_eq!(document["type"], format!("urn:siftd:problem:{code}"));
    assert_eq!(document["success"], false);
    assert_eq!(document["detail"], document["message"]);
    assert!(document["details"].is_object(), "{document}");
    for text in ["title", "detail", "request_id"] {
        assert!(document[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {document}");
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = &self.body[..self.body.len().min(2000)];
        write!(f, "{} {:?} {}", self.status, self.headers, body.escape_ascii())
    }
}
