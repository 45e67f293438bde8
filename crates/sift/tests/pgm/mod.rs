//! Reads the images of `golden/`.

use std::fs;
use std::path::Path;

pub(crate) const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// A grey image, row by row.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) grey: Vec<u8>,
}

/// The image `golden/NAME.pgm`: `P5 WIDTH HEIGHT 255`, a newline, the pixels.
pub(crate) fn read(name: &str) -> Image {
    let bytes = fs::read(Path::new(GOLDEN).join(name).with_extension("pgm")).unwrap();
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let header = std::str::from_utf8(&bytes[..end]).unwrap();
    let fields: Vec<&str> = header.split(' ').collect();
    let ["P5", width, height, "255"] = fields[..] else { panic!("{name}: {header}") };
    let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
    let grey = bytes[end + 1..].to_vec();
    assert_eq!(grey.len(), width * height, "{name}");
    Image { width, height, grey }
}
