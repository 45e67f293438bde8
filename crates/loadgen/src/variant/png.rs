//! PNG (W3C PNG 3rd edition, 11.3.3.1): a `tEXt` chunk after `IHDR`.

use bytes::{BufMut, Bytes, BytesMut};

use super::Mark;

const SIGNATURE: usize = 8;
/// Length, type, 13 bytes, checksum.
const HEADER: usize = 25;
const TEXT: &[u8] = b"tEXt";
const KEYWORD: &[u8] = b"Comment\0";

pub(super) fn after_header(picture: &[u8]) -> Result<usize, &'static str> {
    let after = SIGNATURE + HEADER;
    match picture.get(SIGNATURE..after) {
        Some([0, 0, 0, 13, b'I', b'H', b'D', b'R', ..]) => Ok(after),
        Some(_) => Err("the first chunk is not IHDR"),
        None => Err("it ends in its header"),
    }
}

pub(super) fn text(mark: &Mark) -> Bytes {
    let length = KEYWORD.len() + Mark::LENGTH;
    let mut chunk = BytesMut::with_capacity(length + 12);
    chunk.put_u32(length as u32);
    let mut checksum = crc32fast::Hasher::new();
    for part in [TEXT, KEYWORD, mark.digits()] {
        chunk.put_slice(part);
        checksum.update(part);
    }
    chunk.put_u32(checksum.finalize());
    chunk.freeze()
}
