//! WebP (RFC 9649, 2.7): a chunk of unknown type at the end of the RIFF, which readers pass over.

use bytes::{BufMut, Bytes, BytesMut};

use super::Mark;

/// `RIFF` and its length, which does not count these eight bytes.
const HEADER: usize = 8;
const KIND: &[u8] = b"MARK";
const CHUNK: u32 = 8 + Mark::LENGTH as u32;

/// The picture, announced as longer by the chunk, and what stands after the RIFF.
pub(super) fn split(picture: &Bytes) -> Result<(Bytes, Bytes), &'static str> {
    let Some([b'R', b'I', b'F', b'F', a, b, c, d]) = picture.get(..HEADER) else {
        return Err("it ends in its header");
    };
    let length = u32::from_le_bytes([*a, *b, *c, *d]);
    let end = usize::try_from(length).ok().and_then(|length| length.checked_add(HEADER));
    let end = end.filter(|end| *end <= picture.len()).ok_or("it ends before its RIFF does")?;
    if length % 2 != 0 {
        return Err("its RIFF has an odd length");
    }
    let longer = length.checked_add(CHUNK).ok_or("its RIFF has no room for another chunk")?;
    let mut head = BytesMut::from(picture.slice(..end));
    if let Some(field) = head.get_mut(4..HEADER) {
        field.copy_from_slice(&longer.to_le_bytes());
    }
    Ok((head.freeze(), picture.slice(end..)))
}

pub(super) fn chunk(mark: &Mark) -> Bytes {
    let mut chunk = BytesMut::with_capacity(CHUNK as usize);
    chunk.put_slice(KIND);
    chunk.put_u32_le(Mark::LENGTH as u32);
    chunk.put_slice(mark.digits());
    chunk.freeze()
}
