use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use extract::Format;
use walkdir::WalkDir;

use crate::error::LoadError;
use crate::variant::Template;

/// Photographs that load is made of.
#[derive(Debug, Clone)]
pub struct Corpus {
    pub(crate) pictures: Vec<Picture>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) template: Template,
}

impl Corpus {
    /// Reads the images of a folder and of the folders below it, in the order of their names. Other files are passed over.
    ///
    /// # Errors
    /// [`LoadError::Read`], [`LoadError::NoImages`], and [`LoadError::Variant`] for an image that is broken at its beginning.
    pub fn read(folder: &Path) -> Result<Self, LoadError> {
        let mut pictures = Vec::new();
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| LoadError::Read {
                path: error.path().unwrap_or(folder).to_path_buf(),
                error: error.into(),
            })?;
            if entry.file_type().is_file() {
                pictures.extend(picture(entry.into_path())?);
            }
        }
        if pictures.is_empty() {
            return Err(LoadError::NoImages(folder.to_path_buf()));
        }
        Ok(Self { pictures })
    }

    /// How many pictures there are: at least one.
    pub fn count(&self) -> usize {
        self.pictures.len()
    }

    /// Paths of all pictures, as they were found, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pictures.iter().map(|picture| picture.name.as_str())
    }

    pub(crate) fn numbers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.pictures.len()).unwrap_or(NonZeroUsize::MIN)
    }

    /// Bytes of all pictures together.
    pub fn bytes(&self) -> u64 {
        self.pictures.iter().map(|picture| picture.bytes.len() as u64).sum()
    }
}

fn picture(path: PathBuf) -> Result<Option<Picture>, LoadError> {
    let bytes = match fs::read(&path) {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) => return Err(LoadError::Read { path, error }),
    };
    if Format::sniff(&bytes).is_err() {
        return Ok(None);
    }
    let template = match Template::new(bytes.clone()) {
        Ok(template) => template,
        Err(error) => return Err(LoadError::Variant { path, error }),
    };
    Ok(Some(Picture { name: path.display().to_string(), bytes, template }))
}
