//! Reductions of a row of samples to 8-bit BGR, shared by the formats.

/// Palette entries in BGR; indices beyond the last are black.
pub(super) type Palette = [[u8; 3]; 256];

/// Grey samples to BGR.
pub(super) fn grey_to_bgr(grey: impl Iterator<Item = u8>, bgr: &mut [u8]) {
    for (pixel, value) in bgr.chunks_exact_mut(3).zip(grey) {
        pixel.fill(value);
    }
}

/// RGB with any number of further samples (alpha) to BGR; the further ones are dropped, not blended.
pub(super) fn rgb_to_bgr(samples: &[u8], samples_per_pixel: usize, bgr: &mut [u8]) {
    for (pixel, rgb) in bgr.chunks_exact_mut(3).zip(samples.chunks_exact(samples_per_pixel)) {
        if let [r, g, b, ..] = rgb {
            pixel.copy_from_slice(&[*b, *g, *r]);
        }
    }
}

/// Palette indices to BGR.
pub(super) fn palette_to_bgr(indices: impl Iterator<Item = u8>, palette: &Palette, bgr: &mut [u8]) {
    for (pixel, index) in bgr.chunks_exact_mut(3).zip(indices) {
        pixel.copy_from_slice(&palette[usize::from(index)]);
    }
}

/// The samples of 1, 2, 4 or 8 bits in a row of bytes, the first in the highest bits, unscaled.
pub(super) fn unpack(row: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    debug_assert!(matches!(bits, 1 | 2 | 4 | 8));
    let mask = 0xffu8 >> (8 - bits);
    let per_byte = 8 / bits;
    row.iter().flat_map(move |&byte| (0..per_byte).map(move |i| byte >> (8 - bits * (i + 1)) & mask))
}

/// What a sample of `bits` (1, 2, 4 or 8) is multiplied with so that its maximum becomes 255.
pub(super) fn scale(bits: u8) -> u8 {
    0xff / (0xffu8 >> (8 - bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_highest_bits_first() {
        assert_eq!(unpack(&[0b1010_0001], 1).collect::<Vec<_>>(), [1, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(unpack(&[0b11_10_01_00], 2).collect::<Vec<_>>(), [3, 2, 1, 0]);
        assert_eq!(unpack(&[0x5f, 0x20], 4).collect::<Vec<_>>(), [5, 15, 2, 0]);
        assert_eq!(unpack(&[7, 200], 8).collect::<Vec<_>>(), [7, 200]);
    }

    #[test]
    fn the_largest_sample_becomes_white() {
        for (bits, largest) in [(1u8, 1u8), (2, 3), (4, 15), (8, 255)] {
            assert_eq!(scale(bits) * largest, 255);
        }
    }
}
