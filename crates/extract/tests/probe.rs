//! What the header states, against what decoding gives.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use extract::{
    Bgr, Control, Denoise, ErrorKind, ExtractError, Extractor, Format, Limits, Params, Probe, Stage, decode,
    probe,
};
use proptest::prelude::*;

/// All fixtures, with their names.
fn fixtures(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decode");
    let mut fixtures = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(golden.join(folder)).expect("the fixtures are committed") {
            let path = entry.unwrap().path();
            if path.extension().is_none() {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                fixtures.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    fixtures.sort();
    fixtures
}

/// What decodes was probed with the same area; what the probe refuses does not decode.
fn assert_agree(name: &str, bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let (probed, decoded) = (probe(bytes, limits), decode(bytes, limits));
    match (&probed, &decoded) {
        (Ok(probed), Ok(image)) => {
            assert_eq!(Ok(probed.format), Format::sniff(bytes), "{name}");
            assert_eq!(probed.pixels(), (image.width() * image.height()) as u64, "{name}");
        }
        (Err(refused), Ok(_)) => panic!("{name} decodes, but its probe says: {refused}"),
        (_, Err(_)) => {}
    }
    decoded
}

#[test]
fn what_decodes_has_the_probed_area() {
    let fixtures = fixtures(&["ok", "beyond"]);
    assert!(fixtures.len() > 100, "{} fixtures", fixtures.len());
    for (name, bytes) in fixtures {
        assert!(assert_agree(&name, &bytes, &Limits::default()).is_ok(), "{name}");
    }
}

#[test]
fn a_refused_size_is_refused_for_the_same_reason() {
    let mut refused = 0;
    for (name, bytes) in fixtures(&["broken"]) {
        let error = assert_agree(&name, &bytes, &Limits::default()).expect_err(&name);
        if matches!(error, ExtractError::TooManyPixels { .. } | ExtractError::ZeroPixels { .. }) {
            assert_eq!(probe(&bytes, &Limits::default()), Err(error), "{name}");
            refused += 1;
        } else if let Err(probed) = probe(&bytes, &Limits::default()) {
            assert_eq!(probed, error, "{name}");
        }
    }
    assert_eq!(refused, 16, "fixtures refused for their size");
    for (name, bytes) in fixtures(&["ok", "beyond"]) {
        let limits = Limits { max_pixels: 11, ..Limits::default() };
        assert_eq!(probe(&bytes, &limits).err(), decode(&bytes, &limits).err(), "{name}");
    }
}

#[test]
fn unsupported_variants_that_the_header_shows_are_told() {
    let names: Vec<_> = fixtures(&["broken"])
        .into_iter()
        .filter(|(_, bytes)| {
            probe(bytes, &Limits::default()).is_err_and(|error| error.kind() == ErrorKind::Unsupported)
        })
        .map(|(name, _)| name)
        .collect();
    for name in ["bmp-2-bit", "jpeg-12-bit", "jpeg-arithmetic", "jpeg-lossless", "tiff-12-grey", "tiff-float"]
    {
        assert!(names.iter().any(|told| told == name), "{name} is not among {names:?}");
    }
}

#[test]
fn inputs_that_are_no_image_are_told_as_decoding_tells_them() {
    let small = Limits { max_bytes: 20, ..Limits::default() };
    for bytes in [&b""[..], b"Dear Sir or Madam,", b"GIF89a\x01\0\x01\0", &[0; 21], b"P5 9 9 255 and so on."]
    {
        let error = decode(bytes, &small).unwrap_err();
        assert_eq!(probe(bytes, &small), Err(error));
    }
}

#[test]
fn sides_are_those_before_orientation() {
    let (_, bytes) =
        fixtures(&["beyond"]).into_iter().find(|(name, _)| name == "tiff-orientation-6").unwrap();
    let image = decode(&bytes, &Limits::default()).unwrap();
    let Probe { format, width, height } = probe(&bytes, &Limits::default()).unwrap();
    assert_eq!(format, Format::Tiff);
    assert_ne!(width, height);
    assert_eq!((width as usize, height as usize), (image.height(), image.width()));
}

#[test]
fn every_truncation_agrees() {
    let limits = Limits { max_pixels: 1 << 16, ..Limits::default() };
    for (name, bytes) in fixtures(&["ok", "beyond", "broken"]) {
        for len in (0..bytes.len().min(300)).chain((300..bytes.len()).step_by(97)) {
            let _ = assert_agree(&name, &bytes[..len], &limits);
        }
    }
}

#[test]
fn a_hash_that_is_known_is_taken_as_it_is() {
    let bytes = b"P2 2 2 255 1 2 3 4";
    let params = Params { denoise: Denoise::None, ..Params::default() };
    let (limits, control) = (Limits::default(), Control::default());
    let mut extractor = Extractor::new();
    let known = extractor.extract_hashed(bytes, [7; 32], &params, &limits, &control).unwrap();
    assert_eq!(known.features.image_sha256, [7; 32]);
    assert_eq!(known.stages.get(Stage::Hash), None);
    let hashed = extractor.extract(bytes, &params, &limits, &control).unwrap();
    assert_eq!(hashed.features.image_sha256, sha256::digest(bytes));
    assert!(hashed.stages.get(Stage::Hash).is_some());
    let error = extractor.extract_hashed(b"", [7; 32], &params, &limits, &control).unwrap_err();
    assert_eq!(error, ExtractError::Empty);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn changed_bytes_agree(
        pick: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        near_the_start: bool,
    ) {
        thread_local! {
            static FIXTURES: Vec<(String, Vec<u8>)> = fixtures(&["ok", "beyond", "broken"]);
        }
        let (name, mut bytes) = FIXTURES.with(|fixtures| pick.get(fixtures).clone());
        let reach = if near_the_start { bytes.len().min(64) } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(reach)] = value;
        }
        let limits = Limits { max_pixels: 1 << 16, ..Limits::default() };
        let _ = assert_agree(&name, &bytes, &limits);
    }
}
