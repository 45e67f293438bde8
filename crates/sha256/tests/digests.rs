//! The examples of FIPS 180-4, and everything else against the `sha2` crate.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use sha256::{digest, digests, together};

fn reference(message: &[u8]) -> sha256::Digest {
    Sha256::digest(message).into()
}

fn hex(digest: sha256::Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that repeat only after a long time.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

#[test]
fn examples_of_the_standard() {
    println!(
        "hashed together: {} (16 with AVX-512, 2 with the SHA extensions, else 1: what is less was not run)",
        together(16)
    );
    let million = vec![b'a'; 1_000_000];
    for (message, expected) in [
        (&b""[..], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ] {
        assert_eq!(hex(digest(message)), expected);
        assert_eq!(hex(digests(&[message, b"other"])[0]), expected);
        assert_eq!(hex(digests(&[b"other", message])[1]), expected);
        for digest in digests(&[message; 20]) {
            assert_eq!(hex(digest), expected);
        }
    }
}

#[test]
fn every_pair_of_lengths_around_the_ends_of_blocks() {
    let (first, second) = (noise(300, 1), noise(300, 2));
    let expected: Vec<_> = (0..=300).map(|len| reference(&second[..len])).collect();
    for a in 0..=300 {
        let alone = reference(&first[..a]);
        assert_eq!(digest(&first[..a]), alone, "{a} bytes");
        for b in 0..=300 {
            assert_eq!(digests(&[&first[..a], &second[..b]]), [alone, expected[b]], "{a} and {b} bytes");
        }
    }
}

#[test]
fn every_alignment() {
    let bytes = noise(2_000, 3);
    for start in 0..64 {
        let (a, b) = (&bytes[start..start + 700], &bytes[64 - start..1_500]);
        assert_eq!(digests(&[a, b]), [reference(a), reference(b)], "from {start}");
    }
}

#[test]
fn any_number_of_messages_of_any_lengths() {
    let bytes = noise(40_000, 4);
    for count in 0..=40_usize {
        for spread in [0, 1, 63, 64, 1_000] {
            let lengths = (0..count).map(|at| 900 * (spread.min(at) % 3) + at * 7 % 19 * spread);
            let messages: Vec<_> = lengths.enumerate().map(|(at, len)| &bytes[at..at + len]).collect();
            let expected: Vec<_> = messages.iter().map(|message| reference(message)).collect();
            assert_eq!(digests(&messages), expected, "{count} messages, {spread}");
        }
    }
}

#[test]
fn never_more_together_than_there_are_nor_fewer_than_one() {
    assert_eq!(together(0), 0);
    for messages in 1..100 {
        assert!((1..=messages.min(16)).contains(&together(messages)));
    }
}

proptest! {
    #[test]
    fn many_messages_of_unequal_lengths(lengths in prop::collection::vec(0..20_000usize, 1..34), seed: u64) {
        let bytes = noise(20_000, seed);
        let messages: Vec<_> = lengths.iter().map(|&len| &bytes[bytes.len() - len..]).collect();
        let expected: Vec<_> = messages.iter().map(|message| reference(message)).collect();
        prop_assert_eq!(digests(&messages), expected);
    }

    #[test]
    fn long_messages_of_unequal_lengths(a in 0..200_000usize, b in 0..200_000usize, seed: u64) {
        let bytes = noise(a.max(b), seed);
        let (a, b) = (&bytes[..a], &bytes[bytes.len() - b..]);
        prop_assert_eq!(digests(&[a, b]), [reference(a), reference(b)]);
        prop_assert_eq!(digest(a), reference(a));
    }
}
