//! `siftd load` where there is nothing to load. With a service: `tests/clients/test_load.py`.

use std::fs;

use crate::running::{run, siftd};

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), arguments);
    assert!(ran.stdout.is_empty());
    (ran.code, ran.stderr)
}

#[test]
fn what_cannot_be_loaded_is_wrong_usage_that_tells_what_can() {
    let nowhere = ["load", "--url", "http://127.0.0.1:1", "--images", "."];
    for (more, expected) in [
        (&["--rate", "0"][..], "error: the rate is 0: must be 0.000001 to 1000000 a second\n"),
        (&["--concurrency", "1", "--hit-ratio", "1.5"], "error: the hit ratio is 1.5: must be 0 to 1\n"),
        (&["--rate", "1", "--url", "https://host"], ""),
        (&["--rate", "1", "--duration", "1d"], ""),
        (&["--find-max"], ""),
        (&[], ""),
        (
            &["--rate", "1"],
            "error: .: no images in this folder (JPEG, PNG, BMP, TIFF, WebP, PNM; told by their content)\n",
        ),
    ] {
        let (code, stderr) = refused(&[&nowhere[..], more].concat());
        assert_eq!(code, Some(2), "{more:?}: {stderr}");
        assert!(expected.is_empty() || stderr == expected, "{more:?}: {stderr}");
    }
}

#[test]
fn a_service_that_is_not_there_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pgm"), "P2 2 1 255 7 9 ").unwrap();
    let arguments = ["load", "--url", "http://127.0.0.1:1", "--images", ".", "--rate", "1"];
    let ran = siftd(folder.path(), &arguments).output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(stderr.starts_with("siftd: cannot connect to 127.0.0.1:1: "), "{stderr}");
}
