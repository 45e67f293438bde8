use proptest::prelude::*;
use sift::Descriptor;

use super::*;
use crate::ENGINE_VERSION;
use crate::encoding::samples::{any_feature_set, nothing, three_keypoints, three_root_sift};

/// The stored form of three keypoints with a header field replaced and its checksum made right again.
fn with_header_field(at: usize, field: &[u8]) -> Vec<u8> {
    let mut bytes = three_keypoints().to_siftd().unwrap();
    bytes[at..at + field.len()].copy_from_slice(field);
    let checksum = crc32fast::hash(&bytes[..124]);
    bytes[124..128].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

#[test]
fn the_layout_is_the_documented_one() {
    let bytes = three_keypoints().to_siftd().unwrap();
    assert_eq!(bytes.len(), 128 + 3 * (24 + 128));
    assert_eq!(bytes[..8], *b"\x89SIFTD\r\n");
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!([8, 12, 16, 20, 24, 28].map(u32_at), [1, ENGINE_VERSION, 640, 480, 3, 1]);
    assert_eq!(bytes[32..64], three_keypoints().image_sha256);
    assert_eq!(u64::from_le_bytes(bytes[64..72].try_into().unwrap()), 3 * 152);
    assert_eq!(u32_at(72), crc32fast::hash(&bytes[128..]));
    assert_eq!(bytes[76..124], [0; 48]);
    assert_eq!(u32_at(124), crc32fast::hash(&bytes[..124]));
    assert_eq!(f32::from_bits(u32_at(128 + 24)), 319.625, "x of the second keypoint");
    assert_eq!(u32_at(128 + 20), 0x0001_01ff, "octave of the first");
    assert_eq!(bytes[128 + 72..128 + 75], [0, 83, 166], "first descriptor");
}

#[test]
fn no_keypoints_are_a_header_alone() {
    for descriptor in [Descriptor::Sift, Descriptor::RootSift] {
        let features = nothing(descriptor);
        let bytes = features.to_siftd().unwrap();
        assert_eq!(bytes.len(), HEADER_LENGTH);
        assert_eq!(FeatureSet::from_siftd(&bytes), Ok(features));
    }
}

#[test]
fn the_header_is_read_from_a_prefix() {
    let bytes = three_root_sift().to_siftd().unwrap();
    let header = Header::read(&bytes[..HEADER_LENGTH]).unwrap();
    assert_eq!(Header::read(&bytes), Ok(header));
    assert_eq!(Header::of(&three_root_sift()).unwrap(), header);
    assert_eq!((header.keypoints, header.descriptor), (3, Descriptor::RootSift));
    assert_eq!(header.payload_length(), (bytes.len() - HEADER_LENGTH) as u64);
    assert_eq!(Header::read(&bytes[..127]), Err(ReadError::NoHeader { found: 127 }));
}

#[test]
fn every_flipped_bit_is_an_error() {
    for features in [three_keypoints(), three_root_sift(), nothing(Descriptor::Sift)] {
        let mut bytes = features.to_siftd().unwrap();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(FeatureSet::from_siftd(&bytes).is_err(), "bit {bit}");
            assert_eq!(Header::read(&bytes).is_err(), bit < 8 * HEADER_LENGTH, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(FeatureSet::from_siftd(&bytes), Ok(features));
    }
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = three_keypoints().to_siftd().unwrap();
    for length in 0..bytes.len() {
        let error = FeatureSet::from_siftd(&bytes[..length]).unwrap_err();
        let expected = if length < HEADER_LENGTH {
            ReadError::NoHeader { found: length }
        } else {
            ReadError::LengthMismatch { expected: bytes.len() as u64, found: length as u64 }
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn a_header_that_promises_terabytes_is_refused_by_its_length() {
    let mut bytes = with_header_field(24, &u32::MAX.to_le_bytes());
    let payload = u64::from(u32::MAX) * 152;
    bytes[64..72].copy_from_slice(&payload.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..124]);
    bytes[124..128].copy_from_slice(&checksum.to_le_bytes());
    let expected = ReadError::LengthMismatch { expected: 128 + payload, found: bytes.len() as u64 };
    assert_eq!(FeatureSet::from_siftd(&bytes), Err(expected));
}

#[test]
fn headers_that_no_writer_writes_are_refused_though_their_checksum_is_right() {
    let read = |at, field: &[u8]| FeatureSet::from_siftd(&with_header_field(at, field)).unwrap_err();
    let invalid = |field| ReadError::InvalidHeader { field };
    assert_eq!(read(0, b"\x89PNG\r\n\x1a\n"), ReadError::WrongMagic);
    assert_eq!(read(8, &[2]), ReadError::UnsupportedVersion { found: 2, supported: 1 });
    assert_eq!(read(24, &[4]), invalid("payload length"));
    assert_eq!(read(28, &[0]), invalid("descriptor"));
    assert_eq!(read(28, &[2]), invalid("payload length"));
    assert_eq!(read(71, &[1]), invalid("payload length"));
    assert_eq!(read(76, &[1]), invalid("reserved part"));
    assert_eq!(read(123, &[1]), invalid("reserved part"));
}

#[test]
fn features_of_another_engine_are_read_and_named() {
    let bytes = with_header_field(12, &(ENGINE_VERSION + 1).to_le_bytes());
    assert_eq!(Header::read(&bytes).unwrap().engine_version, ENGINE_VERSION + 1);
    assert_eq!(FeatureSet::from_siftd(&bytes), Ok(three_keypoints()));
}

proptest! {
    #[test]
    fn any_feature_set_is_read_back_and_written_alike(features in any_feature_set()) {
        let bytes = features.to_siftd().unwrap();
        let read = FeatureSet::from_siftd(&bytes).unwrap();
        prop_assert_eq!(&read, &features);
        prop_assert_eq!(read.to_siftd().unwrap(), bytes);
    }

    #[test]
    fn any_changed_byte_is_an_error(features in any_feature_set(), at: prop::sample::Index, change in 1..=u8::MAX) {
        let mut bytes = features.to_siftd().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(FeatureSet::from_siftd(&bytes).is_err());
    }

    #[test]
    fn any_extension_is_an_error(features in any_feature_set(), tail in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut bytes = features.to_siftd().unwrap();
        bytes.extend(tail);
        let refused = matches!(FeatureSet::from_siftd(&bytes), Err(ReadError::LengthMismatch { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn arbitrary_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(FeatureSet::from_siftd(&bytes).is_err());
    }
}
