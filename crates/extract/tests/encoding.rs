//! The encodings against golden files, which `golden/encoding/verify.py` checks with NumPy.
//!
//! `SIFTD_BLESS=1 cargo test -p extract --test encoding` writes the files anew; then run the script again.

use std::fs;
use std::path::PathBuf;

use extract::{DESCRIPTOR_LENGTH, Descriptors, FeatureSet, Keypoint, OutputFormat};

fn golden(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden/encoding", name].iter().collect()
}

fn feature_set(n: usize, descriptors: Descriptors) -> FeatureSet {
    let keypoints = [
        Keypoint { x: 0.0, y: 0.0, size: 2.0, angle: 0.0, response: 0.0133, octave: 0x0001_01ff },
        Keypoint { x: 319.625, y: 239.5, size: 31.25, angle: 90.0, response: 0.1, octave: 0x00ff_0303 },
        Keypoint { x: 638.1, y: 478.9, size: 4.321, angle: 359.99, response: 1e-7, octave: 0x0042_0200 },
    ];
    FeatureSet {
        width: 640,
        height: 480,
        image_sha256: std::array::from_fn(|i| 255 - i as u8),
        keypoints: keypoints[..n].to_vec(),
        descriptors,
    }
}

/// Three keypoints with bytes, three with floats, none with either.
fn feature_sets() -> [(&'static str, FeatureSet); 4] {
    let elements = 0..3 * DESCRIPTOR_LENGTH;
    let bytes = elements.clone().map(|i| (i * 83 % 256) as u8).collect();
    let floats = elements.map(|i| (i % 97) as f32 / 160.0).collect();
    [
        ("sift", feature_set(3, Descriptors::Sift(bytes))),
        ("rootsift", feature_set(3, Descriptors::RootSift(floats))),
        ("sift-none", feature_set(0, Descriptors::Sift(Vec::new()))),
        ("rootsift-none", feature_set(0, Descriptors::RootSift(Vec::new()))),
    ]
}

/// Where two byte strings part, with what follows in each.
fn first_difference(actual: &[u8], expected: &[u8]) -> Option<String> {
    let common = actual.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let rest =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[common..bytes.len().min(common + 32)]).into_owned();
    (actual != expected).then(|| {
        format!(
            "{} bytes, golden {}; from byte {common}: {:?}, golden {:?}",
            actual.len(),
            expected.len(),
            rest(actual),
            rest(expected)
        )
    })
}

#[test]
fn every_format_writes_its_golden_file_and_the_stored_form_is_read_back() {
    for (name, features) in feature_sets() {
        for format in OutputFormat::ALL {
            let mut bytes = Vec::new();
            features.encode(format, &mut bytes).unwrap();
            let path = golden(name).with_extension(format.extension());
            if std::env::var_os("SIFTD_BLESS").is_some() {
                fs::write(&path, &bytes).unwrap();
            }
            let expected = fs::read(&path).unwrap();
            if let Some(difference) = first_difference(&bytes, &expected) {
                panic!("{}: {difference}", path.display());
            }
        }
        let stored = fs::read(golden(name).with_extension("siftd")).unwrap();
        assert_eq!(FeatureSet::from_siftd(&stored), Ok(features), "{name}");
    }
}
