//! Where results go.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use tempfile::Builder;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {error}", .path.display())]
pub(crate) struct WriteError {
    path: PathBuf,
    error: io::Error,
}

/// Writes a file whole or not at all: under another name first, renamed when it is done. A link's target is written,
/// not the link; a pipe or a device is written as it is.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || match fs::metadata(path) {
        Ok(present) if present.is_file() => replace(&fs::canonicalize(path)?, bytes),
        Ok(present) if !present.is_dir() => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        _ => replace(path, bytes),
    };
    write().map_err(|error| WriteError { path: path.to_path_buf(), error })
}

/// Writes a file below a folder, with the sub-folders it needs.
pub(crate) fn write_file_below(folder: &Path, name: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| WriteError { path: parent.to_path_buf(), error })?;
    }
    write_file(&path, bytes)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Looked at first, as the error of the temporary file would name that file.
    fs::metadata(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".siftd-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Writes to standard output. That nobody reads it is no failure.
pub(crate) fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Names of files given out so far: their hashes, eight bytes each.
#[derive(Debug, Default)]
pub(crate) struct TakenNames(HashSet<u64>);

impl TakenNames {
    /// Takes a name; false where it is taken.
    pub(crate) fn take(&mut self, name: &Path) -> bool {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        self.0.insert(hasher.finish())
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
