//! `siftd profile`: what is measured can be planned with.

use std::fs;

use capacity::Profile;

use crate::running::{picture, run};

#[test]
fn a_profile_has_all_that_plans_need() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for name in ["chelsea.jpg", "camera.png"] {
        fs::write(folder.path().join("in").join(name), picture(name)).unwrap();
    }
    let arguments = ["profile", "--images", "in", "--samples", "2", "--window", "200ms", "--denoise", "none"];
    let ran = run(folder.path(), &[&arguments[..], &["-o", "profile.json"]].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(told.contains("1: chelsea.jpg 451x300, 1 thread(s)"), "{told}");

    let profile =
        Profile::from_json(&fs::read_to_string(folder.path().join("profile.json")).unwrap()).unwrap();
    let classes: Vec<_> = profile.pictures.iter().map(|class| (class.name.as_str(), class.pixels)).collect();
    assert_eq!(classes, [("1: chelsea.jpg 451x300", 135_300.0), ("2: camera.png 512x512", 262_144.0)]);
    for run in profile.pictures.iter().flat_map(|class| &class.runs) {
        assert_eq!(run.service.n, 2);
        let stages: Vec<_> = run.stages.keys().map(String::as_str).collect();
        assert_eq!(stages, ["cache_set", "decode", "describe", "detect"]);
        let sum: f64 = run.stages.values().map(|stage| stage.mean).sum();
        assert!(sum <= run.service.mean, "stages are parts of the whole");
    }
    // docs/formats.md: a header of 128 bytes; 24 bytes of a keypoint and 128 of its descriptor.
    let stored = &profile.stored;
    assert!((stored.fixed_bytes - 128.0).abs() < 1e-6 && (stored.bytes_per_keypoint - 152.0).abs() < 1e-6);
    assert_eq!(stored.key_bytes, "features:3:".len() as f64 + 32.0 + 1.0 + 64.0);
    assert_eq!(profile.requests.upload_hits.len(), 2);
    assert!(profile.memory.rest_bytes > 1e6);
    assert_eq!(profile.contention.across_pictures.points[0].n, 1);
}

#[test]
fn a_picture_that_cannot_be_measured_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), "no picture").unwrap();
    let ran = run(folder.path(), &["profile", "--images", "."]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("siftd: ./a.jpg: ") && ran.stdout.is_empty(), "{}", ran.stderr);
}
