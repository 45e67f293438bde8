use axum::body::Body;
use bytes::{Bytes, BytesMut};
use extract::Limits;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::budget::Share;
use super::reader::{BodyReader, stated_length};
use crate::app::App;
use crate::multipart::{Boundary, Event, Scanner};
use crate::problem::{ErrorCode, Problem};

/// What a form may have beside its image.
const FORM_OVERHEAD: u64 = 64 << 10;

/// The field that the image is in.
pub(crate) const FIELD: &str = "image";

/// Takes one image in: the field `image` of a form, or else the body itself. It is copied once, into a buffer of the length
/// that is stated; where none is, or a shorter one before decoding, the buffer grows.
pub(crate) async fn receive(app: &App, parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    let limits = app.engine.config().limits;
    let form = is_form(&parts.headers);
    let most = limits.max_bytes.saturating_add(if form { FORM_OVERHEAD } else { 0 });
    let mut reader = BodyReader::new(&parts.headers, body, most, app.config.bounds.body_timeout)?;
    let stated = stated_length(&parts.headers).unwrap_or(0);
    if stated > most {
        let detail = format!("the body has {stated} bytes, but an image may have {}", limits.max_bytes);
        return Err(Problem::too_large(detail, &limits));
    }
    app.bodies.has_room_for(stated)?;
    let mut image = Buffer::new(app, stated);
    let received = if form {
        let boundary = boundary(&parts.headers)?;
        read_form(&mut reader, &boundary, &mut image).await
    } else {
        read_all(&mut reader, &mut image).await
    };
    received.map_err(|problem| match problem.code {
        ErrorCode::ImageTooLarge => Problem::too_large(problem.detail, &limits),
        _ => problem,
    })?;
    Ok(image.into_bytes())
}

/// Whether the body is a form, well-formed or not.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    content_type(headers)
        .is_some_and(|value| value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")))
}

pub(crate) fn boundary(headers: &HeaderMap) -> Result<Boundary, Problem> {
    Ok(Boundary::from_content_type(content_type(headers).unwrap_or_default())?)
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// An image as it comes in.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: BytesMut,
    share: Share,
    limits: Limits,
}

impl Buffer {
    /// Empty, with room for the bytes that are stated.
    pub(crate) fn new(app: &App, stated: u64) -> Self {
        let limits = app.engine.config().limits;
        let capacity = usize::try_from(stated.min(limits.max_bytes)).unwrap_or(0);
        Self {
            bytes: BytesMut::with_capacity(capacity),
            share: app.bodies.share(app.metrics.body(0)),
            limits,
        }
    }

    /// Takes more of the image.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.share.take(chunk.len() as u64)?;
        let length = self.bytes.len() as u64 + chunk.len() as u64;
        if length > self.limits.max_bytes {
            let detail = format!("the image has more than the {} bytes allowed", self.limits.max_bytes);
            return Err(Problem::too_large(detail, &self.limits));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The image, with its share of the budget.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.share.hold(self.bytes.freeze())
    }
}

async fn read_all(reader: &mut BodyReader, image: &mut Buffer) -> Result<(), Problem> {
    while let Some(chunk) = reader.chunk().await? {
        image.push(&chunk)?;
    }
    if image.bytes.is_empty() {
        return Err(Problem::bad_request(
            "the request has no image: send it as the body, or as the field `image` of a form",
        ));
    }
    Ok(())
}

async fn read_form(reader: &mut BodyReader, boundary: &Boundary, image: &mut Buffer) -> Result<(), Problem> {
    let mut scanner = Scanner::new(boundary);
    let (mut found, mut within) = (false, false);
    loop {
        match scanner.next()? {
            Event::NeedMore => match reader.chunk().await? {
                Some(chunk) => scanner.push(chunk),
                None => scanner.finish(),
            },
            Event::Part(head) => {
                within = head.name.as_deref() == Some(FIELD);
                if within && found {
                    return Err(Problem::bad_request(
                        "the form has several fields `image`: send several images to /api/v1/features/batch",
                    ));
                }
                found |= within;
            }
            Event::Data(data) if within => image.push(&data)?,
            Event::Data(_) => {}
            Event::PartEnd => within = false,
            Event::End => break,
        }
    }
    // What follows the form is of no interest, but belongs to the body.
    while reader.chunk().await?.is_some() {}
    if found { Ok(()) } else { Err(Problem::bad_request("the form has no field `image`")) }
}
