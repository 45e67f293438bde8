//! The header of NumPy's `.npy`, version 1.0.

/// Type of an array's elements.
#[derive(Debug, Clone, Copy)]
pub(super) enum ElementType {
    U8,
    I32,
    F32,
}

impl ElementType {
    fn descr(self) -> &'static str {
        match self {
            Self::U8 => "|u1",
            Self::I32 => "<i4",
            Self::F32 => "<f4",
        }
    }
}

/// Length of magic, version and length field.
const PREAMBLE: usize = 10;
/// NumPy asks that the data start at a multiple of this, so that they can be mapped.
const ALIGNMENT: usize = 64;

/// What precedes the elements of a row-major array.
pub(super) fn header(element: ElementType, shape: &[usize]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length},")).collect();
    let dictionary =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({shape})}}", element.descr());
    let length = (PREAMBLE + dictionary.len() + 1).next_multiple_of(ALIGNMENT) - PREAMBLE;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(dictionary.as_bytes());
    header.resize(PREAMBLE + length - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_aligned_and_says_its_length_for_any_shape() {
        for shape in [&[2][..], &[0, 128], &[12_345, 128], &[usize::MAX, usize::MAX]] {
            let header = header(ElementType::F32, shape);
            assert_eq!(header.len() % ALIGNMENT, 0);
            assert_eq!(usize::from(u16::from_le_bytes([header[8], header[9]])), header.len() - PREAMBLE);
            assert_eq!(header.last(), Some(&b'\n'));
        }
    }

    #[test]
    fn a_shape_of_one_dimension_is_still_a_tuple() {
        let header = String::from_utf8_lossy(&header(ElementType::I32, &[2])).into_owned();
        assert!(header.contains("{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}"), "{header:?}");
    }
}
