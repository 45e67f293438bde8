//! Feature sets for the tests of every encoding.

use proptest::collection::vec;
use proptest::prelude::*;
use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};

use crate::FeatureSet;

/// Three keypoints with SIFT descriptors: whole and fractional numbers, the doubled image's octave, all byte values.
pub(super) fn three_keypoints() -> FeatureSet {
    FeatureSet {
        width: 640,
        height: 480,
        image_sha256: std::array::from_fn(|i| i as u8),
        keypoints: vec![
            keypoint(0.0, 0.0, 2.0, 0.0, 0.0133, 0x0001_01ff),
            keypoint(319.625, 239.5, 31.25, 90.0, 0.1, 0x00ff_0303),
            keypoint(638.1, 478.9, 4.321, 359.99, 1e-7, -1),
        ],
        descriptors: Descriptors::Sift((0..3 * DESCRIPTOR_LENGTH).map(|i| (i * 83 % 256) as u8).collect()),
    }
}

/// The same with RootSIFT descriptors.
pub(super) fn three_root_sift() -> FeatureSet {
    let elements = (0..3 * DESCRIPTOR_LENGTH).map(|i| (i % 97) as f32 / 160.0).collect();
    FeatureSet { descriptors: Descriptors::RootSift(elements), ..three_keypoints() }
}

/// No keypoints.
pub(super) fn nothing(descriptor: Descriptor) -> FeatureSet {
    let descriptors = match descriptor {
        Descriptor::Sift => Descriptors::Sift(Vec::new()),
        Descriptor::RootSift => Descriptors::RootSift(Vec::new()),
    };
    FeatureSet { keypoints: Vec::new(), descriptors, ..three_keypoints() }
}

/// Any consistent feature set of up to eight keypoints, with any floats that are equal to themselves.
pub(super) fn any_feature_set() -> impl Strategy<Value = FeatureSet> {
    (0_usize..=8, any::<bool>()).prop_flat_map(|(n, root)| {
        let elements = n * DESCRIPTOR_LENGTH;
        let descriptors = if root {
            vec(number(), elements).prop_map(Descriptors::RootSift).boxed()
        } else {
            vec(any::<u8>(), elements).prop_map(Descriptors::Sift).boxed()
        };
        (any::<(u32, u32, [u8; 32])>(), vec(any_keypoint(), n), descriptors).prop_map(
            |((width, height, image_sha256), keypoints, descriptors)| FeatureSet {
                width,
                height,
                image_sha256,
                keypoints,
                descriptors,
            },
        )
    })
}

fn number() -> impl Strategy<Value = f32> {
    any::<f32>().prop_filter("equal to itself", |value| !value.is_nan())
}

fn any_keypoint() -> impl Strategy<Value = Keypoint> {
    (number(), number(), number(), number(), number(), any::<i32>())
        .prop_map(|(x, y, size, angle, response, octave)| keypoint(x, y, size, angle, response, octave))
}

fn keypoint(x: f32, y: f32, size: f32, angle: f32, response: f32, octave: i32) -> Keypoint {
    Keypoint { x, y, size, angle, response, octave }
}
