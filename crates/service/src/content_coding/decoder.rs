use bytes::Bytes;

use super::deflate::Deflate;
use super::gzip::Gzip;
use super::inflater::Inflater;
use super::{Coding, CodingError};

/// Decodes a body as it comes, with a fixed amount of memory beside what it hands on.
pub(crate) struct Decoder {
    frame: Frame,
    inflater: Inflater,
}

enum Frame {
    Gzip(Gzip),
    Deflate(Deflate),
}

impl Decoder {
    /// For a body of the coding that decodes to `limit` bytes at most.
    pub(crate) fn new(coding: Coding, limit: u64) -> Self {
        let frame = match coding {
            Coding::Gzip => Frame::Gzip(Gzip::new()),
            Coding::Deflate => Frame::Deflate(Deflate::Start(None)),
        };
        Self { frame, inflater: Inflater::new(limit) }
    }

    /// Decodes what follows of the body and hands it to `out` in pieces of at most 32 KiB, never empty, in all never more
    /// than the limit. After an error nothing more may be pushed.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut impl FnMut(Bytes)) -> Result<(), CodingError> {
        match &mut self.frame {
            Frame::Gzip(gzip) => gzip.push(input, &mut self.inflater, out),
            Frame::Deflate(deflate) => deflate.push(input, &mut self.inflater, out),
        }
    }

    /// Checks that the body, now that no more follows, was whole.
    pub(crate) fn finish(&self) -> Result<(), CodingError> {
        let may_end = match &self.frame {
            Frame::Gzip(gzip) => gzip.may_end(),
            Frame::Deflate(deflate) => deflate.may_end(),
        };
        may_end.then_some(()).ok_or(CodingError::Truncated)
    }
}
