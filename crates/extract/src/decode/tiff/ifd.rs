use super::corrupt;
use crate::decode::exif::ByteOrder;
use crate::{ExtractError, Format};

/// The fields that are used, by their TIFF 6.0 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Tag {
    ImageWidth = 256,
    ImageLength = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    FillOrder = 266,
    StripOffsets = 273,
    Orientation = 274,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    Predictor = 317,
    ColorMap = 320,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    InkSet = 332,
    ExtraSamples = 338,
    SampleFormat = 339,
}

/// The first directory of a file: its fields, found on demand.
pub(super) struct Ifd<'a> {
    bytes: &'a [u8],
    pub(super) byte_order: ByteOrder,
    big: bool,
    entries: &'a [u8],
}

impl<'a> Ifd<'a> {
    pub(super) fn read_first(bytes: &'a [u8]) -> Result<Self, ExtractError> {
        let byte_order = if bytes.starts_with(b"II") { ByteOrder::Little } else { ByteOrder::Big };
        let big = read_u16(bytes, byte_order, 2)? == 43;
        let start =
            if big { read_u64(bytes, byte_order, 8)? } else { read_u32(bytes, byte_order, 4)?.into() };
        let start = usize::try_from(start).map_err(|_| out_of_file())?;
        let (count, entry, first) = if big {
            (read_u64(bytes, byte_order, start)?, 20, start.checked_add(8))
        } else {
            (read_u16(bytes, byte_order, start)?.into(), 12, start.checked_add(2))
        };
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(entry));
        let entries = first
            .zip(length)
            .and_then(|(first, length)| bytes.get(first..first.checked_add(length)?))
            .ok_or_else(out_of_file)?;
        Ok(Self { bytes, byte_order, big, entries })
    }

    /// A field's first value.
    pub(super) fn required(&self, tag: Tag) -> Result<u64, ExtractError> {
        let stored = self.stored(tag)?.ok_or_else(|| Format::Tiff.corrupt(format!("it has no {tag:?}")))?;
        stored.values().next().ok_or_else(|| Format::Tiff.corrupt(format!("its {tag:?} is empty")))?
    }

    /// A field's first value, or what its absence means.
    pub(super) fn number(&self, tag: Tag, default: u64) -> Result<u64, ExtractError> {
        self.stored(tag)?.and_then(|stored| stored.values().next()).unwrap_or(Ok(default))
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, tag: Tag) -> Result<bool, ExtractError> {
        Ok(self.stored(tag)?.is_some())
    }

    /// The values of a field, to be read one by one.
    pub(super) fn stored(&self, tag: Tag) -> Result<Option<Stored<'a>>, ExtractError> {
        let length = if self.big { 20 } else { 12 };
        for entry in self.entries.chunks_exact(length) {
            if read_u16(entry, self.byte_order, 0)? == tag as u16 {
                return self.read_entry(tag, entry).map(Some);
            }
        }
        Ok(None)
    }

    fn read_entry(&self, tag: Tag, entry: &'a [u8]) -> Result<Stored<'a>, ExtractError> {
        let width = match read_u16(entry, self.byte_order, 2)? {
            1 | 7 => 1,
            3 => 2,
            4 => 4,
            16 => 8,
            _ => return Err(Format::Tiff.corrupt(format!("its {tag:?} has a type that it cannot have"))),
        };
        let (count, inline) = if self.big {
            (read_u64(entry, self.byte_order, 4)?, &entry[12..])
        } else {
            (read_u32(entry, self.byte_order, 4)?.into(), &entry[8..])
        };
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        let length = length.ok_or_else(out_of_file)?;
        let bytes = if length <= inline.len() { &inline[..length] } else { self.at_offset(inline, length)? };
        Ok(Stored { bytes, width, byte_order: self.byte_order })
    }

    fn at_offset(&self, inline: &[u8], length: usize) -> Result<&'a [u8], ExtractError> {
        let offset = usize::try_from(read_uint(inline, self.byte_order)?).map_err(|_| out_of_file())?;
        offset.checked_add(length).and_then(|end| self.bytes.get(offset..end)).ok_or_else(out_of_file)
    }
}

/// The values of a field, as they are stored.
pub(super) struct Stored<'a> {
    bytes: &'a [u8],
    /// Bytes of a value.
    width: usize,
    byte_order: ByteOrder,
}

impl Stored<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// One of them, from 0 on.
    pub(super) fn value(&self, index: usize) -> Result<u64, ExtractError> {
        let bytes = self.bytes.chunks_exact(self.width).nth(index).ok_or_else(out_of_file)?;
        read_uint(bytes, self.byte_order)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = Result<u64, ExtractError>> {
        self.bytes.chunks_exact(self.width).map(|value| read_uint(value, self.byte_order))
    }
}

fn read_uint(bytes: &[u8], order: ByteOrder) -> Result<u64, ExtractError> {
    match bytes.len() {
        1 => Ok(bytes[0].into()),
        2 => Ok(read_u16(bytes, order, 0)?.into()),
        4 => Ok(read_u32(bytes, order, 0)?.into()),
        _ => read_u64(bytes, order, 0),
    }
}

fn read_u16(bytes: &[u8], order: ByteOrder, at: usize) -> Result<u16, ExtractError> {
    array(bytes, at).map(|bytes| order.u16(bytes))
}

fn read_u32(bytes: &[u8], order: ByteOrder, at: usize) -> Result<u32, ExtractError> {
    array(bytes, at).map(|bytes| order.u32(bytes))
}

fn read_u64(bytes: &[u8], order: ByteOrder, at: usize) -> Result<u64, ExtractError> {
    array(bytes, at).map(|bytes| order.u64(bytes))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ExtractError> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(out_of_file)
}

fn out_of_file() -> ExtractError {
    corrupt("a directory or field lies beyond its end")
}
