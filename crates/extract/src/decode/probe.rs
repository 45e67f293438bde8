use super::{bmp, containment, jpeg, png, pnm, tiff, webp};
use crate::{ExtractError, Format, Limits};

/// What the header of an image states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Told from the first bytes.
    pub format: Format,
    /// Width, px, before EXIF orientation.
    pub width: u32,
    /// Height, px, before EXIF orientation.
    pub height: u32,
}

impl Probe {
    /// Width times height.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads the header alone: no pixel is decoded and no memory taken for any, in a time that at worst grows with the
/// number of bytes. What passes may still be refused by [`decode`](crate::decode); what does not pass never decodes.
///
/// # Errors
/// As those of [`decode`](crate::decode), in the same order, as far as the header shows them. Tables and checksums are
/// not looked at, so where one of those before the size is broken, too, `decode` may name that instead.
///
/// ```
/// let probe = extract::probe(b"P3 2 1 255  255 0", &extract::Limits::default())?;
/// assert_eq!((probe.format, probe.width, probe.height), (extract::Format::Pnm, 2, 1));
/// # Ok::<(), extract::ExtractError>(())
/// ```
pub fn probe(bytes: &[u8], limits: &Limits) -> Result<Probe, ExtractError> {
    limits.check_bytes(bytes)?;
    let format = Format::sniff(bytes)?;
    let size = containment::contain(format, || match format {
        Format::Jpeg => jpeg::size(bytes, limits),
        Format::Png => png::size(bytes, limits),
        Format::Bmp => bmp::size(bytes, limits),
        Format::Tiff => tiff::size(bytes, limits),
        Format::WebP => webp::size(bytes, limits),
        Format::Pnm => pnm::size(bytes, limits),
    })?;
    // Sides that passed the limits fit 32 bits.
    Ok(Probe { format, width: size.width as u32, height: size.height as u32 })
}
