use super::compression::{Compression, unpredict};
use super::corrupt;
use super::ifd::{Ifd, Stored, Tag};
use crate::decode::exif::ByteOrder;
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

const ABSENT_ROWS_PER_STRIP: u64 = u32::MAX as u64;

/// A tile is no larger than the picture and so many pixels besides.
const TILE_BESIDE: usize = 4 << 20;

/// How the picture is divided into strips or tiles.
pub(super) struct Grid {
    pub(super) size: Size,
    tiled: bool,
    chunk: Size,
    across: usize,
}

impl Grid {
    pub(super) fn read(ifd: &Ifd<'_>, limits: &Limits, size: Size) -> Result<Self, ExtractError> {
        let tiled = ifd.has(Tag::TileWidth)?;
        let chunk = if tiled { tile_size(ifd, limits, size)? } else { strip_size(ifd, size)? };
        let across = size.width.div_ceil(chunk.width);
        // Tiles are read in their full width: a few very wide ones for a narrow picture would take forever.
        limits.check_pixels(Format::Tiff, (across * chunk.width) as u64, size.height as u64)?;
        Ok(Self { size, tiled, chunk, across })
    }
}

/// How the samples lie in the file: strips or tiles, interleaved or in planes.
pub(super) struct Layout<'a> {
    pub(super) byte_order: ByteOrder,
    pub(super) size: Size,
    chunk: Size,
    across: usize,
    chunks_per_plane: usize,
    planes: usize,
    samples_per_pixel: usize,
    bits: usize,
    compression: Compression,
    predicted: bool,
    reversed_bits: bool,
    offsets: Stored<'a>,
    byte_counts: Stored<'a>,
}

/// The part of the picture that a strip or tile covers, in px.
pub(super) struct Chunk {
    index: usize,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> Layout<'a> {
    pub(super) fn read(ifd: &Ifd<'a>, grid: &Grid) -> Result<Self, ExtractError> {
        let &Grid { size, tiled, chunk, across } = grid;
        let chunks_per_plane = across * size.height.div_ceil(chunk.height);
        let samples_per_pixel = ifd.number(Tag::SamplesPerPixel, 1)? as usize;
        let planes = match ifd.number(Tag::PlanarConfiguration, 1)? {
            1 => 1,
            2 => samples_per_pixel,
            _ => return Err(corrupt("its planar configuration is neither 1 nor 2")),
        };
        let (offsets, counts) = if tiled {
            (Tag::TileOffsets, Tag::TileByteCounts)
        } else {
            (Tag::StripOffsets, Tag::StripByteCounts)
        };
        let needed = planes * chunks_per_plane;
        let listed = |tag| {
            let stored = ifd.stored(tag)?.filter(|stored| stored.len() >= needed);
            stored.ok_or_else(|| corrupt("it lists fewer strips or tiles than its size needs"))
        };
        Ok(Self {
            byte_order: ifd.byte_order,
            size,
            chunk,
            across,
            chunks_per_plane,
            planes,
            samples_per_pixel,
            bits: ifd.number(Tag::BitsPerSample, 1)? as usize,
            compression: Compression::read(ifd)?,
            predicted: match ifd.number(Tag::Predictor, 1)? {
                1 => false,
                2 => true,
                other => return Err(Format::Tiff.unsupported(format!("predictor {other}"))),
            },
            reversed_bits: ifd.number(Tag::FillOrder, 1)? == 2,
            offsets: listed(offsets)?,
            byte_counts: listed(counts)?,
        })
    }

    /// Strips or tiles of one plane, in reading order.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let (size, chunk, across) = (self.size, self.chunk, self.across);
        (0..self.chunks_per_plane).map(move |index| {
            let (x, y) = (index % across * chunk.width, index / across * chunk.height);
            let (width, height) = (chunk.width.min(size.width - x), chunk.height.min(size.height - y));
            Chunk { index, x, y, width, height }
        })
    }

    /// Bytes of a row of interleaved samples, as [`read_chunk`](Self::read_chunk) gives them.
    pub(super) fn row_bytes(&self) -> usize {
        (self.chunk.width * self.samples_per_pixel * self.bits).div_ceil(8)
    }

    fn plane_row_bytes(&self) -> usize {
        (self.chunk.width * self.samples_per_pixel / self.planes * self.bits).div_ceil(8)
    }

    /// Puts the decompressed rows of a chunk, planes interleaved, into `samples`.
    pub(super) fn read_chunk(
        &self,
        bytes: &[u8],
        chunk: &Chunk,
        samples: &mut Vec<u8>,
    ) -> Result<(), ExtractError> {
        if self.planes == 1 {
            return self.read_plane(bytes, chunk, 0, samples);
        }
        // Planes are only read in whole bytes; the colour reduction refuses the others.
        let width = self.bits / 8;
        samples.clear();
        samples.resize(chunk.height * self.row_bytes(), 0);
        let mut plane = Vec::new();
        for index in 0..self.planes {
            self.read_plane(bytes, chunk, index, &mut plane)?;
            let targets = samples.chunks_exact_mut(width * self.planes);
            for (pixel, sample) in targets.zip(plane.chunks_exact(width)) {
                pixel[index * width..][..width].copy_from_slice(sample);
            }
        }
        Ok(())
    }

    fn read_plane(
        &self,
        bytes: &[u8],
        chunk: &Chunk,
        plane: usize,
        samples: &mut Vec<u8>,
    ) -> Result<(), ExtractError> {
        let index = plane * self.chunks_per_plane + chunk.index;
        let (offset, count) = (self.offsets.value(index)?, self.byte_counts.value(index)?);
        let range = offset.checked_add(count).map(|end| offset as usize..end as usize);
        let stored = range.and_then(|range| bytes.get(range));
        let stored = stored.ok_or_else(|| corrupt("a strip or tile lies beyond its end"))?;
        let row = self.plane_row_bytes();
        samples.clear();
        samples.resize(row * chunk.height, 0);
        // No compression makes more of it (libtiff's bound): strips that claim the whole file each take no more time than others.
        let stored = &stored[..stored.len().min(10 * samples.len() + 4096)];
        if self.reversed_bits {
            let stored: Vec<u8> = stored.iter().map(|byte| byte.reverse_bits()).collect();
            self.compression.expand(&stored, samples)?;
        } else {
            self.compression.expand(stored, samples)?;
        }
        if self.predicted && self.compression.has_predictor() {
            let samples_per_pixel = self.samples_per_pixel / self.planes;
            for row in samples.chunks_exact_mut(row) {
                unpredict(row, self.bits, samples_per_pixel, self.byte_order)?;
            }
        }
        Ok(())
    }
}

fn strip_size(ifd: &Ifd<'_>, size: Size) -> Result<Size, ExtractError> {
    let rows = ifd.number(Tag::RowsPerStrip, ABSENT_ROWS_PER_STRIP)?.min(size.height as u64);
    if rows == 0 {
        return Err(corrupt("its strips have no rows"));
    }
    Ok(Size { width: size.width, height: rows as usize })
}

/// A tile may reach beyond the picture, but not beyond what a picture may have, nor far beyond this one: memory is taken for all of it.
fn tile_size(ifd: &Ifd<'_>, limits: &Limits, size: Size) -> Result<Size, ExtractError> {
    let tile =
        limits.check_pixels(Format::Tiff, ifd.required(Tag::TileWidth)?, ifd.required(Tag::TileLength)?)?;
    if tile.area() > size.area() + TILE_BESIDE {
        return Err(corrupt("its tiles are far larger than the picture"));
    }
    Ok(tile)
}
