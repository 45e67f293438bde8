//! Where results go.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use serde::Serialize;
use tempfile::Builder;

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {place}: {error}")]
pub(crate) struct WriteError {
    place: String,
    error: io::Error,
}

impl WriteError {
    pub(crate) fn new(path: &Path, error: io::Error) -> Self {
        Self { place: path.display().to_string(), error }
    }
}

/// Writes a file whole or not at all, even where the process is killed: under another name first, renamed when it is done. That the disk
/// has it before the power fails is not waited for. A link's target is written, not the link; a pipe, a device, and what a link leads to
/// that isn't there yet are written as they are.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    // Opened by this name, a log that it leads to would be written from its beginning.
    if path == Path::new("/dev/stdout") {
        return print(bytes);
    }
    let write = || match fs::metadata(path) {
        Ok(present) if present.is_file() => {
            replace(&fs::canonicalize(path)?, Some(present.permissions()), bytes)
        }
        Ok(present) if !present.is_dir() => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        // Of a link that leads nowhere yet.
        Err(_) if path.is_symlink() => File::create(path)?.write_all(bytes),
        _ => replace(path, None, bytes),
    };
    write().map_err(|error| WriteError::new(path, error))
}

/// Whether a file could be there that is to be written later, after what takes long: its folder is, and it is none itself.
pub(crate) fn check_place(path: &Path) -> Result<(), WriteError> {
    let kind = match fs::metadata(folder_of(path)) {
        Ok(folder) if !folder.is_dir() => io::ErrorKind::NotADirectory,
        Ok(_) if path.is_dir() => io::ErrorKind::IsADirectory,
        Ok(_) => return Ok(()),
        Err(error) => return Err(WriteError::new(path, error)),
    };
    Err(WriteError::new(path, kind.into()))
}

/// Writes a file below a folder, with the sub-folders it needs.
pub(crate) fn write_file_below(folder: &Path, name: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| WriteError::new(parent, error))?;
    }
    write_file(&path, bytes)
}

fn replace(path: &Path, permissions: Option<Permissions>, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // Looked at first, as the error of the temporary file would name that file.
    fs::metadata(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".siftd-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(|error| of_system(&error))?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file_mut().write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// The error of a temporary file without its name, which nobody knows.
fn of_system(error: &io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.source()?.downcast_ref::<io::Error>());
    inner.and_then(io::Error::raw_os_error).map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether two paths lead to one file that is there.
pub(crate) fn is_same_file(a: &Path, b: &Path) -> bool {
    fs::canonicalize(a).ok().is_some_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// Indented JSON with a line's end.
pub(crate) fn json(value: &impl Serialize) -> Result<String, WriteError> {
    let json = serde_json::to_string_pretty(value);
    json.map(|json| json + "\n").map_err(|error| WriteError { place: "JSON".to_owned(), error: error.into() })
}

/// Writes to standard output. That nobody reads it is no failure.
pub(crate) fn print(bytes: &[u8]) -> Result<(), WriteError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| WriteError { place: "to standard output".to_owned(), error }),
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
        // Even where it panics: others wait for their turn.
        let _passing = Passing { next: &mut next, moved: &self.moved };
        act()
    }
}

/// A number that is passing; dropped, it has passed.
struct Passing<'a> {
    next: &'a mut usize,
    moved: &'a Condvar,
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        *self.next += 1;
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{self, AssertUnwindSafe};

    use super::*;

    #[test]
    fn who_fails_in_its_turn_keeps_nobody_waiting() {
        let turnstile = Turnstile::default();
        panic::catch_unwind(AssertUnwindSafe(|| turnstile.pass(0, || panic!("as a test")))).unwrap_err();
        assert_eq!(turnstile.pass(1, || 7), 7);
    }
}
