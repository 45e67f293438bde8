//! `json`: everything, in one line.
//!
//! Floats have as many digits as give the same float again. One that is not finite, which no image gives, becomes null.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Serialize, Serializer};
use sift::{DESCRIPTOR_LENGTH, Descriptor, Descriptors, Keypoint};

use super::hex::Hex;
use crate::{ENGINE_VERSION, FeatureSet};

/// Writes the document of a consistent feature set as it goes along, with a line feed at its end. `path` is where its image came from:
/// what is not Unicode in it becomes U+FFFD.
pub(super) fn write(features: &FeatureSet, path: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
    let document = Document {
        path: path.map(|path| path.to_string_lossy()),
        width: features.width,
        height: features.height,
        sha256: Hex(features.image_sha256),
        engine_version: ENGINE_VERSION,
        descriptor: match features.descriptor() {
            Descriptor::Sift => "sift",
            Descriptor::RootSift => "rootsift",
        },
        descriptors_shape: [features.keypoints.len(), DESCRIPTOR_LENGTH],
        keypoints: Keypoints(&features.keypoints),
        descriptors: Rows(&features.descriptors),
    };
    let mut out = BufWriter::with_capacity(1 << 16, out);
    serde_json::to_writer(&mut out, &document)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    width: u32,
    height: u32,
    sha256: Hex,
    engine_version: u32,
    descriptor: &'static str,
    descriptors_shape: [usize; 2],
    keypoints: Keypoints<'a>,
    descriptors: Rows<'a>,
}

struct Keypoints<'a>(&'a [Keypoint]);

impl Serialize for Keypoints<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(KeypointObject::from))
    }
}

#[derive(Serialize)]
struct KeypointObject {
    x: f32,
    y: f32,
    size: f32,
    angle: f32,
    response: f32,
    octave: i32,
}

impl From<&Keypoint> for KeypointObject {
    fn from(&Keypoint { x, y, size, angle, response, octave }: &Keypoint) -> Self {
        Self { x, y, size, angle, response, octave }
    }
}

/// Descriptors, an array each.
struct Rows<'a>(&'a Descriptors);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Descriptors::Sift(elements) => serializer.collect_seq(elements.chunks_exact(DESCRIPTOR_LENGTH)),
            Descriptors::RootSift(elements) => {
                serializer.collect_seq(elements.chunks_exact(DESCRIPTOR_LENGTH))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::samples::{any_feature_set, nothing, three_keypoints, three_root_sift};
    use super::*;

    fn document(features: &FeatureSet) -> Value {
        let mut text = Vec::new();
        write(features, None, &mut text).unwrap();
        assert_eq!(text.iter().position(|&byte| byte == b'\n'), Some(text.len() - 1), "one line");
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn holds_everything() {
        let value = document(&three_keypoints());
        assert_eq!(value["width"], 640);
        assert_eq!(value["height"], 480);
        assert_eq!(value["engine_version"], ENGINE_VERSION);
        assert_eq!(value["descriptor"], "sift");
        assert_eq!(value["descriptors_shape"], json!([3, 128]));
        assert_eq!(value["keypoints"].as_array().unwrap().len(), 3);
        let expected =
            r#"{"x":319.625,"y":239.5,"size":31.25,"angle":90.0,"response":0.1,"octave":16712451}"#;
        assert_eq!(value["keypoints"][1], serde_json::from_str::<Value>(expected).unwrap());
        assert_eq!(value["descriptors"][0].as_array().unwrap()[..4], [0, 83, 166, 249]);
        assert_eq!(value["descriptors"][2].as_array().unwrap().len(), 128);
    }

    #[test]
    fn a_path_comes_first() {
        let write = |path| {
            let mut text = Vec::new();
            write(&three_keypoints(), path, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        let (with, without) = (write(Some(Path::new("a \"b\".png"))), write(None));
        assert_eq!(with, without.replacen('{', r#"{"path":"a \"b\".png","#, 1));
    }

    #[test]
    fn root_sift_descriptors_are_floats() {
        let value = document(&three_root_sift());
        assert_eq!(value["descriptor"], "rootsift");
        assert_eq!(value["descriptors"][0][1], 0.00625);
    }

    #[test]
    fn no_keypoints_are_empty_arrays() {
        let value = document(&nothing(Descriptor::RootSift));
        assert_eq!(
            (&value["keypoints"], &value["descriptors"], &value["descriptors_shape"]),
            (&json!([]), &json!([]), &json!([0, 128]))
        );
    }

    #[test]
    fn a_float_that_is_not_finite_is_null() {
        let mut features = three_keypoints();
        features.keypoints[0].angle = f32::NAN;
        features.keypoints[1].x = f32::INFINITY;
        let value = document(&features);
        assert_eq!(
            (&value["keypoints"][0]["angle"], &value["keypoints"][1]["x"]),
            (&Value::Null, &Value::Null)
        );
    }

    proptest! {
        #[test]
        fn finite_floats_are_read_back_exactly(features in any_feature_set()) {
            let value = document(&features);
            for (object, keypoint) in value["keypoints"].as_array().unwrap().iter().zip(&features.keypoints) {
                let read = object["x"].as_f64().map_or(keypoint.x, |x| x as f32);
                prop_assert_eq!(read.to_bits(), keypoint.x.to_bits());
                prop_assert_eq!(object["x"].is_null(), !keypoint.x.is_finite());
                prop_assert_eq!(object["octave"].as_i64(), Some(i64::from(keypoint.octave)));
            }
        }
    }
}
