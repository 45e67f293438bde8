//! `colmap`: the text that COLMAP's `feature_importer` reads.
//!
//! The first line is `n 128`; then each keypoint has a line `x y scale orientation d1 ... d128`, in COLMAP's
//! conventions, which differ from OpenCV's:
//!
//! - the centre of the first pixel is (0.5, 0.5), not (0, 0);
//! - scale is the blur's sigma, half of OpenCV's diameter;
//! - orientation is in radians. Its direction and the order of a descriptor's elements are OpenCV's: measured, the
//!   descriptors of keypoints that both find have a cosine of 0.995;
//! - descriptors are bytes. RootSIFT's become round(512 v), at most 255, as COLMAP makes its own.

use std::io::{self, Write};

use sift::{DESCRIPTOR_LENGTH, Descriptors, Keypoint};

use crate::FeatureSet;

/// Writes the lines of a consistent feature set.
pub(super) fn write(features: &FeatureSet, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} {DESCRIPTOR_LENGTH}", features.keypoints.len())?;
    match &features.descriptors {
        Descriptors::Sift(elements) => write_lines(&features.keypoints, elements, |element| element, out),
        Descriptors::RootSift(elements) => write_lines(&features.keypoints, elements, quantise, out),
    }
}

fn write_lines<T: Copy>(
    keypoints: &[Keypoint],
    elements: &[T],
    to_byte: impl Fn(T) -> u8,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = Vec::with_capacity(768);
    let mut decimal = itoa::Buffer::new();
    for (keypoint, descriptor) in keypoints.iter().zip(elements.chunks_exact(DESCRIPTOR_LENGTH)) {
        line.clear();
        let Keypoint { x, y, size, angle, .. } = keypoint;
        write!(line, "{} {} {} {}", x + 0.5, y + 0.5, size / 2.0, angle.to_radians())?;
        for &element in descriptor {
            line.push(b' ');
            line.extend_from_slice(decimal.format(to_byte(element)).as_bytes());
        }
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

/// `as` saturates.
fn quantise(element: f32) -> u8 {
    (512.0 * element).round() as u8
}

#[cfg(test)]
mod tests {
    use sift::Descriptor;

    use super::super::samples::{nothing, three_keypoints, three_root_sift};
    use super::*;

    fn lines(features: &FeatureSet) -> Vec<String> {
        let mut text = Vec::new();
        write(features, &mut text).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_keypoint_is_a_line_in_colmaps_conventions() {
        let lines = lines(&three_keypoints());
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "3 128");
        assert!(lines[1].starts_with("0.5 0.5 1 0 0 83 166 249 76 "), "{}", lines[1]);
        assert!(lines[2].starts_with("320.125 240 15.625 1.5707964 "), "{}", lines[2]);
        assert!(lines.iter().skip(1).all(|line| line.split(' ').count() == 4 + 128));
    }

    #[test]
    fn root_sift_is_quantised_as_colmap_does() {
        assert_eq!(
            [0.0, 0.00097, 0.00098, 0.4, 0.498, 0.5, 1.0].map(quantise),
            [0, 0, 1, 205, 255, 255, 255]
        );
        let lines = lines(&three_root_sift());
        // 1 / 160 and 2 / 160 of 512.
        assert!(lines[1].starts_with("0.5 0.5 1 0 0 3 6 "), "{}", lines[1]);
    }

    #[test]
    fn no_keypoints_are_the_first_line_alone() {
        assert_eq!(lines(&nothing(Descriptor::Sift)), ["0 128"]);
    }
}
