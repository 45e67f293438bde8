//! Features as `opencv_side.py` writes and `draws.py` reads them.

use sift::{Descriptors, Features};

/// For each keypoint x, y, size, angle and response as floats, the octave as OpenCV packs it, an integer of 32 bits, and the
/// descriptor's 128 bytes; all little-endian.
pub(crate) fn bytes(features: &Features) -> Vec<u8> {
    let Descriptors::Sift(descriptors) = &features.descriptors else { return vec![] };
    let each = features.keypoints.iter().zip(descriptors.chunks_exact(sift::DESCRIPTOR_LENGTH));
    each.flat_map(|(at, descriptor)| {
        let floats = [at.x, at.y, at.size, at.angle, at.response].map(f32::to_le_bytes).concat();
        [&floats[..], &at.octave.to_le_bytes(), descriptor].concat()
    })
    .collect()
}
