//! PNM (Netpbm): a comment after the magic number and the white space that ends it.

use bytes::{BufMut, Bytes, BytesMut};

use super::Mark;

/// `P6` and one byte of white space.
pub(super) const AFTER_MAGIC: usize = 3;

pub(super) fn comment(mark: &Mark) -> Bytes {
    let mut line = BytesMut::with_capacity(Mark::LENGTH + 3);
    line.put_slice(b"# ");
    line.put_slice(mark.digits());
    line.put_u8(b'\n');
    line.freeze()
}
