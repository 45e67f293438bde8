use super::orientation::Orientation;

const ORIENTATION_TAG: u16 = 274;
const ENTRY_LENGTH: usize = 12;

/// Byte order of a TIFF structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(super) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// The orientation in an EXIF block that starts with its TIFF header. A block that is broken or says nothing
/// means upright: metadata never fails a picture. Like OpenCV, only the first directory is read, and the
/// stated type of the value is not looked at.
pub(super) fn orientation(exif: &[u8]) -> Orientation {
    find_orientation(exif).map(Orientation::from_tag).unwrap_or_default()
}

fn find_orientation(exif: &[u8]) -> Option<u16> {
    let order = match exif.get(..2)? {
        b"II" => ByteOrder::Little,
        b"MM" => ByteOrder::Big,
        _ => return None,
    };
    let u16_at = |at: usize| Some(order.u16(exif.get(at..at.checked_add(2)?)?.try_into().ok()?));
    if u16_at(2)? != 42 {
        return None;
    }
    let directory = usize::try_from(order.u32(exif.get(4..8)?.try_into().ok()?)).ok()?;
    let entries = usize::from(u16_at(directory)?);
    (0..entries)
        .map_while(|entry| {
            let at = directory + 2 + entry * ENTRY_LENGTH;
            Some((u16_at(at)?, at))
        })
        .find(|(tag, _)| *tag == ORIENTATION_TAG)
        .and_then(|(_, at)| u16_at(at + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    #[test]
    fn both_byte_orders_are_read() {
        assert_eq!(find_orientation(BIG), Some(6));
        let little = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
        assert_eq!(find_orientation(little), Some(8));
    }

    #[test]
    fn a_broken_block_is_upright() {
        for length in 0..20 {
            assert_eq!(orientation(&BIG[..length]), Orientation::default(), "first {length} bytes");
        }
        let mut far = BIG.to_vec();
        far[4..8].fill(0xff);
        assert_eq!(orientation(&far), Orientation::default());
    }
}
