//! What the tests upload.

use std::fs;
use std::path::{Path, PathBuf};

use crate::http::{DETECT, Request, post};

pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(path: &str) -> Vec<u8> {
    let path = workspace(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A fixture of the decoders.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    read(&format!("crates/extract/tests/golden/decode/{name}"))
}

/// A small picture with a keypoint, 30 x 22 px.
pub(crate) fn small() -> Vec<u8> {
    fixture("ok/png-rgb-8")
}

/// A photograph.
pub(crate) fn photograph() -> Vec<u8> {
    read("testdata/pictures/chelsea.jpg")
}

/// A grey picture of noise, `side` px square.
pub(crate) fn noise(side: usize, seed: u32) -> Vec<u8> {
    let mut picture = format!("P5 {side} {side} 255 ").into_bytes();
    let mut state = seed + 1;
    picture.extend((0..side * side).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    picture
}

/// A request that keeps a compute thread for minutes.
pub(crate) fn slow(seed: u32) -> Request {
    let (target, picture) = slow_target(seed);
    post(target, picture)
}

/// Where such a request goes, and its body.
pub(crate) fn slow_target(seed: u32) -> (String, Vec<u8>) {
    (format!("{DETECT}?search_window=299"), noise(1500, seed))
}
