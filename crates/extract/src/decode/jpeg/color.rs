//! Components to BGR, bit for bit as libjpeg-turbo's conversion to RGB and, for four components, OpenCV's from CMYK.

use super::Marks;
use super::frame::Frame;
use super::upsample::Upsampler;

/// Factors of the JFIF conversion, in 16 fractional bits.
const CR_TO_R: i32 = 91881;
const CB_TO_B: i32 = 116130;
const CR_TO_G: i32 = 46802;
const CB_TO_G: i32 = 22554;
const HALF: i32 = 1 << 15;

/// What the components mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColorSpace {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

impl ColorSpace {
    /// By the rules of libjpeg: the JFIF and Adobe marks first, the component identifiers last.
    pub(super) fn tell(frame: &Frame, marks: &Marks) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match (frame.components.len(), marks.adobe_transform) {
            (1, _) => Self::Grey,
            (3, _) if marks.jfif => Self::YCbCr,
            (3, Some(0)) => Self::Rgb,
            (3, None) if ids == *b"RGB" => Self::Rgb,
            (3, _) => Self::YCbCr,
            (_, None | Some(0)) => Self::Cmyk,
            _ => Self::Ycck,
        }
    }
}

/// All pixels of a decoded frame.
pub(super) fn to_bgr(frame: &Frame, space: ColorSpace) -> Vec<u8> {
    let width = frame.size.width;
    let mut upsamplers: Vec<_> =
        frame.components.iter().map(|component| Upsampler::new(frame, component)).collect();
    let mut pixels = vec![0; 3 * frame.size.area()];
    for (y, bgr) in pixels.chunks_exact_mut(3 * width).enumerate() {
        let (bgr, _) = bgr.as_chunks_mut::<3>();
        match upsamplers.as_mut_slice() {
            [grey] => {
                for (pixel, &value) in bgr.iter_mut().zip(grey.row(y)) {
                    *pixel = [value; 3];
                }
            }
            [first, second, third] => {
                let rows = first.row(y).iter().zip(second.row(y)).zip(third.row(y));
                convert_three(bgr, rows.map(|((&a, &b), &c)| [a, b, c]), space);
            }
            [first, second, third, fourth] => {
                let rows = first.row(y).iter().zip(second.row(y)).zip(third.row(y)).zip(fourth.row(y));
                convert_four(bgr, rows.map(|(((&a, &b), &c), &d)| [a, b, c, d]), space);
            }
            _ => {}
        }
    }
    pixels
}

#[inline]
fn convert_three(bgr: &mut [[u8; 3]], row: impl Iterator<Item = [u8; 3]>, space: ColorSpace) {
    if space == ColorSpace::Rgb {
        for (pixel, [r, g, b]) in bgr.iter_mut().zip(row) {
            *pixel = [b, g, r];
        }
    } else {
        for (pixel, [y, cb, cr]) in bgr.iter_mut().zip(row) {
            *pixel = ycc_to_bgr(y, cb, cr);
        }
    }
}

fn convert_four(bgr: &mut [[u8; 3]], row: impl Iterator<Item = [u8; 4]>, space: ColorSpace) {
    for (pixel, [first, second, third, k]) in bgr.iter_mut().zip(row) {
        let [y, m, c] = if space == ColorSpace::Ycck {
            ycc_to_bgr(first, second, third).map(|light| 255 - light)
        } else {
            [third, second, first]
        };
        *pixel = [y, m, c].map(|ink| ink_to_light(ink, k));
    }
}

#[inline]
fn ycc_to_bgr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let clamp = |value: i32| value.clamp(0, 255) as u8;
    [
        clamp(y + ((CB_TO_B * cb + HALF) >> 16)),
        clamp(y + ((HALF - CB_TO_G * cb - CR_TO_G * cr) >> 16)),
        clamp(y + ((CR_TO_R * cr + HALF) >> 16)),
    ]
}

/// OpenCV's arithmetic, which takes the inks to be stored inverted, as Adobe's programs do.
fn ink_to_light(ink: u8, k: u8) -> u8 {
    let (ink, k) = (i32::from(ink), i32::from(k));
    (k - (((255 - ink) * k) >> 8)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_come_back() {
        assert_eq!(ycc_to_bgr(76, 85, 255), [0, 0, 254]);
        assert_eq!(ycc_to_bgr(128, 128, 128), [128; 3]);
        assert_eq!(ycc_to_bgr(29, 255, 107), [254, 0, 0]);
    }
}
