//! Between BGR and L\*a\*b\*, 8 bits each, as `cv::cvtColor` converts with `COLOR_LBGR2Lab` and `COLOR_Lab2LBGR`: D65
//! white, samples taken as linear light, fixed-point arithmetic throughout.

use std::sync::LazyLock;

/// `round(sum / 2^bits)`.
fn descale(sum: i32, bits: u32) -> i32 {
    (sum + (1 << (bits - 1))) >> bits
}

fn clamp_to_byte(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// Rows for X, Y and Z on red, green and blue, in 4096ths, each scaled by its white.
const TO_XYZ: [[i32; 3]; 3] = [[1777, 1541, 778], [871, 2929, 296], [73, 448, 3575]];

/// Rows for red, green and blue on X, Y and Z, in 4096ths.
const FROM_XYZ: [[i32; 3]; 3] = [[12615, -6296, -2223], [-3773, 7684, 185], [217, -836, 4715]];

/// Entries of [`CUBE_ROOTS`]; a linear value of 1 is entry 2040.
const CUBE_ROOT_ENTRIES: usize = 3072;

/// The CIE function of lightness, `f(t)`, in 32768ths.
static CUBE_ROOTS: LazyLock<Vec<i32>> = LazyLock::new(|| {
    let root = |i: usize| {
        let t = (1.0f32 / 2040.0) * i as f32;
        let f = if t < 216.0 / 24389.0 {
            t.mul_add(841.0 / 108.0, 16.0 / 116.0)
        } else {
            truncate(libm::cbrt(f64::from(t)))
        };
        (32768.0 * f).round_ties_even() as i32
    };
    (0..CUBE_ROOT_ENTRIES).map(root).collect()
});

/// To 32 bits, toward zero: OpenCV's own cube root does not round.
fn truncate(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) > value { f32::from_bits(nearest.to_bits() - 1) } else { nearest }
}

/// One in the fixed-point arithmetic of the way back.
const ONE: i32 = 1 << 14;

/// Y and `f(Y)` of each lightness, in [`ONE`]ths.
static LIGHTNESS: LazyLock<Vec<(i32, i32)>> = LazyLock::new(|| {
    let one = ONE as f32;
    let entry = |l: u8| {
        let l = f32::from(l);
        if l <= 20.0 {
            let y = (l * one * 180.0 / (17.0 * 29.0 * 29.0 * 29.0)).round_ties_even();
            let f = (one * (16.0 / 116.0 + l * 5.0 / (3.0 * 17.0 * 29.0))).round_ties_even();
            (y as i32, f as i32)
        } else {
            let f = l * 100.0 * one / (255.0 * 116.0) + 16.0 * one / 116.0;
            ((f * f * f / (one * one)).round_ties_even() as i32, f.round_ties_even() as i32)
        }
    };
    (0..=255).map(entry).collect()
});

/// Converts interleaved BGR pixels to a plane of L and an interleaved one of a and b.
pub(crate) fn from_bgr(bgr: &[u8], lightness: &mut Vec<u8>, ab: &mut Vec<u8>) {
    let roots = &*CUBE_ROOTS;
    lightness.clear();
    ab.clear();
    for &[b, g, r] in bgr.as_chunks().0 {
        let [fx, fy, fz] = TO_XYZ.map(|[cr, cg, cb]| {
            let sum = 8 * (cr * i32::from(r) + cg * i32::from(g) + cb * i32::from(b));
            roots[(descale(sum, 12) as usize).min(CUBE_ROOT_ENTRIES - 1)]
        });
        lightness.push(clamp_to_byte(descale(296 * fy - 1_336_934, 15)));
        ab.push(clamp_to_byte(descale(500 * (fx - fy) + (128 << 15), 15)));
        ab.push(clamp_to_byte(descale(200 * (fy - fz) + (128 << 15), 15)));
    }
}

/// Converts back.
pub(crate) fn to_bgr(lightness: &[u8], ab: &[u8]) -> Vec<u8> {
    let table = &*LIGHTNESS;
    let mut bgr = Vec::with_capacity(3 * lightness.len());
    for (&l, &[a, b]) in lightness.iter().zip(ab.as_chunks().0) {
        let (y, fy) = table[usize::from(l)];
        let a = ((5 * i32::from(a) * 53_687 + 128) >> 13) - 4194;
        let b = ((i32::from(b) * 41_943 + 16) >> 9) - 10_485 + 1;
        let (x, z) = (unroot(fy + a), unroot(fy - b));
        let [r, g, b] = FROM_XYZ.map(|[cx, cy, cz]| {
            let linear = descale(cx * x + cy * y + cz * z, 14).clamp(0, 4095);
            ((linear * 255) >> 12) as u8
        });
        bgr.extend([b, g, r]);
    }
    bgr
}

/// The inverse of `f(t)`, in [`ONE`]ths.
fn unroot(f: i32) -> i32 {
    if f <= 3390 { f * 108 / 841 - 290 } else { f * f / ONE * f / ONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pixels with this first byte, the last byte counting fastest.
    fn pixels(first: u8) -> Vec<u8> {
        (0..=u16::MAX).flat_map(|rest| [first, (rest >> 8) as u8, rest as u8]).collect()
    }

    #[test]
    fn all_colours_convert_as_opencv_converts_them() {
        let golden = include_bytes!("../tests/golden/lab.bin");
        let (mut lightness, mut ab) = (Vec::new(), Vec::new());
        for (first, crcs) in (0..=255).zip(golden.as_chunks::<8>().0) {
            let [to, back] = [[crcs[0], crcs[1], crcs[2], crcs[3]], [crcs[4], crcs[5], crcs[6], crcs[7]]];
            let pixels = pixels(first);
            from_bgr(&pixels, &mut lightness, &mut ab);
            let lab: Vec<u8> =
                lightness.iter().zip(ab.as_chunks::<2>().0).flat_map(|(&l, &[a, b])| [l, a, b]).collect();
            assert_eq!(crc32fast::hash(&lab), u32::from_le_bytes(to), "to Lab, blue {first}");

            let (l, ab): (Vec<u8>, Vec<[u8; 2]>) =
                pixels.as_chunks::<3>().0.iter().map(|&[l, a, b]| (l, [a, b])).unzip();
            let bgr = to_bgr(&l, ab.as_flattened());
            assert_eq!(crc32fast::hash(&bgr), u32::from_le_bytes(back), "to BGR, lightness {first}");
        }
    }
}
