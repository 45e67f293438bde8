//! `multipart/form-data` (RFC 7578, RFC 2046) in one pass over the chunks of a body, without copying its parts.

mod boundary;
mod error;
mod head;
mod scanner;
#[cfg(test)]
mod tests;

pub(crate) use boundary::Boundary;
pub(crate) use error::MultipartError;
pub(crate) use head::PartHead;
pub(crate) use scanner::{Event, Scanner};

/// Most bytes of the headers of one part.
const HEAD_LIMIT: usize = 8 << 10;
