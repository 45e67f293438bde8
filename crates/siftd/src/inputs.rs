//! What the paths on the command line stand for.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use extract::{ExtractError, Format};
use walkdir::{DirEntry, WalkDir};

/// Standard input or output, as a path on the command line.
pub(crate) const STANDARD_STREAM: &str = "-";

/// Endings by which a file in a folder is taken for an image, and reported if it is none.
const IMAGE_ENDINGS: [&str; 14] =
    ["jpg", "jpeg", "jpe", "png", "bmp", "dib", "tif", "tiff", "webp", "pbm", "pgm", "ppm", "pnm", "jfif"];

/// Bytes that tell an image's format.
const SNIFFED: u64 = 64;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// As it is told: the path given, or a path below it.
    pub(crate) path: PathBuf,
    /// Where its output goes below the output folder.
    pub(crate) relative: PathBuf,
}

/// Why a path on the command line gives no input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("{}: no images in this folder", .0.display())]
    NoImages(PathBuf),
    #[error("{}: {error}", .path.display())]
    Path { path: PathBuf, error: io::Error },
}

/// Why an input gave no bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Limit(#[from] ExtractError),
}

impl Input {
    /// Reads it, unless it is a file longer than is allowed. Of a stream, whose length nobody knows, one byte more than
    /// that is read: the pipeline refuses it.
    pub(crate) fn read(&self, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
        let limit = max_bytes.saturating_add(1);
        let mut bytes = Vec::new();
        if self.path == Path::new(STANDARD_STREAM) {
            io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
        } else {
            let file = File::open(&self.path)?;
            let actual = file.metadata()?.len();
            if actual > max_bytes {
                return Err(ExtractError::TooManyBytes { actual, allowed: max_bytes }.into());
            }
            bytes.reserve(actual as usize);
            file.take(limit).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// One file, or standard input.
    pub(crate) fn file(path: &Path) -> Self {
        let name = if path == Path::new(STANDARD_STREAM) {
            "stdin".into()
        } else {
            path.file_name().unwrap_or_default().into()
        };
        Self { path: path.to_path_buf(), relative: name }
    }
}

/// Whether the paths stand for one image and no more.
pub(crate) fn is_single(paths: &[PathBuf]) -> bool {
    matches!(paths, [path] if !path.is_dir())
}

/// All inputs, one after another, folders as they are walked: however many there are, only one folder's names are held.
pub(crate) fn inputs(paths: &[PathBuf]) -> impl Iterator<Item = Result<Input, InputError>> + '_ {
    paths.iter().flat_map(|path| -> Box<dyn Iterator<Item = Result<Input, InputError>> + Send> {
        if path.is_dir() {
            Box::new(Walk::new(path))
        } else if path != Path::new(STANDARD_STREAM) && !path.exists() {
            let error = fs::metadata(path).err().unwrap_or_else(|| io::ErrorKind::NotFound.into());
            Box::new(std::iter::once(Err(InputError::Path { path: path.clone(), error })))
        } else {
            Box::new(std::iter::once(Ok(Input::file(path))))
        }
    })
}

/// The images below a folder, in order of their names; an error where there are none.
struct Walk {
    root: PathBuf,
    entries: Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send>,
    empty: bool,
    done: bool,
}

impl Walk {
    fn new(root: &Path) -> Self {
        let visible =
            |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
        let entries =
            WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter().filter_entry(visible);
        Self { root: root.to_path_buf(), entries: Box::new(entries), empty: true, done: false }
    }
}

impl Iterator for Walk {
    type Item = Result<Input, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let Some(entry) = self.entries.next() else {
                self.done = true;
                return self.empty.then(|| Err(InputError::NoImages(self.root.clone())));
            };
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.empty = false;
                    let path = error.path().unwrap_or(&self.root).to_path_buf();
                    // Of the system, without the path, if it is one: a loop of links is none.
                    let of_system = error.io_error().and_then(io::Error::raw_os_error);
                    let error = of_system.map_or_else(|| error.into(), io::Error::from_raw_os_error);
                    return Some(Err(InputError::Path { path, error }));
                }
            };
            if entry.file_type().is_file() && may_be_image(entry.path()) {
                self.empty = false;
                let relative = entry.path().strip_prefix(&self.root).unwrap_or(entry.path()).to_path_buf();
                return Some(Ok(Input { path: entry.into_path(), relative }));
            }
        }
        None
    }
}

/// Whether a file found in a folder looks like an image, by its name or by its first bytes. One that can't be read does,
/// so that it is reported.
fn may_be_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    if ending.is_some_and(|ending| IMAGE_ENDINGS.contains(&ending.as_str())) {
        return true;
    }
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(SNIFFED).read_to_end(&mut start)) {
        Ok(_) => !matches!(Format::sniff(&start), Err(ExtractError::UnknownFormat | ExtractError::Empty)),
        Err(_) => true,
    }
}
