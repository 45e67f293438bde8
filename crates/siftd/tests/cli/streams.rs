//! Standard input and output.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::running::{files, fixture, folder, picture, run, run_with_stdin, siftd, small};

#[test]
fn a_dash_reads_standard_input() {
    let folder = folder(&[]);
    let ran = run_with_stdin(folder.path(), &["detect", "-"], &small());
    let [summary] = &ran.lines()[..] else { panic!("not one line: {ran:?}") };
    assert_eq!((ran.code, &summary["path"], &summary["width"]), (Some(0), &"-".into(), &30.into()));
    run_with_stdin(folder.path(), &["detect", "-", "--format", "npz", "-o", "out/"], &small()).ok();
    assert_eq!(files(folder.path()), ["out/stdin.npz"]);
}

#[test]
fn a_dash_as_output_is_standard_output() {
    let folder = folder(&[("a.png", small())]);
    let named = run(folder.path(), &["detect", "a.png", "--format", "siftd", "-o", "-"]).ok();
    assert_eq!(named, run(folder.path(), &["detect", "a.png", "--format", "siftd"]).ok());
    assert_eq!(files(folder.path()), ["a.png"]);
}

#[test]
fn empty_and_overlong_standard_input_is_told() {
    let folder = folder(&[]);
    run_with_stdin(folder.path(), &["detect", "-"], b"")
        .assert_failed(1, &["siftd: -: the input is empty, an image was expected"]);
    run_with_stdin(folder.path(), &["detect", "-", "--max-bytes", "100"], &picture("chelsea.jpg"))
        .assert_failed(1, &["siftd: -: the image has 101 bytes, more than the 100 allowed"]);
}

/// The first takes longest: it would come last if threads did not wait for their turn.
#[test]
fn standard_output_has_the_order_of_the_inputs() {
    let mut inputs = vec![("z-first.jpg".to_owned(), picture("rocket.jpg"))];
    inputs.extend((0..20).rev().map(|i| (format!("{i:02}.png"), small())));
    inputs.insert(7, ("broken.png".to_owned(), fixture("broken/png-no-end")));
    let named: Vec<_> = inputs.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let folder = folder(&named);
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let options = ["detect", "--denoise", "none", "--threads", "4"];

    let ran = run(folder.path(), &[&options[..], &names].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("siftd: broken.png: corrupt PNG image: "), "{}", ran.stderr);
    let told: Vec<_> = ran.lines().iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<_> = names.iter().copied().filter(|name| *name != "broken.png").collect();
    assert_eq!(told, expected);
}

/// Runs with a standard output that is closed before there is anything to write: the binary waits for its input first.
fn with_closed_stdout(arguments: &[&str], stdin: &[u8]) -> (Option<i32>, String) {
    let folder = folder(&[("a.png", small()), ("b.png", small())]);
    let mut command = siftd(folder.path(), arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap().code(), stderr)
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let commands: [&[&str]; 4] = [
        &["detect", "-"],
        &["detect", "-", "a.png", "b.png", "--threads", "1"],
        &["detect", "-", "a.png", "b.png", "--threads", "3", "--format", "json"],
        &["denoise", "-", "-o", "-"],
    ];
    for arguments in commands {
        assert_eq!(with_closed_stdout(arguments, &small()), (Some(0), String::new()), "{arguments:?}");
    }
}

/// As where a disk is full, or `2>&1 | head` has left: what went wrong can't be told, and all else is done.
#[test]
fn a_reader_of_errors_that_went_away_keeps_nothing_from_being_done() {
    let broken = fixture("broken/png-no-end");
    for output in [None, Some("out/")] {
        let inputs = [
            ("a.png", broken.clone()),
            ("b.png", broken.clone()),
            ("c.png", small()),
            ("d.png", broken.clone()),
        ];
        let folder = folder(&inputs);
        let mut arguments = vec!["detect", "-", "a.png", "b.png", "c.png", "d.png", "--threads", "2"];
        arguments.extend(output.iter().flat_map(|output| ["-o", output]));
        let mut command = siftd(folder.path(), &arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stderr.take());
        child.stdin.take().unwrap().write_all(&broken).unwrap();
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{output:?}");
        let done =
            if output.is_some() { folder.path().join("out").exists() } else { stdout.contains("c.png") };
        assert!(done, "{output:?}: {stdout}");
    }
}
