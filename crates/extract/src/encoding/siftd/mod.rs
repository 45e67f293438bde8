//! `siftd`: the stored form of a feature set. Exact, self-describing, and corruption never goes unnoticed.
//!
//! Everything is little-endian. A header of [`HEADER_LENGTH`] bytes carries the whole summary, so that who wants only
//! that reads only the header:
//!
//! | offset | bytes | type | field |
//! |---:|---:|---|---|
//! | 0 | 8 | bytes | magic: `89 53 49 46 54 44 0D 0A` (`\x89SIFTD\r\n`) |
//! | 8 | 4 | u32 | version of this layout: 1 |
//! | 12 | 4 | u32 | version of the engine that computed the features |
//! | 16 | 4 | u32 | width of the picture, px |
//! | 20 | 4 | u32 | height of the picture, px |
//! | 24 | 4 | u32 | number of keypoints, n |
//! | 28 | 4 | u32 | descriptors: 1 = SIFT (u8), 2 = RootSIFT (f32) |
//! | 32 | 32 | bytes | SHA-256 of the image's bytes |
//! | 64 | 8 | u64 | length of the payload: 24 n + 128 n (SIFT) or 24 n + 512 n (RootSIFT) |
//! | 72 | 4 | u32 | CRC-32 of the payload |
//! | 76 | 48 | bytes | reserved: zero |
//! | 124 | 4 | u32 | CRC-32 of bytes 0 to 123 |
//!
//! The payload follows, and ends the file: first the keypoints, 24 bytes each,
//!
//! | offset | type | field |
//! |---:|---|---|
//! | 0 | f32 | x, px |
//! | 4 | f32 | y, px |
//! | 8 | f32 | size (diameter), px |
//! | 12 | f32 | angle, degrees |
//! | 16 | f32 | response |
//! | 20 | i32 | octave, as OpenCV packs it |
//!
//! then the descriptors in the keypoints' order, 128 elements each, u8 or f32.
//!
//! CRC-32 is zlib's (IEEE 802.3, reflected). It finds every change within 32 successive bits for certain, which a hash of
//! that length does not. A feature set has exactly one stored form per engine version.

mod error;
mod header;
mod payload;

pub use error::ReadError;
pub use header::{HEADER_LENGTH, Header};

use super::EncodeError;
use crate::FeatureSet;

/// The header of a stored feature set whose lengths and checksums agree with its bytes: one that
/// [`FeatureSet::from_siftd`] reads. It takes no memory.
///
/// # Errors
/// [`ReadError`], whenever the bytes are not exactly those that were written.
pub fn verify(bytes: &[u8]) -> Result<Header, ReadError> {
    let (header, payload_crc32) = Header::parse(bytes)?;
    let payload = bytes.get(HEADER_LENGTH..).unwrap_or_default();
    if payload.len() as u64 != header.payload_length() {
        return Err(ReadError::LengthMismatch {
            expected: HEADER_LENGTH as u64 + header.payload_length(),
            found: bytes.len() as u64,
        });
    }
    if crc32fast::hash(payload) != payload_crc32 {
        return Err(ReadError::CorruptPayload);
    }
    Ok(header)
}

impl FeatureSet {
    /// The stored form; [`siftd`](crate::siftd) describes it.
    ///
    /// # Errors
    /// [`EncodeError`], if the feature set is inconsistent or has more than 2^32 - 1 keypoints.
    pub fn to_siftd(&self) -> Result<Vec<u8>, EncodeError> {
        let header = Header::of(self)?;
        let mut bytes = Vec::with_capacity(HEADER_LENGTH + payload::length(self));
        bytes.resize(HEADER_LENGTH, 0);
        payload::append(self, &mut bytes);
        let (head, payload) = bytes.split_at_mut(HEADER_LENGTH);
        head.copy_from_slice(&header.to_bytes(crc32fast::hash(payload)));
        Ok(bytes)
    }

    /// Reads the stored form. Memory is taken only after the header was found intact and its lengths agree with the
    /// bytes that are there.
    ///
    /// The engine that computed the features may be another one than this: [`Header::engine_version`] tells.
    ///
    /// # Errors
    /// [`ReadError`], whenever the bytes are not exactly those that were written.
    ///
    /// ```
    /// use extract::{Descriptors, FeatureSet, Keypoint};
    ///
    /// let keypoint = Keypoint { x: 3.5, y: 7.0, size: 4.0, angle: 90.0, response: 0.02, octave: 255 };
    /// let features = FeatureSet {
    ///     width: 640,
    ///     height: 480,
    ///     image_sha256: [0; 32],
    ///     keypoints: vec![keypoint],
    ///     descriptors: Descriptors::Sift(vec![7; 128]),
    /// };
    /// let mut stored = features.to_siftd()?;
    /// assert_eq!(FeatureSet::from_siftd(&stored)?, features);
    /// stored[200] ^= 1;
    /// assert!(FeatureSet::from_siftd(&stored).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_siftd(bytes: &[u8]) -> Result<Self, ReadError> {
        let header = verify(bytes)?;
        let payload = bytes.get(HEADER_LENGTH..).unwrap_or_default();
        let (keypoints, descriptors) = payload::parse(payload, header.keypoints as usize, header.descriptor);
        Ok(Self {
            width: header.width,
            height: header.height,
            image_sha256: header.image_sha256,
            keypoints,
            descriptors,
        })
    }
}

#[cfg(test)]
mod tests;
