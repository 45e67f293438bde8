//! Read back by an independent zip reader; `tests/golden` has NumPy read it.

use std::collections::BTreeMap;
use std::io::Read;

use rawzip::ZipArchive;
use sift::Descriptor;

use super::*;
use crate::encoding::samples::{nothing, three_keypoints, three_root_sift};

/// Every file of an archive, checked against its checksum.
fn files(npz: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = ZipArchive::from_slice(npz).unwrap();
    let mut files = BTreeMap::new();
    for entry in archive.entries() {
        let entry = entry.unwrap();
        let name = String::from_utf8(entry.file_path().as_ref().to_vec()).unwrap();
        let stored = archive.get_entry(entry.wayfinder()).unwrap();
        let mut bytes = Vec::new();
        stored.verifying_reader(stored.data()).read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

fn npz(features: &FeatureSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(features, &mut bytes).unwrap();
    bytes
}

/// Dictionary and data of an array.
fn array<'a>(files: &'a BTreeMap<String, Vec<u8>>, name: &str) -> (String, &'a [u8]) {
    let file = &files[name];
    let data = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    (String::from_utf8_lossy(&file[10..data]).trim_end().to_owned(), &file[data..])
}

fn floats(data: &[u8]) -> Vec<f32> {
    data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn holds_the_documented_arrays() {
    let features = three_keypoints();
    let files = files(&npz(&features));
    assert_eq!(files.len(), 5);
    let (keypoints, data) = array(&files, "keypoints.npy");
    assert_eq!(keypoints, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,4,)}");
    assert_eq!(floats(data)[4..8], [319.625, 239.5, 31.25, 90.0]);
    let (responses, data) = array(&files, "responses.npy");
    assert!(responses.ends_with("(3,)}"), "{responses}");
    assert_eq!(floats(data), [0.0133, 0.1, 1e-7]);
    let (octaves, data) = array(&files, "octaves.npy");
    assert!(octaves.contains("'<i4'"), "{octaves}");
    assert_eq!(data[..4], 0x0001_01ff_i32.to_le_bytes());
    let (descriptors, data) = array(&files, "descriptors.npy");
    assert_eq!(descriptors, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,128,)}");
    assert_eq!(Descriptors::Sift(data.to_vec()), features.descriptors);
    let (_, size) = array(&files, "image_size.npy");
    assert_eq!(size, [640_i32.to_le_bytes(), 480_i32.to_le_bytes()].as_flattened());
}

#[test]
fn root_sift_descriptors_are_floats() {
    let features = three_root_sift();
    let files = files(&npz(&features));
    let (descriptors, data) = array(&files, "descriptors.npy");
    assert!(descriptors.contains("'<f4'") && descriptors.contains("(3,128,)"), "{descriptors}");
    assert_eq!(Descriptors::RootSift(floats(data)), features.descriptors);
}

#[test]
fn no_keypoints_keep_their_shapes() {
    for (descriptor, element) in [(Descriptor::Sift, "|u1"), (Descriptor::RootSift, "<f4")] {
        let files = files(&npz(&nothing(descriptor)));
        assert!(array(&files, "keypoints.npy").0.contains("(0,4,)"));
        let (descriptors, data) = array(&files, "descriptors.npy");
        assert!(descriptors.contains("(0,128,)") && descriptors.contains(element), "{descriptors}");
        assert!(data.is_empty());
    }
}

#[test]
fn sizes_stand_in_front_of_the_data() {
    let bytes = npz(&three_keypoints());
    let mut rest = bytes.as_slice();
    let mut files = 0;
    while let Some(header) = rest.strip_prefix(b"PK\x03\x04") {
        let size = u32::from_le_bytes(header[14..18].try_into().unwrap()) as usize;
        let name = usize::from(u16::from_le_bytes([header[22], header[23]]));
        rest = &header[26 + name + size..];
        files += 1;
    }
    assert_eq!(files, 5);
    assert!(rest.starts_with(b"PK\x01\x02"));
}
