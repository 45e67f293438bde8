//! What the kernel and the services of a machine tell in files.

use std::fs;
use std::path::{Path, PathBuf};

/// A host, by what its kernel and services tell in files.
#[derive(Debug)]
pub(crate) struct Host {
    root: PathBuf,
}

impl Host {
    /// The one that this runs on.
    pub(crate) fn this() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// The one whose files lie below a folder.
    #[cfg(test)]
    pub(crate) fn below(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// A file without the white space around its text; none if it cannot be read.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        Some(fs::read_to_string(self.path(path)).ok()?.trim().to_owned())
    }

    /// A file that is a number.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        self.read(path)?.parse().ok()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path).strip_prefix("/").unwrap_or(path.as_ref()))
    }
}
