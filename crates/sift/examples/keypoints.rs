//! Prints x, y, size and angle of the keypoints of a binary PGM, one a line: `keypoints PICTURE.pgm`.

use std::error::Error;
use std::io::{self, BufWriter, Write};

use sift::{Control, Detector, Params};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: keypoints PICTURE.pgm")?;
    let file = std::fs::read(path)?;
    let (width, height, grey) = pgm(&file).ok_or("not a binary PGM of 8 bits")?;
    let found = Detector::new().detect(grey, width, height, &Params::default(), &Control::default())?;
    let mut out = BufWriter::new(io::stdout().lock());
    for keypoint in &found.keypoints {
        writeln!(out, "{} {} {} {}", keypoint.x, keypoint.y, keypoint.size, keypoint.angle)?;
    }
    Ok(out.flush()?)
}

/// Width, height and pixels of a P5 file without comments.
fn pgm(file: &[u8]) -> Option<(usize, usize, &[u8])> {
    let mut rest = file.strip_prefix(b"P5")?;
    let mut number = || {
        rest = rest.trim_ascii_start();
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        rest = after;
        std::str::from_utf8(number).ok()?.parse::<usize>().ok()
    };
    let (width, height, most) = (number()?, number()?, number()?);
    (most == 255).then_some((width, height, rest.get(1..)?.get(..width.checked_mul(height)?)?))
}
