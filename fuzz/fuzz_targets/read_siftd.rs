//! Any bytes as a stored feature set: an error, or a feature set that is written back to the same bytes.
//!
//! Few inputs have right checksums, so each is read a second time with its checksums made right: that is what reaches the
//! checks behind them.
#![no_main]

use extract::siftd::{HEADER_LENGTH, Header};
use extract::{ENGINE_VERSION, FeatureSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut repaired = bytes.to_vec();
    if let Some((header, payload)) = repaired.split_first_chunk_mut::<HEADER_LENGTH>() {
        header[..8].copy_from_slice(b"\x89SIFTD\r\n");
        header[72..76].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        let checksum = crc32fast::hash(&header[..124]);
        header[124..].copy_from_slice(&checksum.to_le_bytes());
        read(&repaired);
    }
});

fn read(bytes: &[u8]) {
    let header = Header::read(bytes);
    let Ok(features) = FeatureSet::from_siftd(bytes) else { return };
    let header = header.expect("whoever reads all reads the header");
    assert_eq!(header.payload_length(), (bytes.len() - HEADER_LENGTH) as u64);
    let written = features.to_siftd().expect("what was read is consistent");
    if header.engine_version == ENGINE_VERSION {
        assert_eq!(written, bytes);
    } else {
        // Written by this engine, so the header names this engine; the features are the same bytes.
        assert_eq!(written[HEADER_LENGTH..], bytes[HEADER_LENGTH..]);
    }
}
