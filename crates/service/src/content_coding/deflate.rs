use bytes::Bytes;

use super::CodingError;
use super::inflater::Inflater;

/// Where in a `deflate` body the decoder is.
pub(super) enum Deflate {
    /// Before the second byte, which tells whether there is a zlib header (RFC 1950, 2.2); the first, if it was there.
    Start(Option<u8>),
    Content,
    End,
}

impl Deflate {
    /// Takes all input.
    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        inflater: &mut Inflater,
        out: &mut impl FnMut(Bytes),
    ) -> Result<(), CodingError> {
        while let Some((&byte, rest)) = input.split_first() {
            *self = match *self {
                Self::Start(None) => {
                    input = rest;
                    Self::Start(Some(byte))
                }
                Self::Start(Some(first)) => {
                    inflater.reset(is_zlib_header(first, byte));
                    // The input goes on with the second byte.
                    match inflater.run(&mut [first].as_slice(), out)? {
                        true => Self::End,
                        false => Self::Content,
                    }
                }
                Self::Content => match inflater.run(&mut input, out)? {
                    true => Self::End,
                    false => Self::Content,
                },
                Self::End => return Err(CodingError::Corrupt),
            }
        }
        Ok(())
    }

    /// Whether the input may end here.
    pub(super) fn may_end(&self) -> bool {
        matches!(self, Self::End)
    }
}

fn is_zlib_header(first: u8, second: u8) -> bool {
    first & 0xf == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}
