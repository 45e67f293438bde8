//! The decoders as their user sees them, against the pixels of OpenCV 5.0.0 (`golden/decode/make.py`).

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use extract::{ErrorKind, ExtractError, Format, Limits, decode};

fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decode").join(folder)
}

/// Inputs of a folder with their names, in order.
fn inputs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = fs::read_dir(folder)
        .expect("the fixtures are committed")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

fn input(folder: &str, name: &str) -> Vec<u8> {
    fs::read(golden(folder).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A `P6 width height 255` file: its dimensions and its pixels as BGR.
fn expectation(path: &Path) -> (usize, usize, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let header = std::str::from_utf8(&bytes[..end]).unwrap();
    let numbers: Vec<usize> = header.split(' ').skip(1).map(|number| number.parse().unwrap()).collect();
    let mut pixels = bytes[end + 1..].to_vec();
    pixels.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
    (numbers[0], numbers[1], pixels)
}

/// What is wrong with the decoded picture, and where.
fn difference(folder: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
    let image = decode(bytes, &Limits::default()).map_err(|error| error.to_string())?;
    let (width, height, expected) = expectation(&golden(folder).join(format!("{name}.ppm")));
    if (image.width(), image.height()) != (width, height) {
        return Err(format!("{image:?} instead of {width} x {height}"));
    }
    if image.is_grey() && image.pixels().chunks_exact(3).any(|pixel| pixel != [pixel[0]; 3]) {
        return Err("not grey, as it says".into());
    }
    let mut pairs = image.pixels().chunks_exact(3).zip(expected.chunks_exact(3));
    let Some(at) = pairs.position(|(got, wanted)| got != wanted) else { return Ok(()) };
    let (got, wanted) = (&image.pixels()[3 * at..][..3], &expected[3 * at..][..3]);
    let more = pairs.filter(|(got, wanted)| got != wanted).count();
    Err(format!("at ({}, {}) {got:?} instead of {wanted:?}, {more} more", at % width, at / width))
}

fn assert_matches(folder: &str) {
    let inputs = inputs(&golden(folder));
    assert!(!inputs.is_empty(), "no fixtures in {folder}");
    let failures: Vec<_> = inputs
        .iter()
        .filter_map(|(name, bytes)| Some(format!("{name}: {}", difference(folder, name, bytes).err()?)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn pixels_are_those_of_opencv() {
    assert_matches("ok");
}

#[test]
fn pictures_that_opencv_refuses_are_right() {
    assert_matches("beyond");
}

/// What a broken fixture must give.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Refusal {
    Corrupt,
    ZeroPixels,
    TooManyPixels,
    Unsupported,
}

fn refusal(error: &ExtractError) -> Refusal {
    match error {
        ExtractError::Corrupt { .. } => Refusal::Corrupt,
        ExtractError::ZeroPixels { .. } => Refusal::ZeroPixels,
        ExtractError::TooManyPixels { .. } => Refusal::TooManyPixels,
        ExtractError::UnsupportedFeature { .. } => Refusal::Unsupported,
        other => panic!("unexpected: {other}"),
    }
}

#[test]
fn every_broken_input_is_refused_for_its_reason() {
    use Refusal::{Corrupt, TooManyPixels, Unsupported, ZeroPixels};
    let mut expected = vec![
        ("bmp-2-bit", Unsupported),
        ("bmp-data-beyond-end", Corrupt),
        ("bmp-header-length", Corrupt),
        ("bmp-huge", TooManyPixels),
        ("bmp-huge-top-down", TooManyPixels),
        ("bmp-jpeg-inside", Unsupported),
        ("bmp-negative-width", Corrupt),
        ("bmp-palette-too-long", Corrupt),
        ("bmp-rle-crosses-row", Corrupt),
        ("bmp-zero-height", ZeroPixels),
        ("jpeg-12-bit", Unsupported),
        ("jpeg-arithmetic", Unsupported),
        ("jpeg-huge", TooManyPixels),
        ("jpeg-lossless", Unsupported),
        ("jpeg-lost-restart", Corrupt),
        ("jpeg-no-end", Corrupt),
        ("jpeg-no-quantization", Corrupt),
        ("jpeg-only-tables", Corrupt),
        ("jpeg-too-many-scans", Unsupported),
        ("jpeg-zero-height", ZeroPixels),
        ("png-bad-checksum", Corrupt),
        ("png-huge", TooManyPixels),
        ("png-no-end", Corrupt),
        ("png-zero-width", ZeroPixels),
        ("pnm-huge", TooManyPixels),
        ("pnm-letters", Corrupt),
        ("pnm-max-0", Corrupt),
        ("pnm-max-65536", Corrupt),
        ("pnm-overlong-number", Corrupt),
        ("pnm-zero-width", ZeroPixels),
        ("tiff-12-grey", Unsupported),
        ("tiff-16-cmyk", Unsupported),
        ("tiff-16-float", Unsupported),
        ("tiff-4-grey", Unsupported),
        ("tiff-bad-deflate", Corrupt),
        ("tiff-bad-lzw", Corrupt),
        ("tiff-fax-4", Unsupported),
        ("tiff-float", Unsupported),
        ("tiff-grey-alpha-planar", Unsupported),
        ("tiff-huge", TooManyPixels),
        ("tiff-huge-tile", TooManyPixels),
        ("tiff-jpeg", Unsupported),
        ("tiff-lab", Unsupported),
        ("tiff-no-photometric", Corrupt),
        ("tiff-no-strips", Corrupt),
        ("tiff-short-strip", Corrupt),
        ("tiff-wide-tiles", TooManyPixels),
        ("tiff-ycbcr", Unsupported),
        ("tiff-zero-width", ZeroPixels),
        ("webp-frame-larger-inside", Corrupt),
        ("webp-frame-outside", Corrupt),
        ("webp-huge-canvas", TooManyPixels),
        ("webp-huge-frame", TooManyPixels),
        ("webp-no-picture", Corrupt),
        ("webp-zero-width", ZeroPixels),
    ];
    expected.sort_unstable_by_key(|(name, _)| *name);
    let inputs = inputs(&golden("broken"));
    let actual: Vec<_> = inputs
        .iter()
        .map(|(name, bytes)| match decode(bytes, &Limits::default()) {
            Ok(image) => panic!("{name} gave {image:?}"),
            Err(error) => (name.as_str(), refusal(&error)),
        })
        .collect();
    assert_eq!(actual, expected);
}

/// One input of each way to store, cut at every tenth of its length.
#[test]
fn a_truncated_image_is_an_error() {
    // Complete without the last byte: text with white space at its end, a full run-length stream without its
    // end mark, TIFF whose directory ends in the unused offset of a next one.
    let ends_with_text = ["pnm-p1", "pnm-p1-unspaced", "pnm-p2", "pnm-p3"];
    for (name, bytes) in inputs(&golden("ok")) {
        for tenth in 0..10 {
            let cut = &bytes[..bytes.len() * tenth / 10];
            // Its first page, all that is read, is whole by then.
            if name == "tiff-pages" && tenth > 5 {
                break;
            }
            let error = decode(cut, &Limits::default()).expect_err(&name);
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name} at {tenth} tenths: {error}");
        }
        let last = decode(&bytes[..bytes.len() - 1], &Limits::default());
        let may_pass = ends_with_text.iter().any(|text| name.starts_with(text))
            || ["tiff-", "bmp-rle", "jpeg-bytes-behind-end"].iter().any(|prefix| name.starts_with(prefix));
        assert!(last.is_err() || may_pass, "{name} without its last byte gave {last:?}");
    }
}

#[test]
fn inputs_that_are_no_image_are_told_apart() {
    let default = Limits::default();
    assert_eq!(decode(b"", &default), Err(ExtractError::Empty));
    assert_eq!(decode(b"Dear Sir or Madam,", &default), Err(ExtractError::UnknownFormat));
    let gif = decode(b"GIF89a\x01\0\x01\0", &default).unwrap_err();
    assert_eq!(gif, ExtractError::UnsupportedFormat { format: "GIF" });
    assert_eq!(gif.kind(), ErrorKind::Unsupported);
}

#[test]
fn the_byte_limit_comes_before_everything() {
    let bytes = input("broken", "png-huge");
    let limits = Limits { max_bytes: bytes.len() as u64 - 1, ..Limits::default() };
    let error = decode(&bytes, &limits).unwrap_err();
    let allowed = limits.max_bytes;
    assert_eq!(error, ExtractError::TooManyBytes { actual: bytes.len() as u64, allowed });
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn the_pixel_limit_is_exact_and_comes_from_the_header_alone() {
    for name in ["bmp-24", "jpeg-420", "png-rgb-8", "pnm-p6", "tiff-8-rgb", "webp-lossy-60"] {
        let bytes = input("ok", name);
        let enough = Limits { max_pixels: 30 * 22, ..Limits::default() };
        assert!(decode(&bytes, &enough).is_ok(), "{name}");
        let allowed = 30 * 22 - 1;
        let error = decode(&bytes, &Limits { max_pixels: allowed, ..enough }).unwrap_err();
        assert_eq!(error, ExtractError::TooManyPixels { width: 30, height: 22, allowed }, "{name}");
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_is_allowed() {
    let error = decode(&input("broken", "bmp-huge"), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "the image has 65535 x 65535 pixels, more than the 50000000 allowed");
    let error = decode(b"\0\0\0\x1cftypavif", &Limits::default()).unwrap_err();
    assert!(error.to_string().starts_with("AVIF images are not supported; supported are JPEG"), "{error}");
    assert_eq!(Format::WebP.to_string(), "WebP");
}

/// A TIFF, little-endian: short or long fields by tag, and `rest` after them up to so many bytes.
fn tiff(fields: &[(u16, Vec<u32>)], rest: u8, length: usize) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((fields.len() as u16).to_le_bytes());
    let mut beyond = Vec::new();
    let start = bytes.len() + 12 * fields.len() + 4;
    for (tag, values) in fields {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(4_u16.to_le_bytes());
        bytes.extend((values.len() as u32).to_le_bytes());
        let data = values.iter().flat_map(|value| value.to_le_bytes());
        if values.len() == 1 {
            bytes.extend(data);
        } else {
            bytes.extend(((start + beyond.len()) as u32).to_le_bytes());
            beyond.extend(data);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(beyond);
    bytes.resize(length, rest);
    bytes
}

/// Strips that each claim the whole file, with their bits reversed: decoded at once, or never (200 GB to reverse).
#[test]
fn tiff_strips_that_claim_the_whole_file_cost_no_more_than_others() {
    let (height, length) = (50_000, 4_000_000);
    let (places, whole) = (vec![0; height], vec![length as u32; height]);
    let fields = [
        (256, vec![1]),
        (257, vec![height as u32]),
        (258, vec![8]),
        (262, vec![1]),
        (266, vec![2]),
        (273, places),
        (278, vec![1]),
        (279, whole),
    ];
    let image = decode(&tiff(&fields, 0, length), &Limits::default()).unwrap();
    assert_eq!((image.width(), image.height()), (1, height));
    let first = b'I'.reverse_bits();
    assert!(image.pixels().iter().all(|sample| *sample == first));
}

/// Memory is taken for whole tiles.
#[test]
fn tiff_tiles_far_larger_than_the_picture_are_corrupt() {
    let with = |side: u32| {
        let fields = [
            (256, vec![1]),
            (257, vec![1]),
            (258, vec![8]),
            (262, vec![1]),
            (322, vec![side]),
            (323, vec![side]),
            (324, vec![0]),
            (325, vec![side * side]),
        ];
        decode(
            &tiff(&fields, 0, (side * side) as usize),
            &Limits { max_bytes: 100_000_000, ..Limits::default() },
        )
    };
    assert!(with(2048).is_ok());
    let error = with(4096).unwrap_err();
    assert!(matches!(error, ExtractError::Corrupt { .. }), "{error}");
}

/// Inputs that once did harm: whatever they give, it is no panic that escapes, and it is whole.
#[test]
fn regressions_stay_contained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let limits = Limits { max_pixels: 1 << 20, ..Limits::default() };
    let inputs = inputs(&folder);
    assert!(!inputs.is_empty());
    for (name, bytes) in inputs {
        if let Ok(image) = decode(&bytes, &limits) {
            assert_eq!(image.pixels().len(), 3 * image.width() * image.height(), "{name}");
        }
    }
}
