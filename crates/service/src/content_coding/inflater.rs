use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};

use super::CodingError;

/// Most bytes handed on at a time.
const CHUNK: usize = 32 << 10;

/// Inflates streams one after the other until they come to more than the limit in all.
pub(super) struct Inflater {
    stream: Decompress,
    scratch: Box<[u8]>,
    /// How many more bytes are allowed.
    left: u64,
    limit: u64,
}

impl Inflater {
    pub(super) fn new(limit: u64) -> Self {
        let scratch = vec![0; CHUNK].into_boxed_slice();
        Self { stream: Decompress::new(false), scratch, left: limit, limit }
    }

    /// Begins a stream.
    pub(super) fn reset(&mut self, has_zlib_header: bool) {
        self.stream.reset(has_zlib_header);
    }

    /// Takes input up to the end of the stream, and tells whether that was reached.
    pub(super) fn run(
        &mut self,
        input: &mut &[u8],
        out: &mut impl FnMut(Bytes),
    ) -> Result<bool, CodingError> {
        loop {
            let (taken_before, made_before) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(input, &mut self.scratch, FlushDecompress::None);
            let status = status.map_err(|_| CodingError::Corrupt)?;
            let taken = self.stream.total_in() - taken_before;
            let made = self.stream.total_out() - made_before;
            *input = usize::try_from(taken).ok().and_then(|taken| input.get(taken..)).unwrap_or_default();
            self.left = self.left.checked_sub(made).ok_or(CodingError::TooLarge { limit: self.limit })?;
            if let Some(made) = usize::try_from(made).ok().and_then(|made| self.scratch.get(..made))
                && !made.is_empty()
            {
                out(Bytes::copy_from_slice(made));
            }
            match status {
                Status::StreamEnd => return Ok(true),
                Status::Ok | Status::BufError if taken == 0 && made == 0 => {
                    return if input.is_empty() { Ok(false) } else { Err(CodingError::Corrupt) };
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }
}
