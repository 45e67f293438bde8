//! `siftd detect -o`: which files are written, whole or not at all.

use std::fs;

use extract::FeatureSet;

use crate::running::{files, fixture, folder, run, siftd, small};

const TRUNCATED: &str = "it.png";

fn truncated() -> Vec<u8> {
    let whole = small();
    whole[..whole.len() / 2].to_vec()
}

#[test]
fn one_image_goes_to_the_file_named() {
    let folder = folder(&[("a.png", small())]);
    assert!(run(folder.path(), &["detect", "a.png", "--format", "siftd", "-o", "found.bin"]).ok().is_empty());
    assert_eq!(files(folder.path()), ["a.png", "found.bin"]);
    let stored = fs::read(folder.path().join("found.bin")).unwrap();
    assert_eq!(FeatureSet::from_siftd(&stored).unwrap().width, 30);
}

#[test]
fn one_image_goes_into_a_folder_that_exists_or_ends_in_a_slash() {
    let folder = folder(&[("a.png", small()), ("there/other.txt", Vec::new())]);
    run(folder.path(), &["detect", "a.png", "--format", "npz", "-o", "there"]).ok();
    run(folder.path(), &["detect", "a.png", "--format", "colmap", "-o", "new/deep/"]).ok();
    assert_eq!(files(folder.path()), ["a.png", "new/deep/a.png.txt", "there/a.npz", "there/other.txt"]);
}

#[test]
fn several_images_go_to_a_folder_with_their_sub_folders() {
    let pictures = ["in/a.png", "in/deep/er/b.png", "in/deep/c.png"].map(|name| (name, small()));
    let folder = folder(&pictures);
    for format in ["summary", "json", "npz", "colmap", "siftd"] {
        run(folder.path(), &["detect", "in", "--format", format, "-o", "out"]).ok();
    }
    let endings = ["json", "npz", "siftd", "summary.json"];
    let mut expected: Vec<_> = ["a", "deep/c", "deep/er/b"]
        .iter()
        .flat_map(|name| {
            endings.map(|ending| format!("{name}.{ending}")).into_iter().chain([format!("{name}.png.txt")])
        })
        .collect();
    expected.sort();
    assert_eq!(files(&folder.path().join("out")), expected);
}

#[test]
fn of_two_images_of_one_name_the_first_keeps_it() {
    let folder = folder(&[("in/a.jpg", fixture("ok/png-grey-8")), ("in/a.png", small())]);
    for threads in ["1", "4"] {
        let ran =
            run(folder.path(), &["detect", "in", "--format", "siftd", "-o", "out", "--threads", threads]);
        ran.assert_failed(
            1,
            &["siftd: in/a.png: its features would go to out/a.siftd, as those of another image do: name one of the images otherwise, or \
               put it in a folder of its own"],
        );
        assert_eq!(files(&folder.path().join("out")), ["a.siftd"]);
        let stored = fs::read(folder.path().join("out/a.siftd")).unwrap();
        let direct = run(folder.path(), &["detect", "in/a.jpg", "--format", "siftd"]).ok();
        assert_eq!(stored, direct);
    }
    // COLMAP's names keep the ending, and do not collide.
    run(folder.path(), &["detect", "in", "--format", "colmap", "-o", "text"]).ok();
    assert_eq!(files(&folder.path().join("text")), ["a.jpg.txt", "a.png.txt"]);
}

#[test]
fn an_output_survives_a_run_that_fails() {
    let folder = folder(&[(TRUNCATED, small())]);
    let again = || run(folder.path(), &["detect", TRUNCATED, "--format", "npz", "-o", "it.npz"]);
    again().ok();
    let before = fs::read(folder.path().join("it.npz")).unwrap();
    fs::write(folder.path().join(TRUNCATED), truncated()).unwrap();
    let ran = again();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("siftd: it.png: corrupt PNG image: "), "{}", ran.stderr);
    assert_eq!(fs::read(folder.path().join("it.npz")).unwrap(), before);
    assert_eq!(files(folder.path()), ["it.npz", TRUNCATED]);
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_leaves_nothing() {
    let folder = folder(&[("a.png", small()), ("out/a.npz/blocks.txt", Vec::new())]);
    let ran = run(folder.path(), &["detect", "a.png", "--format", "npz", "-o", "out"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("siftd: a.png: cannot write out/a.npz: "), "{}", ran.stderr);
    assert_eq!(files(folder.path()), ["a.png", "out/a.npz/blocks.txt"]);

    let ran = run(folder.path(), &["detect", "a.png", "-o", "nowhere/a.json"]);
    ran.assert_failed(
        1,
        &["siftd: a.png: cannot write nowhere/a.json: No such file or directory (os error 2)"],
    );
}

#[test]
fn the_image_itself_is_never_the_output() {
    let folder = folder(&[("a.png", small())]);
    let ran = run(folder.path(), &["detect", "a.png", "--format", "json", "-o", "./a.png"]);
    ran.assert_failed(2, &["error: ./a.png is the image itself: give -o another name"]);
    assert_eq!(fs::read(folder.path().join("a.png")).unwrap(), small());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_written_with_the_mode_it_had() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder(&[("a.png", small()), ("real.json", b"old".to_vec())]);
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink("real.json", &link).unwrap();
    let real = folder.path().join("real.json");
    let written = || {
        run(folder.path(), &["detect", "a.png", "-o", "link.json"]).ok();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("\"keypoints\""));
        fs::metadata(&real).unwrap().permissions()
    };
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(written().mode() & 0o777, 0o600);
    // A target that is not there yet.
    fs::remove_file(&real).unwrap();
    written();
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_by_its_name_adds_to_a_log() {
    let folder = folder(&[("a.png", small()), ("log", b"before\n".to_vec())]);
    let log = fs::OpenOptions::new().append(true).open(folder.path().join("log")).unwrap();
    let status =
        siftd(folder.path(), &["detect", "a.png", "-o", "/dev/stdout"]).stdout(log).status().unwrap();
    assert!(status.success());
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert!(lines.len() == 2 && lines[0] == "before" && lines[1].contains("\"keypoints\""), "{log}");
}

/// As `-o /dev/null` and `-o /dev/stdout` are: not to be replaced by a file.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_written_not_replaced() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::FileTypeExt;

    let folder = folder(&[("a.png", small())]);
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    // Open for both, so that neither side waits for the other.
    let pipe = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    run(folder.path(), &["detect", "a.png", "-o", "pipe"]).ok();
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    let mut line = String::new();
    BufReader::new(pipe).read_line(&mut line).unwrap();
    assert!(line.contains("\"keypoints\""), "{line}");
}
