//! Command lines that cannot be done: exit code 2, what is wrong and what is allowed.

use crate::running::{files, folder, run, small};

#[test]
fn a_parameter_out_of_range_is_told_with_its_range() {
    let folder = folder(&[("a.png", small())]);
    let cases = [
        ("--template-window=0", "template_window is 0, but must be from 1 to 127"),
        ("--template-window=128", "template_window is 128, but must be from 1 to 127"),
        ("--search-window=0", "search_window is 0, but must be from 1 to 2901"),
        ("--search-window=2902", "search_window is 2902, but must be from 1 to 2901"),
        ("--h=-1", "h is -1, but must be finite and at least 0"),
        ("--h=nan", "h is NaN, but must be finite and at least 0"),
        ("--h-color=inf", "h_color is inf, but must be finite and at least 0"),
        ("--octave-layers=0", "octave_layers is 0, but must be from 1 to 32"),
        ("--octave-layers=33", "octave_layers is 33, but must be from 1 to 32"),
        ("--contrast-threshold=-0.1", "contrast_threshold is -0.1, but must be finite and at least 0"),
        ("--edge-threshold=0", "edge_threshold is 0, but must be finite and above 0"),
        ("--sigma=nan", "sigma is NaN, but must be from 0.1 to 32"),
    ];
    for (option, error) in cases {
        let ran = run(folder.path(), &["detect", "a.png", option, "-o", "out.json"]);
        ran.assert_failed(2, &[&format!("error: {error}")]);
        let (name, value) = option.split_once('=').unwrap();
        run(folder.path(), &["detect", "a.png", name, value]).assert_failed(2, &[&format!("error: {error}")]);
    }
    assert_eq!(files(folder.path()), ["a.png"]);
}

#[test]
fn an_option_that_is_none_is_told_with_what_is_allowed() {
    let folder = folder(&[("a.png", small())]);
    let cases: [(&[&str], &str); 9] = [
        (&["--octave_layers", "3"], "a similar argument exists: '--octave-layers'"),
        (&["--fast"], "unexpected argument '--fast' found"),
        (&["--format", "xml"], "must be summary, json, npz, colmap or siftd"),
        (&["--denoise", "median"], "[possible values: nlm, none]"),
        (&["--descriptor", "surf"], "[possible values: sift, rootsift]"),
        (&["--threads", "0"], "'--threads <N>': must be a whole number from 1 to 1024"),
        (&["--octave-layers", "-1"], "'--octave-layers <N>': must be a whole number of at least 0"),
        (&["--search-window", "2.5"], "'--search-window <PX>': must be a whole number of at least 0"),
        (&["-o", ""], "a value is required for '--output <OUT>'"),
    ];
    for (options, error) in cases {
        let ran = run(folder.path(), &[&["detect", "a.png"], options].concat());
        assert_eq!(ran.code, Some(2), "{options:?}: {ran:?}");
        assert!(ran.stderr.contains(error), "{options:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{options:?}");
    }
}

#[test]
fn several_images_need_a_folder() {
    let folder = folder(&[("in/a.png", small()), ("in/b.png", small()), ("taken.npz", Vec::new())]);
    for format in ["npz", "colmap", "siftd"] {
        let error = format!("error: {format} features of several images need a folder: add -o FOLDER");
        for inputs in [&["in"][..], &["in/a.png", "in/b.png"]] {
            let ran = run(folder.path(), &[&["detect", "--format", format], inputs].concat());
            ran.assert_failed(2, &[&error]);
        }
    }
    let ran = run(folder.path(), &["detect", "in", "--format", "npz", "-o", "taken.npz"]);
    ran.assert_failed(
        2,
        &["error: the output must be a folder for several images or with a / at its end, but taken.npz is a file"],
    );
    for name in ["new.npz", "new.SIFTD", "new.json"] {
        let error = format!(
            "error: features of several images go to a folder, but {name} is named like a file: end it in /, or name another"
        );
        run(folder.path(), &["detect", "in", "-o", name]).assert_failed(2, &[&error]);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = folder(&[]);
    let version = run(folder.path(), &["--version"]).ok();
    assert_eq!(String::from_utf8(version).unwrap(), format!("siftd {}\n", env!("CARGO_PKG_VERSION")));
    let help = String::from_utf8(run(folder.path(), &["detect", "--help"]).ok()).unwrap();
    for option in
        ["--format", "--output", "--threads", "--denoise", "--h-color", "--octave-layers", "--descriptor"]
    {
        assert!(help.contains(option), "{option} is not in the help");
    }
    assert_eq!(run(folder.path(), &[]).code, Some(2));
    assert_eq!(run(folder.path(), &["detect"]).code, Some(2));
}

#[test]
fn passwords_are_in_no_error_of_the_command_line() {
    let folder = folder(&[]);
    let url = "redis://u:hunter2@host:port/0";
    let commands: [&[&str]; 3] = [
        &["doctor", "--cache", url],
        &["profile", "--images", ".", "--cache", url],
        &["cache-bench", "--cache", url],
    ];
    for arguments in commands {
        let ran = run(folder.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(
            ran.stderr.contains("'redis://u:…@host:port/0' for '--cache <URL>': must be"),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}
