use super::Form;

/// A request to be written.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunked: bool,
}

pub(crate) fn get(target: impl Into<String>) -> Request {
    Request::new("GET", target)
}

/// With a body, which is one of the type of any bytes unless a header says otherwise.
pub(crate) fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
    Request { body: body.into(), ..Request::new("POST", target) }
}

impl Request {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: Vec::new(), body: Vec::new(), chunked: false }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The form as body.
    pub(crate) fn form(self, form: Form) -> Self {
        let (content_type, body) = form.end();
        Self { body, ..self.header("Content-Type", content_type) }
    }

    /// Sends the body in chunks, without saying how long it is.
    pub(crate) fn chunked(self) -> Self {
        Self { chunked: true, ..self }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        if !self.chunked {
            bytes.extend_from_slice(&self.body);
            return bytes;
        }
        for chunk in self.body.chunks(10_007) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }

    /// Without the body, up to the empty line.
    pub(crate) fn head(&self) -> String {
        let Self { method, target, .. } = self;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: siftd\r\n");
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.chunked {
            head += "Transfer-Encoding: chunked\r\n";
        } else if !self.body.is_empty() || self.method == "POST" {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        head + "\r\n"
    }
}
