//! Any bytes as what a shared store holds: an error, or a value that has all its bytes, of which a prefix is a prefix.
//!
//! Few inputs have right checksums, so each is read a second time with its checksums made right.
#![no_main]

use cache::Extent;
use cache::fuzzing::{ENVELOPE_LENGTH, read_stored, sealed_again};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "siftd:features:2:00:01";

/// Bytes at the beginning of a value that have a checksum of their own.
const CHECKED: usize = 128;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut repaired = bytes.to_vec();
    if let Some((envelope, value)) = repaired.split_first_chunk_mut::<ENVELOPE_LENGTH>() {
        envelope[..4].copy_from_slice(b"sfc1");
        envelope[16..24].copy_from_slice(&(value.len() as u64).to_le_bytes());
        let beginning = crc32fast::hash(&value[..value.len().min(CHECKED)]);
        envelope[24..28].copy_from_slice(&beginning.to_le_bytes());
        envelope[28..].copy_from_slice(&crc32fast::hash(value).to_le_bytes());
        let checksum = crc32fast::hash(&[NAME.as_bytes(), &envelope[8..]].concat());
        envelope[4..8].copy_from_slice(&checksum.to_le_bytes());
        assert!(read(&repaired), "what has right checksums is a value");
    }
});

/// Whether it is a value to whatever extent it is read.
fn read(stored: &[u8]) -> bool {
    if let Some(envelope) = sealed_again(NAME, stored) {
        assert_eq!(envelope[..], stored[..ENVELOPE_LENGTH]);
    }
    let Ok(found) = read_stored(NAME, stored, Extent::Whole) else { return false };
    let value = &stored[ENVELOPE_LENGTH..];
    for wanted in [0, 1, CHECKED - 1, CHECKED, CHECKED + 1, value.len(), usize::MAX] {
        match read_stored(NAME, stored, Extent::Prefix(wanted)) {
            Ok(Some((prefix, _))) => assert_eq!(prefix, value[..wanted.min(value.len())]),
            // It may have expired since.
            Ok(None) => {}
            Err(_) => return false,
        }
    }
    assert!(found.is_none_or(|found| found == (value.to_vec().into(), Extent::Whole)));
    true
}
