//! What the fuzz targets reach of this crate.

use std::num::NonZeroUsize;

use bytes::Bytes;

use crate::multipart::{Boundary, Event, MultipartError, Scanner};

/// Name and content of each part.
pub type Parts = Vec<(Option<String>, Vec<u8>)>;

/// The parts of a body, in chunks of a size, whose boundary is `limit`; and why it is not whole, if so.
pub fn scan_multipart(body: &[u8], chunk: NonZeroUsize) -> (Parts, Option<String>) {
    let mut parts = Parts::new();
    let outcome = Boundary::from_content_type("multipart/form-data; boundary=limit")
        .and_then(|boundary| scan(Scanner::new(&boundary), body.chunks(chunk.get()), &mut parts));
    (parts, outcome.err().map(|error| error.to_string()))
}

fn scan<'a>(
    mut scanner: Scanner,
    mut chunks: impl Iterator<Item = &'a [u8]>,
    parts: &mut Parts,
) -> Result<(), MultipartError> {
    loop {
        match scanner.next()? {
            Event::NeedMore => match chunks.next() {
                Some(chunk) => scanner.push(Bytes::copy_from_slice(chunk)),
                None => scanner.finish(),
            },
            Event::Part(head) => parts.push((head.name, Vec::new())),
            Event::Data(data) => {
                if let Some((_, content)) = parts.last_mut() {
                    content.extend_from_slice(&data);
                }
            }
            Event::PartEnd => {}
            Event::End => return Ok(()),
        }
    }
}
