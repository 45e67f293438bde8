use std::path::{Path, PathBuf};
use std::slice;

use extract::{Limits, probe};

use super::ProfileError;
use crate::inputs::inputs;

/// A picture as it is uploaded.
#[derive(Debug)]
pub(super) struct Photograph {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: [u8; 32],
    width: u32,
    height: u32,
}

/// Pictures of about as many pixels.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) photographs: Vec<Photograph>,
}

impl Photograph {
    pub(super) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl Class {
    /// The mean of a figure over its pictures.
    pub(super) fn mean(&self, figure: impl Fn(&Photograph) -> f64) -> f64 {
        self.photographs.iter().map(figure).sum::<f64>() / self.photographs.len() as f64
    }
}

/// The pictures of a folder in at most so many classes of equal numbers, in ascending order of pixels. Files that a service
/// would refuse by its default limits are refused here, too.
pub(super) fn classes(folder: &Path, most: usize) -> Result<Vec<Class>, ProfileError> {
    let limits = Limits::default();
    let mut photographs = Vec::new();
    let folder = folder.to_path_buf();
    for input in inputs(slice::from_ref(&folder)) {
        let path = input?.path;
        let refused = |reason: String| ProfileError::Picture { path: path.clone(), reason };
        let bytes = std::fs::read(&path).map_err(|error| refused(error.to_string()))?;
        let header = probe(&bytes, &limits).map_err(|error| refused(error.to_string()))?;
        let sha256 = sha256::digest(&bytes);
        photographs.push(Photograph { path, bytes, sha256, width: header.width, height: header.height });
    }
    photographs.sort_by_key(Photograph::pixels);
    let count = photographs.len().min(most);
    let mut classes: Vec<Class> = Vec::new();
    for number in (1..=count).rev() {
        // What is left is shared by the classes that are left.
        let of_this = photographs.len().div_ceil(number);
        let rest = photographs.split_off(of_this);
        let name = name(&photographs, classes.len() + 1);
        classes.push(Class { name, photographs });
        photographs = rest;
    }
    Ok(classes)
}

fn name(photographs: &[Photograph], number: usize) -> String {
    if let [Photograph { path, width, height, .. }] = photographs {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        return format!("{number}: {file} {width}x{height}");
    }
    let megapixels =
        |photograph: Option<&Photograph>| photograph.map_or(0.0, |one| one.pixels() as f64 / 1e6);
    let (least, most) = (megapixels(photographs.first()), megapixels(photographs.last()));
    format!("{number}: {} pictures of {least:.2} to {most:.2} megapixels", photographs.len())
}
