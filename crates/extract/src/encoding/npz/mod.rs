//! `npz`: NumPy's archive of arrays, as `np.savez` writes it: a zip of uncompressed `.npy` files.
//!
//! | array | type | shape | holds |
//! |---|---|---|---|
//! | `keypoints` | float32 | (n, 4) | x, y, size (diameter), px; angle, degrees |
//! | `responses` | float32 | (n,) | contrast |
//! | `octaves` | int32 | (n,) | octave, layer and offset as OpenCV packs them |
//! | `descriptors` | uint8, or float32 for RootSIFT | (n, 128) | |
//! | `image_size` | int32 | (2,) | width, height, px |

mod npy;
mod zip;

use std::borrow::Cow;
use std::io::{self, Write};

use sift::{DESCRIPTOR_LENGTH, Descriptors};

use crate::FeatureSet;
use npy::ElementType;
use zip::ZipWriter;

/// Writes the arrays of a consistent feature set.
pub(super) fn write(features: &FeatureSet, out: &mut impl Write) -> io::Result<()> {
    let keypoints = &features.keypoints;
    let n = keypoints.len();
    let mut archive = ZipWriter::new(out);
    let mut array = |file_name, element, shape: &[usize], data: &[u8]| {
        archive.file(file_name, [&npy::header(element, shape), data])
    };
    let positions =
        little_endian(keypoints.iter().flat_map(|k| [k.x, k.y, k.size, k.angle]).map(f32::to_le_bytes));
    array("keypoints.npy", ElementType::F32, &[n, 4], &positions)?;
    let responses = little_endian(keypoints.iter().map(|k| k.response.to_le_bytes()));
    array("responses.npy", ElementType::F32, &[n], &responses)?;
    let octaves = little_endian(keypoints.iter().map(|k| k.octave.to_le_bytes()));
    array("octaves.npy", ElementType::I32, &[n], &octaves)?;
    let (element, elements) = match &features.descriptors {
        Descriptors::Sift(elements) => (ElementType::U8, Cow::Borrowed(elements.as_slice())),
        Descriptors::RootSift(elements) => {
            (ElementType::F32, little_endian(elements.iter().map(|value| value.to_le_bytes())).into())
        }
    };
    array("descriptors.npy", element, &[n, DESCRIPTOR_LENGTH], &elements)?;
    let size = little_endian([features.width, features.height].into_iter().map(u32::to_le_bytes));
    array("image_size.npy", ElementType::I32, &[2], &size)?;
    archive.finish()
}

fn little_endian(words: impl Iterator<Item = [u8; 4]>) -> Vec<u8> {
    words.flatten().collect()
}

#[cfg(test)]
mod tests;
