use std::time::Duration;

use bytes::Bytes;
use extract::DESCRIPTOR_LENGTH;
use extract::siftd::Header;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::hex;

/// The features of an image in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GetSummary {
    /// Always true.
    success: bool,
    /// Number of keypoints.
    keypoints: u32,
    /// Rows and columns of the descriptors.
    #[schema(example = json!([1247, 128]))]
    descriptors_shape: [u32; 2],
    /// Width of the image, px.
    width: u32,
    /// Height of the image, px.
    height: u32,
    /// SHA-256 of the image's bytes.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    sha256: Hex,
}

/// The features of an uploaded image in short, and what the request was like.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Summary<'a> {
    #[serde(flatten)]
    features: GetSummary,
    /// Whether the cache had it.
    cached: bool,
    /// From the head of the request to this answer, ms.
    processing_time_ms: f64,
    /// As in `X-Request-ID`.
    request_id: &'a str,
}

#[derive(Debug, Clone)]
struct Hex([u8; 32]);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = hex::of_digest(&self.0);
        serializer.serialize_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

/// Longer than most, so that none is moved as it grows.
const ROOM: usize = 320;

fn json(summary: &impl Serialize) -> Bytes {
    let mut text = Vec::with_capacity(ROOM);
    // Numbers, texts and a vector have no way to fail.
    let _ = serde_json::to_writer(&mut text, summary);
    text.into()
}

impl GetSummary {
    pub(crate) fn new(header: &Header) -> Self {
        Self {
            success: true,
            keypoints: header.keypoints,
            descriptors_shape: [header.keypoints, DESCRIPTOR_LENGTH as u32],
            width: header.width,
            height: header.height,
            sha256: Hex(header.image_sha256),
        }
    }

    pub(crate) fn to_json(&self) -> Bytes {
        json(self)
    }
}

impl<'a> Summary<'a> {
    pub(crate) fn new(header: &Header, cached: bool, elapsed: Duration, request_id: &'a str) -> Self {
        let processing_time_ms = (elapsed.as_secs_f64() * 1e6).round() / 1e3;
        Self { features: GetSummary::new(header), cached, processing_time_ms, request_id }
    }

    pub(crate) fn to_json(&self) -> Bytes {
        json(self)
    }
}
