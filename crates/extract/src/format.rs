use std::borrow::Cow;
use std::fmt;

use crate::ExtractError;

/// The image formats that are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG; of an animation the default image.
    Png,
    /// Windows and OS/2 bitmaps.
    Bmp,
    /// TIFF and BigTIFF; of several pages the first.
    Tiff,
    /// WebP; of an animation the first frame.
    WebP,
    /// PBM, PGM and PPM, plain and raw (`P1` to `P6`).
    Pnm,
}

impl Format {
    /// The supported formats, for messages.
    pub(crate) const SUPPORTED: &'static str = "JPEG, PNG, BMP, TIFF, WebP and PNM (P1 to P6)";

    /// Tells the format from the first bytes, never from a name.
    ///
    /// # Errors
    /// [`ExtractError::Empty`], [`ExtractError::UnsupportedFormat`] for formats that are known but not
    /// decoded, [`ExtractError::UnknownFormat`] for everything else.
    ///
    /// ```
    /// use extract::{ExtractError, Format};
    /// assert_eq!(Format::sniff(b"P6 2 1 255 ......"), Ok(Format::Pnm));
    /// assert_eq!(Format::sniff(b"GIF89a"), Err(ExtractError::UnsupportedFormat { format: "GIF" }));
    /// assert_eq!(Format::sniff(b"Dear Sir,"), Err(ExtractError::UnknownFormat));
    /// ```
    pub fn sniff(bytes: &[u8]) -> Result<Self, ExtractError> {
        if bytes.is_empty() {
            return Err(ExtractError::Empty);
        }
        if let Some(format) = supported(bytes) {
            return Ok(format);
        }
        match unsupported(bytes) {
            Some(format) => Err(ExtractError::UnsupportedFormat { format }),
            None => Err(ExtractError::UnknownFormat),
        }
    }

    /// The error for bytes of this format that cannot be decoded.
    pub(crate) fn corrupt(self, reason: impl Into<Cow<'static, str>>) -> ExtractError {
        ExtractError::Corrupt { format: self, reason: reason.into() }
    }

    /// The error for a variant of this format that is not decoded.
    pub(crate) fn unsupported(self, feature: impl Into<Cow<'static, str>>) -> ExtractError {
        ExtractError::UnsupportedFeature { format: self, feature: feature.into() }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Pnm => "PNM",
        })
    }
}

fn supported(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Format::Png),
        [b'B', b'M', ..] => Some(Format::Bmp),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [b'P', b'1'..=b'6', space, ..] if space.is_ascii_whitespace() => Some(Format::Pnm),
        _ => None,
    }
}

/// Formats told by their first bytes. Reading PAM is refused since OpenCV 5.0.0 reads it with the
/// channels of colour exchanged: neither its answer nor the right one would be what a caller expects.
const UNSUPPORTED: [(&[u8], &str); 22] = [
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "PSD"),
    (b"\0\0\x01\0", "ICO"),
    (b"\0\0\x02\0", "CUR"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"farbfeld", "farbfeld"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"P7\n", "PAM"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
];

fn unsupported(bytes: &[u8]) -> Option<&'static str> {
    let by_signature =
        UNSUPPORTED.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, name)| *name);
    by_signature.or_else(|| iso_media(bytes)).or_else(|| is_svg(bytes).then_some("SVG"))
}

/// The image brands of the ISO base media container.
fn iso_media(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    match bytes.get(8..12)? {
        b"avif" | b"avis" => Some("AVIF"),
        b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" => Some("HEIC"),
        b"crx " => Some("Canon raw"),
        _ => None,
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head = text.get(..text.len().min(512)).unwrap_or_default();
    head.starts_with(b"<svg")
        || (head.starts_with(b"<?xml") || head.starts_with(b"<!")) && head.windows(4).any(|w| w == b"<svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_signature_is_named() {
        for (signature, name) in UNSUPPORTED {
            let mut bytes = signature.to_vec();
            bytes.extend_from_slice(b" and more");
            assert_eq!(Format::sniff(&bytes), Err(ExtractError::UnsupportedFormat { format: name }));
        }
    }

    #[test]
    fn containers_and_markup_are_named() {
        for (bytes, name) in [
            (&b"\0\0\0\x1cftypavif\0\0\0\0"[..], "AVIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\xef\xbb\xbf  <svg xmlns=''>", "SVG"),
            (b"<?xml version='1.0'?><!-- x --><svg>", "SVG"),
        ] {
            assert_eq!(Format::sniff(bytes), Err(ExtractError::UnsupportedFormat { format: name }));
        }
    }

    #[test]
    fn other_text_is_unknown() {
        for bytes in [&b"<?xml version='1.0'?><html>"[..], b"PK\x03\x04", b"P6", b"P8 ", b"{}", b"\0"] {
            assert_eq!(Format::sniff(bytes), Err(ExtractError::UnknownFormat));
        }
    }
}
