//! The encodings of a [`FeatureSet`]: one module each, and the choice between them.

mod colmap;
mod error;
mod hex;
mod json;
mod npz;
mod output_format;
pub mod siftd;
mod summary;

pub use error::EncodeError;
pub use output_format::{OutputFormat, UnknownFormat};
pub use summary::Summary;

use std::io::Write;
use std::path::Path;

use crate::FeatureSet;
use sift::{DESCRIPTOR_LENGTH, Descriptors};

impl FeatureSet {
    /// Writes the feature set in a format. [`OutputFormat::Summary`] writes the summary without path and times; build a
    /// [`Summary`] to give it these.
    ///
    /// Output is written in pieces of at least a row, so that a file needs no buffer around it. The same feature
    /// set gives the same bytes.
    ///
    /// # Errors
    /// [`EncodeError`]: the output refused the bytes, or the feature set is inconsistent or beyond the format.
    ///
    /// ```
    /// use extract::{Descriptors, FeatureSet, OutputFormat};
    ///
    /// let features = FeatureSet {
    ///     width: 640,
    ///     height: 480,
    ///     image_sha256: [0; 32],
    ///     keypoints: Vec::new(),
    ///     descriptors: Descriptors::Sift(Vec::new()),
    /// };
    /// let mut text = Vec::new();
    /// features.encode(OutputFormat::Colmap, &mut text)?;
    /// assert_eq!(text, b"0 128\n");
    /// # Ok::<(), extract::EncodeError>(())
    /// ```
    pub fn encode(&self, format: OutputFormat, out: &mut impl Write) -> Result<(), EncodeError> {
        match format {
            OutputFormat::Summary => Summary::new(&siftd::Header::of(self)?).write_line(out)?,
            OutputFormat::Json => json::write(self.checked()?, None, out)?,
            OutputFormat::Npz => npz::write(self.checked()?, out)?,
            OutputFormat::Colmap => colmap::write(self.checked()?, out)?,
            OutputFormat::Siftd => out.write_all(&self.to_siftd()?)?,
        }
        Ok(())
    }

    /// Writes it as [`OutputFormat::Json`], with the path of its image.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_json_of(&self, path: &Path, out: &mut impl Write) -> Result<(), EncodeError> {
        Ok(json::write(self.checked()?, Some(path), out)?)
    }

    /// The feature set itself, if it has one whole descriptor a keypoint: what every encoding takes for granted.
    fn checked(&self) -> Result<&Self, EncodeError> {
        let elements = match &self.descriptors {
            Descriptors::Sift(elements) => elements.len(),
            Descriptors::RootSift(elements) => elements.len(),
        };
        if self.keypoints.len().checked_mul(DESCRIPTOR_LENGTH) == Some(elements) {
            Ok(self)
        } else {
            Err(EncodeError::Inconsistent { keypoints: self.keypoints.len(), elements })
        }
    }
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_set_without_a_descriptor_a_keypoint_is_refused_in_every_format() {
        let mut features = samples::three_keypoints();
        features.keypoints.pop();
        for format in OutputFormat::ALL {
            let error = features.encode(format, &mut Vec::new()).unwrap_err();
            assert!(
                matches!(error, EncodeError::Inconsistent { keypoints: 2, elements: 384 }),
                "{format}: {error}"
            );
        }
    }

    #[test]
    fn a_full_disk_is_reported_in_every_format() {
        for format in OutputFormat::ALL {
            let mut room = [0; 40];
            let error = samples::three_keypoints().encode(format, &mut room.as_mut_slice()).unwrap_err();
            assert!(matches!(error, EncodeError::Write(_)), "{format}: {error}");
        }
    }
}
