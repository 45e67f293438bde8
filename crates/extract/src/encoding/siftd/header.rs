use sift::Descriptor;

use super::{ReadError, payload};
use crate::encoding::EncodeError;
use crate::{ENGINE_VERSION, FeatureSet};

/// Bytes of the header, which are all that [`Header::read`] needs.
pub const HEADER_LENGTH: usize = 128;

/// First byte beyond ASCII and a line end after the name, as PNG does: a transfer as text is noticed.
const MAGIC: [u8; 8] = *b"\x89SIFTD\r\n";
const LAYOUT_VERSION: u32 = 1;

/// Offsets of the fields, in the order of the module's table.
mod at {
    pub(super) const MAGIC: usize = 0;
    pub(super) const LAYOUT_VERSION: usize = 8;
    pub(super) const ENGINE_VERSION: usize = 12;
    pub(super) const WIDTH: usize = 16;
    pub(super) const HEIGHT: usize = 20;
    pub(super) const KEYPOINTS: usize = 24;
    pub(super) const DESCRIPTOR: usize = 28;
    pub(super) const IMAGE_SHA256: usize = 32;
    pub(super) const PAYLOAD_LENGTH: usize = 64;
    pub(super) const PAYLOAD_CRC32: usize = 72;
    pub(super) const RESERVED: usize = 76;
    pub(super) const HEADER_CRC32: usize = 124;
}

/// What the header of the stored form tells: the summary of a feature set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// [`ENGINE_VERSION`] of the siftd that computed the features.
    pub engine_version: u32,
    /// Width of the decoded picture, px.
    pub width: u32,
    /// Height of the decoded picture, px.
    pub height: u32,
    /// Number of keypoints.
    pub keypoints: u32,
    /// Which descriptor they have.
    pub descriptor: Descriptor,
    /// SHA-256 of the image's bytes.
    pub image_sha256: [u8; 32],
}

impl Header {
    /// The header that the feature set is stored with.
    ///
    /// # Errors
    /// [`EncodeError`], if the feature set is inconsistent or has more than 2^32 - 1 keypoints.
    pub fn of(features: &FeatureSet) -> Result<Self, EncodeError> {
        let keypoints = features.checked()?.keypoints.len();
        Ok(Self {
            engine_version: ENGINE_VERSION,
            width: features.width,
            height: features.height,
            keypoints: u32::try_from(keypoints).map_err(|_| EncodeError::TooLarge { keypoints })?,
            descriptor: features.descriptor(),
            image_sha256: features.image_sha256,
        })
    }

    /// Reads the header from the start of a stored feature set; what follows it is not looked at and need not be
    /// there.
    ///
    /// # Errors
    /// [`ReadError`], whenever the header's bytes are not exactly those that were written.
    pub fn read(prefix: &[u8]) -> Result<Self, ReadError> {
        Self::parse(prefix).map(|(header, _)| header)
    }

    /// Bytes that follow the header.
    pub fn payload_length(&self) -> u64 {
        u64::from(self.keypoints) * payload::bytes_per_feature(self.descriptor) as u64
    }

    /// The header, and the checksum that the payload must have.
    pub(super) fn parse(prefix: &[u8]) -> Result<(Self, u32), ReadError> {
        let Some(bytes) = prefix.first_chunk() else {
            return Err(ReadError::NoHeader { found: prefix.len() });
        };
        let fields = Fields(bytes);
        fields.check()?;
        let header = Self {
            engine_version: fields.u32(at::ENGINE_VERSION),
            width: fields.u32(at::WIDTH),
            height: fields.u32(at::HEIGHT),
            keypoints: fields.u32(at::KEYPOINTS),
            descriptor: match fields.u32(at::DESCRIPTOR) {
                SIFT => Descriptor::Sift,
                ROOT_SIFT => Descriptor::RootSift,
                _ => return Err(ReadError::InvalidHeader { field: "descriptor" }),
            },
            image_sha256: fields.bytes(at::IMAGE_SHA256),
        };
        if u64::from_le_bytes(fields.bytes(at::PAYLOAD_LENGTH)) != header.payload_length() {
            return Err(ReadError::InvalidHeader { field: "payload length" });
        }
        Ok((header, fields.u32(at::PAYLOAD_CRC32)))
    }

    pub(super) fn to_bytes(self, payload_crc32: u32) -> [u8; HEADER_LENGTH] {
        let descriptor = match self.descriptor {
            Descriptor::Sift => SIFT,
            Descriptor::RootSift => ROOT_SIFT,
        };
        let mut bytes = [0; HEADER_LENGTH];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(at::MAGIC, &MAGIC);
        put(at::LAYOUT_VERSION, &LAYOUT_VERSION.to_le_bytes());
        put(at::ENGINE_VERSION, &self.engine_version.to_le_bytes());
        put(at::WIDTH, &self.width.to_le_bytes());
        put(at::HEIGHT, &self.height.to_le_bytes());
        put(at::KEYPOINTS, &self.keypoints.to_le_bytes());
        put(at::DESCRIPTOR, &descriptor.to_le_bytes());
        put(at::IMAGE_SHA256, &self.image_sha256);
        put(at::PAYLOAD_LENGTH, &self.payload_length().to_le_bytes());
        put(at::PAYLOAD_CRC32, &payload_crc32.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..at::HEADER_CRC32]);
        bytes[at::HEADER_CRC32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

const SIFT: u32 = 1;
const ROOT_SIFT: u32 = 2;

/// A header's bytes. Offsets are constants within [`HEADER_LENGTH`], so that no input can trip them.
struct Fields<'a>(&'a [u8; HEADER_LENGTH]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0[at + i])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    /// The checksum comes before the version, so that a flipped bit in the version is called what it is.
    fn check(&self) -> Result<(), ReadError> {
        if self.bytes(at::MAGIC) != MAGIC {
            return Err(ReadError::WrongMagic);
        }
        if crc32fast::hash(&self.0[..at::HEADER_CRC32]) != self.u32(at::HEADER_CRC32) {
            return Err(ReadError::CorruptHeader);
        }
        let found = self.u32(at::LAYOUT_VERSION);
        if found != LAYOUT_VERSION {
            return Err(ReadError::UnsupportedVersion { found, supported: LAYOUT_VERSION });
        }
        if self.0[at::RESERVED..at::HEADER_CRC32].iter().any(|&byte| byte != 0) {
            return Err(ReadError::InvalidHeader { field: "reserved part" });
        }
        Ok(())
    }
}
