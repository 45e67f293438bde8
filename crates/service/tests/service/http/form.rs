/// A `multipart/form-data` body as a browser writes it.
#[derive(Default)]
pub(crate) struct Form {
    body: Vec<u8>,
}

const BOUNDARY: &str = "----boundary7MA4YWxk";

impl Form {
    /// A form with one image.
    pub(crate) fn image(bytes: &[u8]) -> Self {
        Self::default().file("image", "picture", bytes)
    }

    pub(crate) fn file(mut self, field: &str, name: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// What there is so far, without the closing boundary.
    pub(crate) fn begun(self) -> Vec<u8> {
        self.body
    }

    /// The content type, and the body with its closing boundary.
    pub(crate) fn end(self) -> (String, Vec<u8>) {
        let end = format!("--{BOUNDARY}--\r\n");
        (Self::content_type(), [self.body, end.into_bytes()].concat())
    }
}
