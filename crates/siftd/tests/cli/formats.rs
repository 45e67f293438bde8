//! `siftd detect`: what comes out in each format.

use extract::{Descriptor, FeatureSet};

use crate::running::{Ran, folder, picture, run, siftd, small};

#[test]
fn the_summary_has_the_fields_of_the_contract() {
    let folder = folder(&[("astronaut.jpg", picture("astronaut.jpg"))]);
    let ran = run(folder.path(), &["detect", "astronaut.jpg", "--search-window", "5"]);
    let [summary] = &ran.lines()[..] else { panic!("not one line: {ran:?}") };
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));

    assert_eq!(summary["path"], "astronaut.jpg");
    assert_eq!((&summary["width"], &summary["height"]), (&512.into(), &512.into()));
    let keypoints = summary["keypoints"].as_u64().unwrap();
    assert!((500..2000).contains(&keypoints), "{summary}");
    assert_eq!(summary["descriptors_shape"], serde_json::json!([keypoints, 128]));
    assert_eq!(summary["sha256"], "011901a3f9084e22497e2b27642b44a39e8965c4c2febc5ddf2c3ccf298c8787");
    for stage in ["hash", "decode", "denoise", "detect", "describe"] {
        assert!(summary["stages_ms"][stage].as_f64().is_some_and(|took| took > 0.0), "{stage}: {summary}");
    }
}

/// Standard output of one format of the same picture.
fn encoded(format: &str, more: &[&str]) -> Vec<u8> {
    let folder = folder(&[("a.png", small())]);
    run(folder.path(), &[&["detect", "a.png", "--denoise", "none", "--format", format], more].concat()).ok()
}

#[test]
fn every_format_tells_the_same_features() {
    let stored = FeatureSet::from_siftd(&encoded("siftd", &[])).unwrap();
    let count = stored.keypoints.len();
    assert!(count > 0);
    assert_eq!((stored.width, stored.height, stored.descriptor()), (30, 22, Descriptor::Sift));

    let summary: serde_json::Value = serde_json::from_slice(&encoded("summary", &[])).unwrap();
    assert_eq!(summary["keypoints"], count);
    let json: serde_json::Value = serde_json::from_slice(&encoded("json", &[])).unwrap();
    assert_eq!(json["keypoints"].as_array().map(Vec::len), Some(count), "{json}");
    let colmap = String::from_utf8(encoded("colmap", &[])).unwrap();
    assert_eq!(colmap.lines().next(), Some(format!("{count} 128").as_str()));
    assert_eq!(colmap.lines().count(), 1 + count);
    assert!(encoded("npz", &[]).starts_with(b"PK\x03\x04"));
}

#[test]
fn the_name_of_a_file_says_what_it_holds() {
    let folder = folder(&[("a.png", small())]);
    let detect =
        |more: &[&str]| run(folder.path(), &[&["detect", "a.png", "--denoise", "none"], more].concat());
    for (name, format) in [("it.npz", "npz"), ("it.SIFTD", "siftd")] {
        detect(&["-o", name]).ok();
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), detect(&["--format", format]).ok());
    }
    for (name, format, held) in
        [("no.npz", "json", "npz"), ("no.siftd", "npz", "siftd"), ("no.json", "colmap", "summary or json")]
    {
        let error = format!("error: {name} would hold {format}, but its name says {held}");
        detect(&["--format", format, "-o", name]).assert_failed(2, &[&error]);
    }
    for (name, format) in
        [("it.json", "json"), ("summary.json", "summary"), ("it", "npz"), ("it.txt", "summary")]
    {
        detect(&["--format", format, "-o", name]).ok();
    }
}

#[test]
fn lines_of_several_images_say_whose_they_are() {
    let folder = folder(&[("in/a.png", small()), ("in/b.png", b"none".to_vec()), ("in/c.png", small())]);
    let ran = run(folder.path(), &["detect", "in", "--format", "json"]);
    let paths: Vec<_> = ran.lines().iter().map(|line| line["path"].clone()).collect();
    assert_eq!((ran.code, paths), (Some(1), vec!["in/a.png".into(), "in/c.png".into()]));
    let alone = run(folder.path(), &["detect", "in/a.png", "--format", "json"]);
    assert!(alone.lines()[0].get("path").is_none());
}

#[test]
fn parameters_reach_the_detector() {
    let read = |more: &[&str]| FeatureSet::from_siftd(&encoded("siftd", more)).unwrap();
    let plain = read(&[]);
    assert_eq!(read(&["--descriptor", "rootsift"]).descriptor(), Descriptor::RootSift);
    assert!(read(&["--contrast-threshold", "10"]).keypoints.is_empty());
    let changed: [&[&str]; 3] = [&["--octave-layers", "5"], &["--sigma", "2.5"], &["--precise-upscale"]];
    for more in changed {
        assert_ne!(read(more).keypoints, plain.keypoints, "{more:?}");
    }
    // As bare, or as `siftd serve` and queries have it.
    let [bare, on, off] = ["--precise-upscale", "--precise-upscale=true", "--precise-upscale=false"];
    assert_eq!(read(&[on]), read(&[bare]));
    assert_eq!(read(&[off]), plain);
    assert!(plain.keypoints.len() > 1);
    assert_eq!(read(&["--max-features", "1"]).keypoints.len(), 1);
    assert!(denoised(&["--h", "200", "--h-color", "200"]).keypoints != plain.keypoints);
}

fn denoised(more: &[&str]) -> FeatureSet {
    let folder = folder(&[("a.png", small())]);
    let ran = run(folder.path(), &[&["detect", "a.png", "--format", "siftd"], more].concat());
    FeatureSet::from_siftd(&ran.ok()).unwrap()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = folder(&[("chelsea.jpg", picture("chelsea.jpg"))]);
    let npz = |threads: &str| -> Vec<u8> {
        let ran: Ran =
            run(folder.path(), &["detect", "chelsea.jpg", "--format", "npz", "--threads", threads]);
        ran.ok()
    };
    let alone = npz("1");
    assert!(alone.len() > 10_000, "chelsea has features: {} bytes", alone.len());
    assert!(npz("3") == alone, "three threads write other bytes than one");
}

#[test]
fn the_instruction_set_changes_no_byte() {
    let expected = encoded("siftd", &[]);
    for set in ["scalar", "avx2", "avx512"] {
        assert_eq!(encoded("siftd", &["--isa", set]), expected, "{set}");
        let folder = folder(&[("a.png", small())]);
        let mut command =
            siftd(folder.path(), &["detect", "a.png", "--denoise", "none", "--format", "siftd"]);
        let ran: Ran = command.env("SIFTD_ISA", set).output().unwrap().into();
        assert_eq!(ran.ok(), expected, "SIFTD_ISA={set}");
    }
    let folder = folder(&[("a.png", small())]);
    let ran = run(folder.path(), &["detect", "a.png", "--isa", "sse9"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("scalar, avx2 and avx512"), "{}", ran.stderr);
}
