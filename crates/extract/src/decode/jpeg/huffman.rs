use super::corrupt;
use crate::ExtractError;

const LOOKAHEAD: u32 = 9;

/// A Huffman table, ready to decode (T.81, Annex C and F.2.2.3).
#[derive(Clone)]
pub(super) struct Table {
    /// For the next 9 bits: length of the code they begin with and its symbol; length 0 means a longer code.
    lookup: Box<[(u8, u8); 1 << LOOKAHEAD]>,
    /// For each length, the first code beyond it, aligned to 16 bits.
    limits: [u32; 17],
    /// What added to a code of a length gives the index of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// From the number of codes of each length and the symbols in order of their codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, ExtractError> {
        let mut lookup = Box::new([(0, 0); 1 << LOOKAHEAD]);
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            offsets[length as usize] = index as i32 - code as i32;
            for symbol in symbols.iter().skip(index).take(count.into()) {
                if code >= 1 << length {
                    return Err(corrupt("a Huffman table has more codes than fit"));
                }
                if length <= LOOKAHEAD {
                    let first = (code << (LOOKAHEAD - length)) as usize;
                    lookup[first..first + (1 << (LOOKAHEAD - length))].fill((length as u8, *symbol));
                }
                code += 1;
            }
            index += usize::from(count);
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Self { lookup, limits, offsets, symbols: symbols.to_vec() })
    }

    /// The code that the next 16 bits begin with: its length and symbol.
    #[inline]
    fn find(&self, next: u32) -> Option<(u32, u8)> {
        let (length, symbol) = self.lookup[(next >> (16 - LOOKAHEAD)) as usize];
        if length > 0 {
            return Some((length.into(), symbol));
        }
        let length = (LOOKAHEAD + 1..=16).find(|&length| next < self.limits[length as usize])?;
        let index = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        Some((length, *self.symbols.get(usize::try_from(index).ok()?)?))
    }
}

/// The bits of an entropy-coded segment: stuffed zeros removed, ending at the first marker. Beyond the end come
/// zeros, which [`is_overrun`](Self::is_overrun) tells.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the highest on.
    buffer: u64,
    available: u32,
    /// Zeros that were appended to `buffer` beyond the end.
    padding: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, available: 0, padding: 0 }
    }

    /// Where the segment was read up to: a marker or the end, once all bits are used.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Bits were used that the segment does not have.
    pub(super) fn is_overrun(&self) -> bool {
        self.padding > self.available
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(&[a, b, c, d]) = self.bytes.get(self.at..self.at + 4)
            && self.available <= 32
            && ![a, b, c, d].contains(&0xff)
        {
            let word = u64::from(u32::from_be_bytes([a, b, c, d]));
            self.buffer |= word << (32 - self.available);
            self.available += 32;
            self.at += 4;
            return;
        }
        self.fill_by_bytes();
    }

    #[cold]
    fn fill_by_bytes(&mut self) {
        while self.available <= 56 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff) | None, _) => {
                    self.padding += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.available);
            self.available += 8;
        }
    }

    #[inline]
    fn consume(&mut self, count: u32) {
        self.buffer <<= count;
        self.available -= count;
    }

    #[inline]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, ExtractError> {
        if self.available < 32 {
            self.fill();
        }
        let (length, symbol) = table
            .find((self.buffer >> 48) as u32)
            .ok_or_else(|| corrupt("it has an invalid Huffman code"))?;
        self.consume(length);
        Ok(symbol)
    }

    /// The next `count` bits, at most 16, as a number.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> u32 {
        if self.available < 16 {
            self.fill();
        }
        // In two shifts, since a shift by 64 is none.
        let value = (self.buffer >> 1 >> (63 - count)) as u32;
        self.consume(count);
        value
    }

    /// A number of `count` bits whose first bit tells its sign (T.81, F.2.2.1).
    #[inline]
    pub(super) fn signed(&mut self, count: u32) -> i32 {
        let value = self.bits(count) as i32;
        if count > 0 && value < 1 << (count - 1) { value - (1 << count) + 1 } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes 0, 10, 110 and ten bits of ones but for the last.
    fn table() -> Table {
        let mut counts = [0; 16];
        counts[..3].fill(1);
        counts[9] = 1;
        Table::new(&counts, &[5, 6, 7, 8]).unwrap()
    }

    #[test]
    fn short_and_long_codes_are_found() {
        // 0 10 110 1110000000 and a number of three bits, 010: minus five.
        let bytes = [0b0101_1011, 0b1000_0000, 0b0100_0000];
        let mut reader = BitReader::new(&bytes, 0);
        let symbols: Vec<u8> = (0..4).map(|_| reader.symbol(&table()).unwrap()).collect();
        assert_eq!(symbols, [5, 6, 7, 8]);
        assert_eq!(reader.signed(3), -5);
        assert!(!reader.is_overrun());
        reader.bits(16);
        assert!(reader.is_overrun());
    }

    #[test]
    fn stuffing_is_removed_and_a_marker_ends_the_bits() {
        let mut reader = BitReader::new(&[0xff, 0x00, 0x12, 0xff, 0xd9], 0);
        assert_eq!((reader.bits(8), reader.bits(8)), (0xff, 0x12));
        assert!(!reader.is_overrun());
        assert_eq!(reader.position(), 3);
    }

    #[test]
    fn too_many_codes_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Table::new(&counts, &[1, 2, 3]).is_err());
    }
}
