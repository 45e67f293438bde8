//! `siftd denoise`.

use std::fs;

use extract::{Control, Extractor, Limits, Params, decode};

use crate::running::{files, folder, picture, run, run_with_stdin, small};

#[test]
fn the_png_is_the_denoised_picture() {
    let bytes = picture("chelsea.jpg");
    let folder = folder(&[("chelsea.jpg", bytes.clone())]);
    let ran = run(
        folder.path(),
        &["denoise", "chelsea.jpg", "-o", "clean.PNG", "--search-window", "5", "--threads", "3"],
    );
    assert!(ran.ok().is_empty());
    assert_eq!(files(folder.path()), ["chelsea.jpg", "clean.PNG"]);

    let limits = Limits::default();
    let written = decode(&fs::read(folder.path().join("clean.PNG")).unwrap(), &limits).unwrap();
    assert_eq!((written.width(), written.height()), (451, 300));
    let mut params = Params::default();
    if let extract::Denoise::Nlm(params) = &mut params.denoise {
        params.luma.search_window = 5;
    }
    let direct = Extractor::new().denoise(&bytes, &params, &limits, &Control::default()).unwrap();
    assert!(written.pixels() == direct.pixels(), "the file has other pixels than the library");
    assert!(written.pixels() != decode(&bytes, &limits).unwrap().pixels(), "nothing was denoised");
}

#[test]
fn standard_streams_do() {
    let folder = folder(&[("a.png", small())]);
    run(folder.path(), &["denoise", "a.png", "-o", "b.png"]).ok();
    let piped = run_with_stdin(folder.path(), &["denoise", "-", "-o", "-"], &small()).ok();
    assert_eq!(piped, fs::read(folder.path().join("b.png")).unwrap());
}

#[test]
fn wrong_usage_is_told() {
    let folder = folder(&[("a.png", small()), ("in/a.png", small())]);
    let refused = |arguments: &[&str], error: &str| {
        run(folder.path(), &[&["denoise"], arguments].concat()).assert_failed(2, &[error]);
    };
    refused(&["a.png", "-o", "b.jpg"], "error: the output is a PNG, so its name must end in .png: b.jpg");
    refused(&["a.png", "-o", "b"], "error: the output is a PNG, so its name must end in .png: b");
    refused(&["a.png", "-o", "./a.png"], "error: ./a.png is the image itself: give -o another name");
    refused(&["in", "-o", "b.png"], "error: in is a folder, but denoise takes one image");
    refused(
        &["a.png", "-o", "b.png", "--template-window", "0"],
        "error: template_window is 0, but must be from 1 to 127",
    );
    let ran = run(folder.path(), &["denoise", "a.png"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--output <OUT.png>"), "{}", ran.stderr);
    assert_eq!(files(folder.path()), ["a.png", "in/a.png"]);
}

#[test]
fn a_bad_input_leaves_what_was_there() {
    let folder = folder(&[("text.png", b"hello".to_vec()), ("b.png", small())]);
    let ran = run(folder.path(), &["denoise", "text.png", "-o", "b.png"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("siftd: text.png: not an image of a known format; "), "{}", ran.stderr);
    run(folder.path(), &["denoise", "none.png", "-o", "b.png"])
        .assert_failed(1, &["siftd: none.png: No such file or directory (os error 2)"]);
    run(folder.path(), &["denoise", "b.png", "-o", "none/b.png"])
        .assert_failed(1, &["siftd: b.png: cannot write none/b.png: No such file or directory (os error 2)"]);
    assert_eq!(fs::read(folder.path().join("b.png")).unwrap(), small());
    assert_eq!(files(folder.path()), ["b.png", "text.png"]);
}
