use super::corrupt;
use crate::decode::reduce::Palette;
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

const FILE_HEADER: usize = 14;
/// The header of OS/2 1.x: 16-bit dimensions and palette entries of three bytes.
const CORE_HEADER: usize = 12;
/// The shortest header that states the number of palette entries.
const INFO_HEADER: usize = 36;
/// The first header that holds four channel masks (`BITMAPV3INFOHEADER`).
const V3_HEADER: usize = 56;
/// Where the masks are, in such a header or behind a shorter one of 40 bytes.
const MASKS: usize = FILE_HEADER + 40;

const UNCOMPRESSED: u32 = 0;
const RLE8: u32 = 1;
const RLE4: u32 = 2;
const BIT_FIELDS: u32 = 3;

pub(super) struct Header {
    pub(super) size: Size,
    pub(super) top_down: bool,
    pub(super) data_offset: usize,
    pub(super) layout: Layout,
}

/// How pixels are stored.
pub(super) enum Layout {
    Indexed { bits: u8, palette: Box<Palette> },
    RunLength { bits: u8, palette: Box<Palette> },
    Direct16 { green_bits: u8 },
    Direct24,
    Direct32 { masks: Option<Masks> },
}

/// Where the channels are in a pixel of 32 bits: mask, shift and the factor that makes the largest value 255.
pub(super) struct Masks([(u32, u32, f32); 3]);

impl Masks {
    /// `None`, which means B, G, R, A bytes, unless all three colours have a mask.
    fn new(red: u32, green: u32, blue: u32) -> Option<Self> {
        if [red, green, blue].contains(&0) {
            return None;
        }
        let channel = |mask: u32| {
            let shift = mask.trailing_zeros();
            (mask, shift, 255.0 / (mask >> shift) as f32)
        };
        Some(Self([channel(blue), channel(green), channel(red)]))
    }

    pub(super) fn are_rgba_bytes(&self) -> bool {
        self.0.map(|(mask, _, _)| mask) == [0xff_0000, 0xff00, 0xff]
    }

    /// The fraction is cut off, as OpenCV does.
    pub(super) fn bgr(&self, word: u32) -> [u8; 3] {
        self.0.map(|(mask, shift, factor)| (((word & mask) >> shift) as f32 * factor) as u8)
    }
}

/// What the information header states before anything is judged.
struct Fields {
    header_length: usize,
    width: i64,
    height: i64,
    bits: u16,
    compression: u32,
    colors_used: usize,
}

impl Header {
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, ExtractError> {
        let data_offset = u32_at(bytes, 10)? as usize;
        let fields = Fields::read(bytes)?;
        if fields.width < 0 {
            return Err(corrupt("its width is negative"));
        }
        let size = limits.check_pixels(Format::Bmp, fields.width as u64, fields.height.unsigned_abs())?;
        let layout = fields.layout(bytes)?;
        Ok(Self { size, top_down: fields.height < 0, data_offset, layout })
    }
}

impl Fields {
    fn read(bytes: &[u8]) -> Result<Self, ExtractError> {
        let header_length = u32_at(bytes, FILE_HEADER)? as usize;
        match header_length {
            CORE_HEADER => Ok(Self {
                header_length,
                width: i64::from(u16_at(bytes, 18)?),
                height: i64::from(u16_at(bytes, 20)?),
                bits: u16_at(bytes, 24)?,
                compression: UNCOMPRESSED,
                colors_used: 0,
            }),
            INFO_HEADER..=0xffff => Ok(Self {
                header_length,
                width: i64::from(u32_at(bytes, 18)? as i32),
                height: i64::from(u32_at(bytes, 22)? as i32),
                bits: u16_at(bytes, 28)?,
                compression: u32_at(bytes, 30)?,
                colors_used: u32_at(bytes, 46)? as usize,
            }),
            _ => Err(corrupt("its header has an impossible length")),
        }
    }

    fn layout(&self, bytes: &[u8]) -> Result<Layout, ExtractError> {
        match (self.bits, self.compression) {
            (1 | 4 | 8, UNCOMPRESSED) => {
                Ok(Layout::Indexed { bits: self.bits as u8, palette: self.palette(bytes)? })
            }
            (8, RLE8) | (4, RLE4) => {
                Ok(Layout::RunLength { bits: self.bits as u8, palette: self.palette(bytes)? })
            }
            (16, UNCOMPRESSED) if self.header_length != CORE_HEADER => Ok(Layout::Direct16 { green_bits: 5 }),
            (16, BIT_FIELDS) => {
                match (u32_at(bytes, MASKS)?, u32_at(bytes, MASKS + 4)?, u32_at(bytes, MASKS + 8)?) {
                    (0x7c00, 0x03e0, 0x001f) => Ok(Layout::Direct16 { green_bits: 5 }),
                    (0xf800, 0x07e0, 0x001f) => Ok(Layout::Direct16 { green_bits: 6 }),
                    _ => Err(Format::Bmp.unsupported("16-bit fields other than 5-5-5 and 5-6-5")),
                }
            }
            (24, UNCOMPRESSED) => Ok(Layout::Direct24),
            (32, UNCOMPRESSED) => Ok(Layout::Direct32 { masks: None }),
            // OpenCV looks at the masks only where the header is long enough to hold them.
            (32, BIT_FIELDS) if self.header_length < V3_HEADER => Ok(Layout::Direct32 { masks: None }),
            (32, BIT_FIELDS) => Ok(Layout::Direct32 {
                masks: Masks::new(
                    u32_at(bytes, MASKS)?,
                    u32_at(bytes, MASKS + 4)?,
                    u32_at(bytes, MASKS + 8)?,
                ),
            }),
            (bits, compression) => {
                Err(Format::Bmp.unsupported(format!("{bits} bits a pixel and compression {compression}")))
            }
        }
    }

    fn palette(&self, bytes: &[u8]) -> Result<Box<Palette>, ExtractError> {
        let entry = if self.header_length == CORE_HEADER { 3 } else { 4 };
        let count = if self.colors_used == 0 { 1 << self.bits } else { self.colors_used };
        if count > 256 {
            return Err(corrupt("its palette has more than 256 colours"));
        }
        let start = FILE_HEADER + self.header_length;
        let stored =
            bytes.get(start..start + count * entry).ok_or_else(|| corrupt("it ends in its palette"))?;
        let mut palette = Box::new([[0; 3]; 256]);
        for (color, bgr) in palette.iter_mut().zip(stored.chunks_exact(entry)) {
            color.copy_from_slice(&bgr[..3]);
        }
        Ok(palette)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, ExtractError> {
    match bytes.get(at..at + 2) {
        Some(&[a, b]) => Ok(u16::from_le_bytes([a, b])),
        _ => Err(corrupt("it ends in its header")),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ExtractError> {
    Ok(u32::from(u16_at(bytes, at)?) | u32::from(u16_at(bytes, at + 2)?) << 16)
}
