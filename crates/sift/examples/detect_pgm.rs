//! Features of a binary PGM, `detect_pgm IN.pgm OUT [THREADS [REPEATS]]`: prints how many and the best time, and writes
//! `u32 n`, six 32-bit fields a keypoint, then the descriptors, little-endian.

use std::error::Error;
use std::fs;
use std::time::Instant;

use sift::{Control, Descriptors, Detector, Features, Params};

/// The next field of a header, and what follows the white space behind it.
fn field(bytes: &[u8]) -> Result<(&str, &[u8]), Box<dyn Error>> {
    let end = bytes.iter().position(u8::is_ascii_whitespace).ok_or("the header is cut short")?;
    Ok((std::str::from_utf8(&bytes[..end])?, &bytes[end + 1..]))
}

fn bytes_of(features: &Features) -> Vec<u8> {
    let mut out = (features.keypoints.len() as u32).to_le_bytes().to_vec();
    for k in &features.keypoints {
        out.extend([k.x, k.y, k.size, k.angle, k.response].into_iter().flat_map(f32::to_le_bytes));
        out.extend(k.octave.to_le_bytes());
    }
    if let Descriptors::Sift(elements) = &features.descriptors {
        out.extend(elements);
    }
    out
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(input), Some(output)) = (arguments.first(), arguments.get(1)) else {
        return Err("usage: detect_pgm IN.pgm OUT [THREADS [REPEATS]]".into());
    };
    let threads = arguments.get(2).map_or("1", String::as_str).parse()?;
    let repeats: u32 = arguments.get(3).map_or("1", String::as_str).parse()?;

    let bytes = fs::read(input)?;
    let (magic, rest) = field(&bytes)?;
    let (width, rest) = field(rest)?;
    let (height, rest) = field(rest)?;
    let (maximum, grey) = field(rest)?;
    if (magic, maximum) != ("P5", "255") {
        return Err("not a binary PGM of 8 bits without comments".into());
    }
    let (width, height) = (width.parse()?, height.parse()?);

    let mut detector = Detector::new();
    let control = Control { threads, stop: None };
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        let features = detector.detect(grey, width, height, &Params::default(), &control)?;
        best = best.min(start.elapsed().as_secs_f64());
        fs::write(output, bytes_of(&features))?;
        println!("{} keypoints, best {:.2} ms", features.keypoints.len(), best * 1e3);
    }
    Ok(())
}
