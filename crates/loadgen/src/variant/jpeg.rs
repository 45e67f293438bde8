//! JPEG (ITU-T T.81): a COM segment after the application segments that begin the file, which JFIF and Exif want first.

use bytes::{BufMut, Bytes, BytesMut};

use super::Mark;

/// The length field of a segment counts itself.
const LENGTH_FIELD: usize = 2;

pub(super) fn after_applications(picture: &[u8]) -> Result<usize, &'static str> {
    let mut at = 2;
    while let Some([0xff, 0xe0..=0xef, high, low]) = picture.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < LENGTH_FIELD {
            return Err("an application segment of less than its length field");
        }
        at += 2 + length;
    }
    if picture.get(at) != Some(&0xff) {
        return Err("no marker after the application segments");
    }
    Ok(at)
}

pub(super) fn comment(mark: &Mark) -> Bytes {
    let mut segment = BytesMut::with_capacity(4 + Mark::LENGTH);
    segment.put_u16(0xfffe);
    segment.put_u16((LENGTH_FIELD + Mark::LENGTH) as u16);
    segment.put_slice(mark.digits());
    segment.freeze()
}
