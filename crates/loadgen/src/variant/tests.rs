use std::fs;
use std::path::{Path, PathBuf};

use extract::{Limits, decode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The decoders' fixtures, of all formats and many of their forms, and photographs.
fn pictures() -> Vec<(String, Bytes)> {
    let folders = ["crates/extract/tests/golden/decode/ok", "testdata/pictures"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(repository().join(folder)).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let pictures = paths.map(|path| (path.display().to_string(), Bytes::from(fs::read(path).unwrap())));
    pictures.filter(|(_, bytes)| decode(bytes, &Limits::default()).is_ok()).collect()
}

#[test]
fn a_variant_has_the_pixels_of_its_picture_and_bytes_of_its_own() {
    let mut formats = Vec::new();
    for (name, picture) in pictures() {
        let template = Template::new(picture.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let variants = [1, 2].map(|number| template.variant(&Mark::new(7, number)).concat());
        assert_ne!(variants[0], variants[1], "{name}");
        let pixels = decode(&picture, &Limits::default()).unwrap();
        for variant in variants {
            assert_ne!(variant, picture, "{name}");
            let of_variant = decode(&variant, &Limits::default());
            assert!(of_variant.as_ref() == Ok(&pixels), "{name}: {:?}", of_variant.err());
        }
        formats.push(template.format());
    }
    for format in [Format::Jpeg, Format::Png, Format::Bmp, Format::Tiff, Format::WebP, Format::Pnm] {
        assert!(formats.contains(&format), "{format}");
    }
}

/// What a decoder makes of a picture that ends early, it makes of its variant, too, or neither decodes.
#[test]
fn pictures_that_end_early_are_no_exception() {
    let mut decoded = 0;
    for (name, picture) in pictures().into_iter().filter(|(_, picture)| picture.len() < 8192) {
        for cut in (1..picture.len()).step_by(picture.len() / 24 + 1) {
            let short = picture.slice(..picture.len() - cut);
            let (Ok(template), Ok(pixels)) =
                (Template::new(short.clone()), decode(&short, &Limits::default()))
            else {
                continue;
            };
            decoded += 1;
            let variant = template.variant(&Mark::new(7, 1)).concat();
            let of_variant = decode(&variant, &Limits::default());
            assert!(of_variant.as_ref() == Ok(&pixels), "{name} less {cut}: {:?}", of_variant.err());
        }
    }
    assert!(decoded > 0);
}

#[test]
fn the_bytes_of_the_picture_are_shared() {
    let picture = Bytes::from(fs::read(repository().join("testdata/pictures/rocket.jpg")).unwrap());
    let template = Template::new(picture.clone()).unwrap();
    let [head, _, tail] = template.variant(&Mark::new(0, 0));
    assert!(picture.as_ptr_range().contains(&head.as_ptr()));
    assert!(picture.as_ptr_range().contains(&tail.as_ptr()));
}

#[test]
fn what_is_broken_before_the_place_of_the_comment_is_told() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "the input is empty"),
        (b"GIF89a", "GIF"),
        (b"\xff\xd8\xff\xe0\0\x01xx", "an application segment of less than its length field"),
        (b"\xff\xd8\xff\xe0\xff\xff", "no marker after the application segments"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHD", "it ends in its header"),
        (b"RIFF\xff\0\0\0WEBPVP8 ", "it ends before its RIFF does"),
    ];
    for (bytes, expected) in cases {
        let error = Template::new(Bytes::from_static(bytes)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Beginnings of all formats, each with the bytes that tell it.
fn beginning() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\xff\xd8\xff\xe0".to_vec()),
        Just(b"\xff\xd8\xff\xe1\0\x04xx\xff".to_vec()),
        Just(b"\x89PNG\r\n\x1a\n".to_vec()),
        Just(b"RIFF\x08\0\0\0WEBP".to_vec()),
        any::<u32>().prop_map(|length| [b"RIFF", &length.to_le_bytes()[..], b"WEBP"].concat()),
        Just(b"P5 ".to_vec()),
        Just(b"BM".to_vec()),
        Just(b"II*\0".to_vec()),
        Just(Vec::new()),
    ]
}

proptest! {
    #[test]
    fn whatever_the_bytes_there_is_a_variant_or_an_error(start in beginning(), rest in vec(any::<u8>(), 0..200)) {
        let picture = Bytes::from([start, rest].concat());
        if let Ok(template) = Template::new(picture.clone()) {
            let [head, comment, tail] = template.variant(&Mark::new(3, 4));
            prop_assert_eq!(head.len() + tail.len(), picture.len());
            prop_assert!(comment.windows(Mark::LENGTH).any(|part| part == Mark::new(3, 4).digits()));
        }
    }
}
