//! OpenCV's keypoints and descriptors, from the golden files that `golden/make.py` made, are ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use sift::{Control, DESCRIPTOR_LENGTH, Descriptors, Detector, Features, Keypoint, Params};

mod pgm;

/// Golden files that `make.py` writes: the test fails rather than pass over a folder that lost some.
const CASES: usize = 61;

const POSITION_TOLERANCE: f32 = 0.05;
const SIZE_TOLERANCE: f32 = 0.01;
const ANGLE_TOLERANCE: f32 = 1.0;
const RESPONSE_TOLERANCE: f32 = 0.01;
const DESCRIPTOR_TOLERANCE: f32 = 8.0;

/// Keypoints of a thousand whose position, size or response may not be OpenCV's to the last bit.
const MOST_OTHERS: usize = 2;

/// What OpenCV found with these parameters.
struct Golden {
    params: Params,
    keypoints: Vec<Keypoint>,
    descriptors: Vec<u8>,
}

/// Takes little-endian fields off the front of a golden file.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().expect("a golden file is cut short");
        self.0 = rest;
        *field
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.take())
    }

    fn f64(&mut self) -> f64 {
        f64::from_le_bytes(self.take())
    }

    fn keypoint(&mut self) -> Keypoint {
        let [x, y, size, angle, response] = std::array::from_fn(|_| self.f32());
        Keypoint { x, y, size, angle, response, octave: i32::from_le_bytes(self.take()) }
    }
}

impl Golden {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut fields = Fields(&bytes);
        let params = Params {
            max_features: fields.u32(),
            octave_layers: fields.u32(),
            precise_upscale: fields.u32() == 1,
            contrast_threshold: fields.f64(),
            edge_threshold: fields.f64(),
            sigma: fields.f64(),
            ..Params::default()
        };
        let n = fields.u32() as usize;
        let keypoints = (0..n).map(|_| fields.keypoint()).collect();
        assert_eq!(fields.0.len(), n * DESCRIPTOR_LENGTH, "{}", path.display());
        Self { params, keypoints, descriptors: fields.0.to_vec() }
    }

    /// The first difference from what was found, in words.
    fn difference(&self, found: &Features) -> Option<String> {
        let Descriptors::Sift(descriptors) = &found.descriptors else {
            return Some("the descriptors are not bytes".into());
        };
        let mut left: Vec<usize> = (0..found.keypoints.len()).collect();
        for (expected, descriptor) in self.keypoints.iter().zip(self.descriptors.chunks(DESCRIPTOR_LENGTH)) {
            let near = left.iter().enumerate().filter(|&(_, &i)| is_same(expected, &found.keypoints[i]));
            let distances = near.map(|(at, &i)| {
                (at, distance(descriptor, &descriptors[i * DESCRIPTOR_LENGTH..][..DESCRIPTOR_LENGTH]))
            });
            match distances.min_by(|a, b| a.1.total_cmp(&b.1)) {
                None => {
                    return Some(format!("missing {expected:?}; nearest {:?}", nearest(expected, found)));
                }
                Some((_, far)) if far > DESCRIPTOR_TOLERANCE => {
                    return Some(format!("descriptor off by {far} at {expected:?}"));
                }
                Some((at, _)) => left.remove(at),
            };
        }
        left.first().map(|&i| format!("{} too many, the first {:?}", left.len(), found.keypoints[i]))
    }
}

/// Whether two keypoints are one within tolerance. The offset between layers, the third byte of the octave, is rounded
/// and may differ by one.
fn is_same(a: &Keypoint, b: &Keypoint) -> bool {
    let turn = (a.angle - b.angle).rem_euclid(360.0);
    (a.x - b.x).hypot(a.y - b.y) <= POSITION_TOLERANCE
        && (a.size / b.size - 1.0).abs() <= SIZE_TOLERANCE
        && turn.min(360.0 - turn) <= ANGLE_TOLERANCE
        && (a.response - b.response).abs() <= RESPONSE_TOLERANCE * a.response
        && a.octave & 0xffff == b.octave & 0xffff
        && ((a.octave >> 16) - (b.octave >> 16)).abs() <= 1
}

fn distance(a: &[u8], b: &[u8]) -> f32 {
    a.iter().zip(b).map(|(&a, &b)| (f32::from(a) - f32::from(b)).powi(2)).sum::<f32>().sqrt()
}

fn nearest<'a>(to: &Keypoint, found: &'a Features) -> Option<&'a Keypoint> {
    let distance = |k: &Keypoint| (k.x - to.x).hypot(k.y - to.y) + (k.size - to.size).abs();
    found.keypoints.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The golden cases, `(name, path)`, sorted.
fn cases() -> Vec<(String, PathBuf)> {
    let mut cases: Vec<_> = fs::read_dir(pgm::GOLDEN)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sift"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    cases.sort();
    cases
}

/// Each golden case by its name, and what is found in its image.
fn found() -> impl Iterator<Item = (String, Golden, Features)> {
    let mut detector = Detector::new();
    cases().into_iter().map(move |(name, path)| {
        let golden = Golden::read(&path);
        let image = pgm::read(name.split('.').next().unwrap());
        let found = detector
            .detect(&image.grey, image.width, image.height, &golden.params, &Control::default())
            .unwrap();
        (name, golden, found)
    })
}

#[test]
fn every_golden_case_is_found_again() {
    let (mut cases, mut keypoints) = (0, 0);
    let mut failures = Vec::new();
    for (name, golden, found) in found() {
        cases += 1;
        keypoints += golden.keypoints.len();
        failures.extend(golden.difference(&found).map(|difference| format!("{name}: {difference}")));
    }
    assert_eq!(cases, CASES);
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), CASES, failures.join("\n"));
    assert!(keypoints > 1000, "the golden files hold only {keypoints} keypoints");
}

#[test]
fn keypoints_stand_in_opencvs_order() {
    for (name, golden, found) in found() {
        for (i, (expected, found)) in golden.keypoints.iter().zip(&found.keypoints).enumerate() {
            assert!(is_same(expected, found), "{name}: keypoint {i} is {found:?}, OpenCV's {expected:?}");
        }
    }
}

#[test]
fn nearly_all_positions_sizes_and_responses_are_opencvs_to_the_last_bit() {
    let (mut all, mut same) = (0, [0; 3]);
    let bits = |k: &Keypoint| [[k.x, k.y], [k.size; 2], [k.response; 2]].map(|pair| pair.map(f32::to_bits));
    for (name, golden, found) in found() {
        assert_eq!(found.keypoints.len(), golden.keypoints.len(), "{name}");
        all += golden.keypoints.len();
        for (expected, found) in golden.keypoints.iter().zip(&found.keypoints) {
            for (same, (a, b)) in same.iter_mut().zip(bits(expected).into_iter().zip(bits(found))) {
                *same += usize::from(a == b);
            }
        }
    }
    // OpenCV's samples differ by a bit in the last columns, and a size for how the C library rounds.
    let missing = same.map(|same| (all - same) * 1000);
    assert!(missing.iter().all(|&missing| missing <= all * MOST_OTHERS), "{same:?} of {all} keypoints");
}
