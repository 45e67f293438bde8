use bytes::Bytes;
use flate2::Crc;

use super::CodingError;
use super::header::Header;
use super::inflater::Inflater;

/// Where in a gzip file (RFC 1952) the decoder is.
pub(super) struct Gzip {
    place: Place,
    /// Sum and length of the member's content so far.
    sum: Crc,
    /// Whether a member has ended.
    whole: bool,
}

enum Place {
    Header(Header),
    Content,
    /// What the content should have been, and how many bits of that were there.
    Trailer {
        value: u64,
        bits: u32,
    },
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { place: Place::Header(Header::new()), sum: Crc::new(), whole: false }
    }

    /// Takes all input.
    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        inflater: &mut Inflater,
        out: &mut impl FnMut(Bytes),
    ) -> Result<(), CodingError> {
        while let Some((&byte, rest)) = input.split_first() {
            match &mut self.place {
                Place::Header(header) => {
                    input = rest;
                    if header.take(byte)? {
                        inflater.reset(false);
                        self.sum.reset();
                        self.place = Place::Content;
                    }
                }
                Place::Content => {
                    let sum = &mut self.sum;
                    let ended = inflater.run(&mut input, &mut |content| {
                        sum.update(&content);
                        out(content);
                    })?;
                    if ended {
                        self.place = Place::Trailer { value: 0, bits: 0 };
                    }
                }
                Place::Trailer { value, bits } => {
                    input = rest;
                    *value |= u64::from(byte) << *bits;
                    *bits += u8::BITS;
                    if *bits == u64::BITS {
                        let expected = *value;
                        self.end_member(expected)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn end_member(&mut self, expected: u64) -> Result<(), CodingError> {
        if expected != u64::from(self.sum.sum()) | u64::from(self.sum.amount()) << 32 {
            return Err(CodingError::Corrupt);
        }
        self.whole = true;
        self.place = Place::Header(Header::new());
        Ok(())
    }

    /// Whether the input may end here.
    pub(super) fn may_end(&self) -> bool {
        self.whole && matches!(&self.place, Place::Header(header) if !header.has_begun())
    }
}
