//! Pictures with other bytes and the same pixels, made without encoding anything.
//!
//! A variant is its picture with a comment that no other has, where the format has room for one: a service that tells
//! pictures by their bytes computes each anew, and has exactly as much to do as for the original.

mod jpeg;
mod mark;
mod png;
mod pnm;
mod webp;

use bytes::Bytes;
use extract::{ExtractError, Format};

pub use mark::Mark;

/// Why no variants can be made of some bytes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VariantError {
    /// They are no image, or none of a format that is supported.
    #[error(transparent)]
    Image(#[from] ExtractError),
    /// The image ends, or goes wrong, before the place of the comment.
    #[error("broken {format}: {reason}")]
    Broken {
        /// What it begins as.
        format: Format,
        /// What is wrong.
        reason: &'static str,
    },
}

/// A picture of which variants are made. The bytes of the picture are shared by all of them.
///
/// ```
/// use loadgen::{Mark, Template};
///
/// let picture = b"P2 2 1 255 7 9 ".as_slice();
/// let template = Template::new(picture.into())?;
/// let [head, comment, tail] = template.variant(&Mark::new(1, 2));
/// assert_eq!(comment, "# 00000000000000010000000000000002\n");
/// assert_eq!([head, tail].concat(), picture);
/// # Ok::<(), loadgen::VariantError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    format: Format,
    head: Bytes,
    tail: Bytes,
}

impl Template {
    /// Finds the place of the comment. Nothing is decoded: that the picture is sound is for the service to say.
    ///
    /// # Errors
    /// [`VariantError`]
    pub fn new(picture: Bytes) -> Result<Self, VariantError> {
        let format = Format::sniff(&picture)?;
        let broken = |reason| VariantError::Broken { format, reason };
        let (head, tail) = match format {
            Format::Jpeg => split(&picture, jpeg::after_applications(&picture).map_err(broken)?),
            Format::Png => split(&picture, png::after_header(&picture).map_err(broken)?),
            Format::WebP => webp::split(&picture).map_err(broken)?,
            Format::Pnm => split(&picture, pnm::AFTER_MAGIC),
            // What no directory and no header points to is no part of the picture.
            Format::Bmp | Format::Tiff => (picture, Bytes::new()),
            _ => return Err(broken("siftd load has no place for a comment in this format")),
        };
        Ok(Self { format, head, tail })
    }

    /// The format of the picture.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The variant with this mark, in three pieces: what stands before the comment, the comment, what stands after it.
    pub fn variant(&self, mark: &Mark) -> [Bytes; 3] {
        [self.head.clone(), self.comment(mark), self.tail.clone()]
    }

    /// What differs.
    pub(crate) fn comment(&self, mark: &Mark) -> Bytes {
        match self.format {
            Format::Jpeg => jpeg::comment(mark),
            Format::Png => png::text(mark),
            Format::WebP => webp::chunk(mark),
            Format::Pnm => pnm::comment(mark),
            _ => Bytes::copy_from_slice(mark.digits()),
        }
    }
}

fn split(picture: &Bytes, at: usize) -> (Bytes, Bytes) {
    let at = at.min(picture.len());
    (picture.slice(..at), picture.slice(at..))
}

#[cfg(test)]
mod tests;
