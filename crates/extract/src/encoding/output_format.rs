use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a feature set is written as. `docs/formats.md` has the layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutputFormat {
    /// One line of JSON: size, number of keypoints, SHA-256, times.
    #[default]
    Summary,
    /// Everything, as one line of JSON.
    Json,
    /// NumPy's archive of arrays.
    Npz,
    /// The text that COLMAP's `feature_importer` reads.
    Colmap,
    /// The stored form: binary, exact, checksummed.
    Siftd,
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Summary, Self::Json, Self::Npz, Self::Colmap, Self::Siftd];

    /// The name on the command line, in queries and in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Json => "json",
            Self::Npz => "npz",
            Self::Colmap => "colmap",
            Self::Siftd => "siftd",
        }
    }

    /// Ending of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Summary => "summary.json",
            Self::Json => "json",
            Self::Npz => "npz",
            Self::Colmap => "txt",
            Self::Siftd => "siftd",
        }
    }

    /// Media type (RFC 6838), for `Content-Type` and `Accept`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Summary | Self::Json => "application/json",
            Self::Npz => "application/x-npz",
            Self::Colmap => "text/plain",
            Self::Siftd => "application/vnd.siftd.features",
        }
    }

    /// Name of the file with an image's features: `boat.npz` for `boat.jpg`, but `boat.jpg.txt` for COLMAP, which looks
    /// for its image's whole name. Folders stay as they are.
    pub fn file_name(self, image: &Path) -> PathBuf {
        if self == Self::Colmap {
            let mut name = OsString::from(image);
            name.push(".txt");
            name.into()
        } else {
            image.with_extension(self.extension())
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for OutputFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// A name that is no [`OutputFormat`]'s.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the format is `{0}`, but must be summary, json, npz, colmap or siftd")]
pub struct UnknownFormat(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for format in OutputFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_all_allowed_ones() {
        let error = "xml".parse::<OutputFormat>().unwrap_err().to_string();
        assert!(error.contains("xml"));
        for format in OutputFormat::ALL {
            assert!(error.contains(format.name()), "{format} is not in {error:?}");
        }
    }

    #[test]
    fn files_are_named_as_their_readers_look_for_them() {
        let image = Path::new("trip/boat.1.jpg");
        assert_eq!(OutputFormat::Npz.file_name(image), Path::new("trip/boat.1.npz"));
        assert_eq!(OutputFormat::Summary.file_name(image), Path::new("trip/boat.1.summary.json"));
        assert_eq!(OutputFormat::Colmap.file_name(image), Path::new("trip/boat.1.jpg.txt"));
        assert_eq!(OutputFormat::Siftd.file_name(Path::new("scan")), Path::new("scan.siftd"));
    }
}
