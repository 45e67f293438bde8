use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};

use crate::FeatureSet;

const KEYPOINT_LENGTH: usize = 24;

/// Bytes of a keypoint and its descriptor.
pub(super) fn bytes_per_feature(descriptor: Descriptor) -> usize {
    let element = match descriptor {
        Descriptor::Sift => size_of::<u8>(),
        Descriptor::RootSift => size_of::<f32>(),
    };
    KEYPOINT_LENGTH + DESCRIPTOR_LENGTH * element
}

/// Bytes that [`append`] appends.
pub(super) fn length(features: &FeatureSet) -> usize {
    features.keypoints.len() * bytes_per_feature(features.descriptor())
}

/// Appends keypoints and descriptors.
pub(super) fn append(features: &FeatureSet, bytes: &mut Vec<u8>) {
    for keypoint in &features.keypoints {
        bytes.extend_from_slice(&keypoint_to_bytes(keypoint));
    }
    match &features.descriptors {
        Descriptors::Sift(elements) => bytes.extend_from_slice(elements),
        Descriptors::RootSift(elements) => {
            bytes.extend(elements.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
}

/// Reads `n` keypoints and as many descriptors from a payload of that length.
pub(super) fn parse(payload: &[u8], n: usize, descriptor: Descriptor) -> (Vec<Keypoint>, Descriptors) {
    let (keypoints, elements) = payload.split_at(n * KEYPOINT_LENGTH);
    let keypoints = keypoints.as_chunks().0.iter().map(keypoint_from_bytes).collect();
    let descriptors = match descriptor {
        Descriptor::Sift => Descriptors::Sift(elements.to_vec()),
        Descriptor::RootSift => Descriptors::RootSift(
            elements.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        ),
    };
    (keypoints, descriptors)
}

fn keypoint_to_bytes(keypoint: &Keypoint) -> [u8; KEYPOINT_LENGTH] {
    let Keypoint { x, y, size, angle, response, octave } = *keypoint;
    let words = [x, y, size, angle, response].map(f32::to_le_bytes);
    let mut bytes = [0; KEYPOINT_LENGTH];
    bytes[..20].copy_from_slice(words.as_flattened());
    bytes[20..].copy_from_slice(&octave.to_le_bytes());
    bytes
}

fn keypoint_from_bytes(bytes: &[u8; KEYPOINT_LENGTH]) -> Keypoint {
    let word = |index: usize| std::array::from_fn(|i| bytes[4 * index + i]);
    let float = |index| f32::from_le_bytes(word(index));
    Keypoint {
        x: float(0),
        y: float(1),
        size: float(2),
        angle: float(3),
        response: float(4),
        octave: i32::from_le_bytes(word(5)),
    }
}
