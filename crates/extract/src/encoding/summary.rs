use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use sift::DESCRIPTOR_LENGTH;

use super::hex::Hex;
use super::siftd::Header;
use crate::StageTimes;

/// What is told of an image without its features. It takes no more than the [`Header`] of the stored form.
///
/// Serialises as `{"path", "width", "height", "keypoints", "descriptors_shape": [n, 128], "sha256", "stages_ms"}`; path
/// and times only if they were given.
///
/// ```
/// use extract::{Descriptors, FeatureSet, StageTimes, Summary, siftd::Header};
///
/// let features = FeatureSet {
///     width: 640,
///     height: 480,
///     image_sha256: [0xab; 32],
///     keypoints: Vec::new(),
///     descriptors: Descriptors::Sift(Vec::new()),
/// };
/// let mut line = Vec::new();
/// Summary::new(&Header::of(&features)?)
///     .with_path("a.jpg".as_ref())
///     .with_stages(StageTimes::default())
///     .write_line(&mut line)?;
/// let expected = format!(
///     r#"{{"path":"a.jpg","width":640,"height":480,"keypoints":0,"descriptors_shape":[0,128],"sha256":"{}","stages_ms":{{}}}}"#,
///     "ab".repeat(32)
/// );
/// assert_eq!(String::from_utf8_lossy(&line), expected + "\n");
/// # Ok::<(), extract::EncodeError>(())
/// ```
#[derive(Serialize)]
pub struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    width: u32,
    height: u32,
    keypoints: u32,
    descriptors_shape: [usize; 2],
    sha256: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    stages_ms: Option<StageTimes>,
}

impl Summary {
    /// The summary that a stored feature set's header carries.
    pub fn new(header: &Header) -> Self {
        Self {
            path: None,
            width: header.width,
            height: header.height,
            keypoints: header.keypoints,
            descriptors_shape: [header.keypoints as usize, DESCRIPTOR_LENGTH],
            sha256: Hex(header.image_sha256),
            stages_ms: None,
        }
    }

    /// Adds where the image came from. What is not Unicode in the path becomes U+FFFD.
    #[must_use]
    pub fn with_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_string_lossy().into_owned());
        self
    }

    /// Adds how long it took.
    #[must_use]
    pub fn with_stages(mut self, times: StageTimes) -> Self {
        self.stages_ms = Some(times);
        self
    }

    /// Writes the summary as one line of JSON, with its line feed.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write_line(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        out.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples;
    use super::*;
    use crate::Stage;

    #[test]
    fn has_the_fields_of_the_contract() {
        let mut times = StageTimes::default();
        times.add(Stage::Decode, Duration::from_micros(1500));
        let header = Header::of(&samples::three_keypoints()).unwrap();
        let summary = Summary::new(&header).with_path(Path::new("a \"b\".png")).with_stages(times);
        let value = serde_json::to_value(&summary).unwrap();
        let expected = serde_json::json!({
            "path": "a \"b\".png", "width": 640, "height": 480, "keypoints": 3, "descriptors_shape": [3, 128],
            "sha256": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "stages_ms": {"decode": 1.5},
        });
        assert_eq!(value, expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_unicode_still_gives_json() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff\n.jpg"));
        let header = Header::of(&samples::three_keypoints()).unwrap();
        let mut line = Vec::new();
        Summary::new(&header).with_path(path).write_line(&mut line).unwrap();
        assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["path"], "a\u{fffd}\n.jpg");
    }
}
