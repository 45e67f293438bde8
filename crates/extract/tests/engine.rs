//! `ENGINE_VERSION` changes exactly when features do: golden features of pictures and parameters.
//!
//! `golden/engine/digests.txt` holds the version and, a line a case, the number of features and the SHA-256 of all of
//! them; `CASE.siftd` holds the strongest, to tell what changed. `SIFTD_BLESS=1 cargo test -p extract --test engine`
//! writes them anew, and refuses where the version was not raised with a change, or without one.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use extract::siftd::HEADER_LENGTH;
use extract::{
    Control, Denoise, Descriptor, Descriptors, ENGINE_VERSION, Extractor, FeatureSet, Limits, Params,
};

const PICTURES: [&str; 3] = ["chelsea.jpg", "rocket.jpg", "camera.png"];
/// Features kept in a golden file.
const KEPT: u32 = 80;
const RULE: &str = "If this is meant: raise ENGINE_VERSION, as shared caches hold features of the older engine, and run \
                    SIFTD_BLESS=1 cargo test -p extract --test engine";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/engine").join(name)
}

fn parameter_sets() -> [(&'static str, Params); 6] {
    let plain = Params { denoise: Denoise::None, ..Params::default() };
    let with = |change: fn(&mut sift::Params)| {
        let mut params = plain;
        change(&mut params.sift);
        params
    };
    [
        ("nlm", Params::default()),
        ("none", plain),
        ("rootsift", with(|sift| sift.descriptor = Descriptor::RootSift)),
        ("precise-upscale", with(|sift| sift.precise_upscale = true)),
        ("octave-layers-4", with(|sift| sift.octave_layers = 4)),
        ("octave-layers-17", with(|sift| sift.octave_layers = 17)),
    ]
}

fn features(picture: &str, params: &Params) -> FeatureSet {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pictures").join(picture);
    let bytes = fs::read(path).expect("the pictures are committed");
    let found = Extractor::new().extract(&bytes, params, &Limits::default(), &Control::default());
    found.unwrap_or_else(|error| panic!("{picture}: {error}")).features
}

/// A line of `digests.txt`: `CASE COUNT SHA-256`, of all that follows the stored form's header.
fn digest(case: &str, features: &FeatureSet) -> String {
    let mut line = format!("{case} {} ", features.keypoints.len());
    for byte in sha256::digest(&features.to_siftd().unwrap()[HEADER_LENGTH..]) {
        write!(line, "{byte:02x}").unwrap();
    }
    line
}

/// Where two feature sets part first.
fn first_difference(actual: &FeatureSet, expected: &FeatureSet) -> Option<String> {
    if (actual.width, actual.height) != (expected.width, expected.height) {
        let sizes = [actual, expected].map(|set| format!("{} x {}", set.width, set.height));
        return Some(format!("{} instead of {}", sizes[0], sizes[1]));
    }
    let mut pairs = actual.keypoints.iter().zip(&expected.keypoints).enumerate();
    if let Some((i, (a, b))) = pairs.find(|(_, (a, b))| a != b) {
        return Some(format!("keypoint {i} is {a:?} instead of {b:?}"));
    }
    let counts = (actual.keypoints.len(), expected.keypoints.len());
    if counts.0 != counts.1 {
        return Some(format!("{} keypoints instead of {}", counts.0, counts.1));
    }
    let part = |at: usize, a: String, b: String| {
        Some(format!("descriptor {}, element {} is {a} instead of {b}", at / 128, at % 128))
    };
    match (&actual.descriptors, &expected.descriptors) {
        (Descriptors::Sift(a), Descriptors::Sift(b)) => {
            let at = a.iter().zip(b).position(|(a, b)| a != b)?;
            part(at, a[at].to_string(), b[at].to_string())
        }
        (Descriptors::RootSift(a), Descriptors::RootSift(b)) => {
            let at = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())?;
            part(at, a[at].to_string(), b[at].to_string())
        }
        _ => Some("another kind of descriptor".to_owned()),
    }
}

/// The golden files as they are now: digests by case, and the strongest features.
fn compute() -> (BTreeMap<String, String>, BTreeMap<String, FeatureSet>) {
    let (mut digests, mut strongest) = (BTreeMap::new(), BTreeMap::new());
    for picture in PICTURES {
        for (name, mut params) in parameter_sets() {
            let case = format!("{}-{name}", picture.split('.').next().unwrap());
            digests.insert(case.clone(), digest(&case, &features(picture, &params)));
            // Without denoising it is quick to do twice; denoised features are told by their digest.
            if params.denoise == Denoise::None || picture == "chelsea.jpg" {
                params.sift.max_features = KEPT;
                strongest.insert(case, features(picture, &params));
            }
        }
    }
    (digests, strongest)
}

/// The engine version and the digests by case of the golden file.
fn read_digests(text: &str) -> (u32, BTreeMap<String, String>) {
    let mut lines = text.lines();
    let version =
        lines.next().and_then(|line| line.strip_prefix("engine ")).expect("the first line is the version");
    let cases = lines.map(|line| (line.split(' ').next().unwrap().to_owned(), line.to_owned()));
    (version.parse().unwrap(), cases.collect())
}

/// Writes the golden files, if the engine version goes with the change.
fn bless(digests: &BTreeMap<String, String>, strongest: &BTreeMap<String, FeatureSet>) {
    if let Ok(text) = fs::read_to_string(golden("digests.txt")) {
        let (version, before) = read_digests(&text);
        let changed = before.iter().any(|(case, line)| digests.get(case).is_some_and(|now| now != line));
        assert!(!changed || version != ENGINE_VERSION, "features changed: raise ENGINE_VERSION first");
        assert!(
            changed || version == ENGINE_VERSION,
            "no feature changed: ENGINE_VERSION must stay {version}"
        );
    }
    let lines: Vec<_> = digests.values().map(String::as_str).collect();
    fs::write(golden("digests.txt"), format!("engine {ENGINE_VERSION}\n{}\n", lines.join("\n"))).unwrap();
    for (case, features) in strongest {
        fs::write(golden(&format!("{case}.siftd")), features.to_siftd().unwrap()).unwrap();
    }
}

#[test]
fn the_engine_version_stands_for_these_features() {
    let (digests, strongest) = compute();
    if std::env::var_os("SIFTD_BLESS").is_some() {
        bless(&digests, &strongest);
    }
    let (version, expected) = read_digests(&fs::read_to_string(golden("digests.txt")).unwrap());
    let mut differences = Vec::new();
    for (case, features) in &strongest {
        let stored = FeatureSet::from_siftd(&fs::read(golden(&format!("{case}.siftd"))).unwrap()).unwrap();
        differences.extend(first_difference(features, &stored).map(|what| format!("{case}: {what}")));
    }
    for (case, line) in &digests {
        if expected.get(case) != Some(line) {
            differences.push(format!("{line}\n    instead of {:?}", expected.get(case)));
        }
    }
    assert!(differences.is_empty(), "features changed:\n{}\n{RULE}", differences.join("\n"));
    assert_eq!(
        version, ENGINE_VERSION,
        "ENGINE_VERSION is not that of the golden files, yet no feature changed. {RULE}"
    );
    assert_eq!(digests.len(), expected.len(), "golden cases that are no longer computed");
}
