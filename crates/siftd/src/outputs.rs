//! Where results go.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use tempfile::Builder;

/// Writes a file whole or not at all: under another name first, renamed when it is done.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".siftd-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// The folder that several images' features go to.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Hashes of the names given out, eight bytes an image.
    taken: Mutex<HashSet<u64>>,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), taken: Mutex::default() }
    }

    /// Writes a file below the folder, with the sub-folders it needs.
    pub(crate) fn write(&self, relative: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(relative);
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        if !self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(hasher.finish()) {
            let message = format!("another image's features are in {} already", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_file(&path, bytes)
    }
}

/// Lets threads do something in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Turnstile {
    next: Mutex<usize>,
    moved: Condvar,
}

impl Turnstile {
    /// Waits until all numbers before `number` have passed, and passes.
    pub(crate) fn pass<T>(&self, number: usize, act: impl FnOnce() -> T) -> T {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next =
            self.moved.wait_while(next, |next| *next != number).unwrap_or_else(PoisonError::into_inner);
        let result = act();
        *next += 1;
        self.moved.notify_all();
        result
    }
}
