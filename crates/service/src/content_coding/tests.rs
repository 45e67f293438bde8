use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::*;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn raw(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// What came out, and how it ended.
fn decode(coding: Coding, body: &[u8], chunk: usize, limit: u64) -> (Vec<u8>, Result<(), CodingError>) {
    let mut decoder = Decoder::new(coding, limit);
    let mut out = Vec::new();
    let mut pushed = Ok(());
    for chunk in body.chunks(chunk) {
        pushed = pushed.and_then(|()| decoder.push(chunk, &mut |piece| out.extend_from_slice(&piece)));
    }
    (out, pushed.and_then(|()| decoder.finish()))
}

#[test]
fn codings_are_told_from_the_headers() {
    let of = |values: &[&'static str]| {
        let values = values.iter().map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value)));
        Coding::of_body(&values.collect::<HeaderMap>())
    };
    for (values, coding) in [
        (&[][..], None),
        (&[""][..], None),
        (&["identity"], None),
        (&["GZip"], Some(Coding::Gzip)),
        (&["identity, x-gzip"], Some(Coding::Gzip)),
        (&["deflate", "identity"], Some(Coding::Deflate)),
    ] {
        assert_eq!(of(values), Ok(coding), "{values:?}");
    }
    assert_eq!(of(&["gzip, br"]), Err(UnsupportedCoding::Unknown("br".to_owned())));
    assert_eq!(of(&["gzip", "deflate"]), Err(UnsupportedCoding::Several));
    assert!(of(&["br"]).unwrap_err().to_string().contains(Coding::ACCEPTED));
}

#[test]
fn header_fields_are_passed_over() {
    let header = GzBuilder::new().filename("a.png").comment("c").extra([7; 300]);
    let mut encoder = header.write(Vec::new(), Compression::best());
    encoder.write_all(b"content").unwrap();
    let body = encoder.finish().unwrap();
    // The encoder writes no checksum of the header.
    let content_at = body.len() - gzip(b"content").len() + 10;
    let mut summed = body.clone();
    summed[3] |= 1 << 1;
    summed.splice(content_at..content_at, [1, 2]);
    for body in [body, summed] {
        assert_eq!(decode(Coding::Gzip, &body, 1, 7), (b"content".to_vec(), Ok(())));
        assert_eq!(decode(Coding::Gzip, &body, body.len(), 7), (b"content".to_vec(), Ok(())));
    }
}

#[test]
fn members_follow_each_other() {
    let body = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
    assert_eq!(decode(Coding::Gzip, &body, 5, 7), (b"one two".to_vec(), Ok(())));
    let error = Err(CodingError::TooLarge { limit: 6 });
    assert_eq!(decode(Coding::Gzip, &body, 5, 6), (b"one ".to_vec(), error));
}

#[test]
fn what_decodes_to_more_than_the_limit_stops_there() {
    const LIMIT: u64 = 100_000;
    // Ten megabytes that decode to some gigabytes, were they decoded.
    let body = gzip(&vec![0; 16 << 20]).repeat(640);
    assert!(body.len() > 10_000_000);
    let mut decoder = Decoder::new(Coding::Gzip, LIMIT);
    let (mut total, mut largest) = (0, 0);
    let outcome = decoder.push(&body, &mut |piece| {
        total += piece.len() as u64;
        largest = largest.max(piece.len());
    });
    assert_eq!(outcome, Err(CodingError::TooLarge { limit: LIMIT }));
    assert!(total <= LIMIT && largest <= 32 << 10, "{total} bytes, {largest} at a time");
}

#[test]
fn the_limit_itself_is_allowed() {
    let content = vec![7; 70_000];
    for (coding, body) in [(Coding::Gzip, gzip(&content)), (Coding::Deflate, zlib(&content))] {
        assert_eq!(decode(coding, &body, 1000, 70_000), (content.clone(), Ok(())));
        assert_eq!(decode(coding, &body, 1000, 69_999).1, Err(CodingError::TooLarge { limit: 69_999 }));
    }
}

#[test]
fn a_body_that_ends_early_is_told() {
    for (coding, body) in [
        (Coding::Gzip, gzip(b"content")),
        (Coding::Deflate, zlib(b"content")),
        (Coding::Deflate, raw(b"content")),
    ] {
        for end in 0..body.len() {
            let outcome = decode(coding, &body[..end], 3, 100).1;
            assert_eq!(outcome, Err(CodingError::Truncated), "{coding:?}, {end} bytes");
        }
    }
}

#[test]
fn corruption_is_told() {
    let whole = gzip(b"content");
    for (at, name) in
        [(0, "magic"), (2, "method"), (3, "flags"), (whole.len() - 8, "sum"), (whole.len() - 4, "length")]
    {
        let mut body = whole.clone();
        body[at] ^= 0x80;
        assert_eq!(decode(Coding::Gzip, &body, 4, 100).1, Err(CodingError::Corrupt), "{name}");
    }
    for (coding, body) in
        [(Coding::Gzip, whole), (Coding::Deflate, zlib(b"content")), (Coding::Deflate, raw(b"content"))]
    {
        let body = [&body[..], b"\0"].concat();
        assert_eq!(decode(coding, &body, 4, 100).1, Err(CodingError::Corrupt), "{coding:?}, more behind it");
    }
    assert_eq!(decode(Coding::Deflate, b"\x07\0", 1, 100).1, Err(CodingError::Corrupt));
}

proptest! {
    #[test]
    fn content_comes_out_as_it_went_in(
        content in proptest::collection::vec(0_u8..4, 0..5000), repeats in 1_usize..40, chunk in 1_usize..3000,
    ) {
        let content = content.repeat(repeats);
        let limit = content.len() as u64;
        for (coding, body) in
            [(Coding::Gzip, gzip(&content)), (Coding::Deflate, zlib(&content)), (Coding::Deflate, raw(&content))]
        {
            prop_assert_eq!(decode(coding, &body, chunk, limit), (content.clone(), Ok(())));
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused_in_any_chunks_alike(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), begin in 0_usize..30, chunk in 1_usize..40,
    ) {
        let whole = gzip(b"some content, some content");
        let gzipped = [&whole[..begin], &bytes].concat();
        for (coding, body) in [(Coding::Gzip, &gzipped), (Coding::Gzip, &bytes), (Coding::Deflate, &bytes)] {
            let at_once = decode(coding, body, body.len().max(1), 1000);
            prop_assert!(at_once.0.len() <= 1000);
            let in_chunks = decode(coding, body, chunk, 1000);
            // What is both corrupt and too large may be told as either.
            prop_assert_eq!(in_chunks.1.is_ok(), at_once.1.is_ok());
            prop_assert!(in_chunks == at_once || at_once.1.is_err());
        }
    }
}
