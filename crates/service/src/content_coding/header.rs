use super::CodingError;

/// The header of a gzip member (RFC 1952, 2.3), a byte at a time. Its optional fields are passed over, whatever their
/// length, and so is its own checksum.
#[derive(Debug)]
pub(super) struct Header {
    field: Field,
    /// Bits of the optional fields that are still to come.
    flags: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// The fields of fixed size, so many bytes of which were there.
    Fixed(usize),
    ExtraLength,
    /// The low byte of the length was this.
    ExtraLengthHigh(u8),
    /// So many bytes more.
    Skipped(u16),
    /// File name or comment, up to a zero.
    Text,
    /// The header is whole.
    End,
}

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FLAGS_AT: usize = MAGIC.len();
const FIXED_LENGTH: usize = 10;
const RESERVED: u8 = 0b1110_0000;

/// Flags and fields in the order of the fields: extra field, name, comment, checksum.
const OPTIONAL: [(u8, Field); 4] =
    [(1 << 2, Field::ExtraLength), (1 << 3, Field::Text), (1 << 4, Field::Text), (1 << 1, Field::Skipped(2))];

impl Header {
    /// Nothing of it read yet.
    pub(super) const fn new() -> Self {
        Self { field: Field::Fixed(0), flags: 0 }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.field != Field::Fixed(0)
    }

    /// Takes the next byte, and tells whether it was the last.
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, CodingError> {
        self.field = match self.field {
            Field::Fixed(at) => {
                self.check_fixed(at, byte)?;
                if at + 1 < FIXED_LENGTH { Field::Fixed(at + 1) } else { self.next_field() }
            }
            Field::ExtraLength => Field::ExtraLengthHigh(byte),
            Field::ExtraLengthHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.next_field(),
                length => Field::Skipped(length),
            },
            Field::Skipped(missing @ 2..) => Field::Skipped(missing - 1),
            Field::Text if byte != 0 => Field::Text,
            Field::Skipped(_) | Field::Text | Field::End => self.next_field(),
        };
        Ok(self.field == Field::End)
    }

    fn check_fixed(&mut self, at: usize, byte: u8) -> Result<(), CodingError> {
        if at == FLAGS_AT {
            self.flags = byte;
        }
        if self.flags & RESERVED != 0 || MAGIC.get(at).is_some_and(|&expected| byte != expected) {
            return Err(CodingError::Corrupt);
        }
        Ok(())
    }

    fn next_field(&mut self) -> Field {
        let Some((flag, field)) = OPTIONAL.into_iter().find(|(flag, _)| self.flags & flag != 0) else {
            return Field::End;
        };
        self.flags &= !flag;
        field
    }
}
