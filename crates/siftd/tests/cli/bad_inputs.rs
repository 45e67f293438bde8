//! Inputs that give no features: each is told with its reason, the others go on, and the exit code is 1.

use std::fs;
use std::io::Write;

use crate::running::{files, fixture, folder, picture, run, small};

const SUPPORTED: &str = "supported are JPEG, PNG, BMP, TIFF, WebP and PNM (P1 to P6)";

/// One file alone, by this name: standard error has this line.
#[track_caller]
fn assert_refused(name: &str, bytes: Vec<u8>, reason: &str) {
    let folder = folder(&[(name, bytes)]);
    let ran = run(folder.path(), &["detect", name]);
    ran.assert_failed(1, &[&format!("siftd: {name}: {reason}")]);
    assert!(ran.stdout.is_empty(), "{ran:?}");
}

#[test]
fn a_broken_image_is_told_with_its_reason() {
    let mut cut = picture("chelsea.jpg");
    cut.truncate(20_000);
    assert_refused("cut.jpg", cut, "corrupt JPEG image: it ends inside a scan");
    assert_refused("text.jpg", b"hello\n".to_vec(), &format!("not an image of a known format; {SUPPORTED}"));
    assert_refused(
        "clip.gif",
        b"GIF89a\x01\0\x01\0".to_vec(),
        &format!("GIF images are not supported; {SUPPORTED}"),
    );
    assert_refused("empty.png", Vec::new(), "the input is empty, an image was expected");
    assert_refused(
        "huge.png",
        fixture("broken/png-huge"),
        "the image has 65535 x 65535 pixels, more than the 100000000 allowed",
    );
    assert_refused(
        "huge.jpg",
        fixture("broken/jpeg-huge"),
        "the image has 65535 x 65535 pixels, more than the 100000000 allowed",
    );
    assert_refused("flat.png", fixture("broken/png-zero-width"), "PNG image without pixels: 0 x 22");
}

#[test]
fn limits_are_the_users() {
    let folder = folder(&[("a.png", small())]);
    let bytes = small().len();
    let refused = run(folder.path(), &["detect", "a.png", "--max-pixels", "659"]);
    refused.assert_failed(1, &["siftd: a.png: the image has 30 x 22 pixels, more than the 659 allowed"]);
    run(folder.path(), &["detect", "a.png", "--max-pixels", "660", "--max-bytes", &bytes.to_string()]).ok();
    let one_less = (bytes - 1).to_string();
    run(folder.path(), &["detect", "a.png", "--max-bytes", &one_less]).assert_failed(
        1,
        &[&format!("siftd: a.png: the image has {bytes} bytes, more than the {one_less} allowed")],
    );
}

#[test]
fn a_missing_file_is_told_once_and_the_others_go_on() {
    let folder = folder(&[("a.png", small()), ("b.png", small())]);
    let missing = "siftd: none.png: No such file or directory (os error 2)";
    run(folder.path(), &["detect", "none.png"]).assert_failed(1, &[missing]);
    let ran = run(folder.path(), &["detect", "a.png", "none.png", "b.png", "--format", "json"]);
    ran.assert_failed(1, &[missing]);
    assert_eq!(ran.lines().len(), 2);
    let ran = run(folder.path(), &["detect", "a.png", "none.png", "b.png", "--format", "npz", "-o", "out"]);
    ran.assert_failed(1, &[missing]);
    assert_eq!(files(&folder.path().join("out")), ["a.npz", "b.npz"]);
}

#[test]
fn content_decides_the_format_not_the_name() {
    let folder = folder(&[("really-png.jpg", small()), ("cmyk.jpg", fixture("ok/jpeg-cmyk-adobe"))]);
    for name in ["really-png.jpg", "cmyk.jpg"] {
        let ran = run(folder.path(), &["detect", name]);
        let [summary] = &ran.lines()[..] else { panic!("not one line: {ran:?}") };
        assert_eq!(
            (ran.code, &summary["width"], &summary["height"]),
            (Some(0), &30.into(), &22.into()),
            "{name}"
        );
    }
}

#[test]
fn a_folder_gives_its_images_and_tells_of_false_ones() {
    let folder = folder(&[
        ("in/a.png", small()),
        ("in/deep/no-ending", small()),
        ("in/deep/notes.txt", b"notes".to_vec()),
        ("in/deep/run.sh", b"#!/bin/sh\n".to_vec()),
        ("in/.hidden/c.png", small()),
        ("in/false.jpg", b"a text".to_vec()),
        ("in/z.PNG", small()),
    ]);
    let ran = run(folder.path(), &["detect", "in"]);
    let error = format!("siftd: in/false.jpg: not an image of a known format; {SUPPORTED}");
    ran.assert_failed(1, &[&error]);
    let paths: Vec<_> = ran.lines().iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, ["in/a.png", "in/deep/no-ending", "in/z.PNG"]);
}

#[test]
fn a_folder_without_images_is_an_error() {
    let folder = folder(&[("only/notes.txt", b"notes".to_vec())]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    for name in ["only", "empty"] {
        let error = format!("siftd: {name}: no images in this folder");
        run(folder.path(), &["detect", name]).assert_failed(1, &[&error]);
        run(folder.path(), &["detect", name, "-o", "out"]).assert_failed(1, &[&error]);
    }
    assert_eq!(files(folder.path()), ["only/notes.txt"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder(&[("in/a.png", small()), ("in/locked.png", small())]);
    let locked = folder.path().join("in/locked.png");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        // Not through `eprintln`, which the test harness holds back.
        writeln!(std::io::stderr(), "not run: root may read every file").unwrap();
        return;
    }
    let ran = run(folder.path(), &["detect", "in"]);
    ran.assert_failed(1, &["siftd: in/locked.png: Permission denied (os error 13)"]);
    assert_eq!(ran.lines().len(), 1);
}
