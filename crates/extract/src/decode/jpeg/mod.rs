//! JPEG (ITU-T T.81), baseline, extended and progressive Huffman coding at 8 bits, bit for bit as OpenCV decodes
//! it through libjpeg-turbo with its defaults: accurate integer transform, triangle upsampling.
//!
//! A picture that is cut off or whose entropy coding breaks is an error, where libjpeg warns and fills with grey.
//! libjpeg smooths the blocks of a progressive picture whose last scans were never written; this does not.

mod color;
mod frame;
mod huffman;
mod idct;
mod scan;
mod segments;
mod tables;
mod upsample;

use color::ColorSpace;
use frame::{Frame, FrameHeader};
use huffman::Table;
use scan::{Scan, Tables};
use segments::{Segments, starts_frame};
use tables::ZIGZAG;

use super::{Bgr, exif, orientation::Orientation};
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// A scan of a progressive picture may take few bytes and still visits every block; real files have some ten.
const MAX_SCANS: usize = 200;

mod marker {
    pub(super) const DHT: u8 = 0xc4;
    pub(super) const DAC: u8 = 0xcc;
    pub(super) const EOI: u8 = 0xd9;
    pub(super) const SOS: u8 = 0xda;
    pub(super) const DQT: u8 = 0xdb;
    pub(super) const DRI: u8 = 0xdd;
    pub(super) const APP0: u8 = 0xe0;
    pub(super) const APP1: u8 = 0xe1;
    pub(super) const APP14: u8 = 0xee;
}

/// What applications left in the file about its colours and its orientation.
#[derive(Default)]
struct Marks {
    jfif: bool,
    adobe_transform: Option<u8>,
    orientation: Option<Orientation>,
}

/// The size that the frame header states: the segments before it are passed over, their tables unread.
pub(super) fn size(bytes: &[u8], limits: &Limits) -> Result<Size, ExtractError> {
    let mut segments = Segments::new(bytes);
    while let Some((marker, payload)) = segments.next()? {
        if let Some(progressive) = starts_frame(marker)? {
            return Ok(FrameHeader::read(payload, progressive, limits)?.size);
        }
        if marker == marker::SOS {
            return Err(scan_before_frame());
        }
    }
    Err(no_frame())
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Bgr, ExtractError> {
    let mut decoder = Decoder::new(bytes, limits)?;
    while decoder.segment()? {}
    let mut frame = decoder.frame.ok_or_else(no_frame)?;
    if frame.components.iter().any(|component| component.quantization.is_none()) {
        return Err(corrupt("a component has no scan"));
    }
    if frame.progressive {
        frame.components.iter_mut().for_each(frame::Component::transform_all);
    }
    let space = ColorSpace::tell(&frame, &decoder.marks);
    let image = Bgr::new(color::to_bgr(&frame, space), frame.size, space == ColorSpace::Grey);
    drop(frame);
    Ok(decoder.marks.orientation.unwrap_or_default().apply(image))
}

/// What the segments up to the one at hand have said.
struct Decoder<'a> {
    segments: Segments<'a>,
    limits: &'a Limits,
    tables: Tables,
    restart_interval: usize,
    scans: usize,
    marks: Marks,
    frame: Option<Frame>,
}

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8], limits: &'a Limits) -> Result<Self, ExtractError> {
        let mut tables = Tables::default();
        for (slot, (dc, ac)) in tables::DC.iter().zip(&tables::AC).enumerate() {
            tables.dc[slot] = Some(Table::new(&dc.0, dc.1)?);
            tables.ac[slot] = Some(Table::new(&ac.0, ac.1)?);
        }
        Ok(Self {
            segments: Segments::new(bytes),
            limits,
            tables,
            restart_interval: 0,
            scans: 0,
            marks: Marks::default(),
            frame: None,
        })
    }

    /// Reads one segment; `false` at the end of the image.
    fn segment(&mut self) -> Result<bool, ExtractError> {
        let Some((marker, payload)) = self.segments.next()? else { return Ok(false) };
        if let Some(progressive) = starts_frame(marker)? {
            self.start_frame(payload, progressive)?;
            return Ok(true);
        }
        match marker {
            marker::DHT => self.huffman_tables(payload)?,
            marker::DQT => self.quantization_tables(payload)?,
            marker::DRI => self.restart_interval = be16(payload)?.into(),
            marker::SOS => self.scan(payload)?,
            marker::APP0 if payload.starts_with(b"JFIF\0") && payload.len() >= 14 => self.marks.jfif = true,
            marker::APP1 => self.exif(payload),
            marker::APP14 if payload.starts_with(b"Adobe") => {
                self.marks.adobe_transform = payload.get(11).copied().or(self.marks.adobe_transform);
            }
            _ => {}
        }
        Ok(true)
    }

    fn start_frame(&mut self, payload: &[u8], progressive: bool) -> Result<(), ExtractError> {
        if self.frame.is_some() {
            return Err(corrupt("it has a second frame"));
        }
        self.frame = Some(Frame::new(&FrameHeader::read(payload, progressive, self.limits)?));
        Ok(())
    }

    fn scan(&mut self, payload: &[u8]) -> Result<(), ExtractError> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(Format::Jpeg.unsupported(format!("more than {MAX_SCANS} scans")));
        }
        let frame = self.frame.as_mut().ok_or_else(scan_before_frame)?;
        let scan = Scan::read(payload, frame)?;
        let Segments { bytes, at } = &mut self.segments;
        *at = scan.decode(frame, &self.tables, self.restart_interval, bytes, *at)?;
        Ok(())
    }

    fn huffman_tables(&mut self, payload: &[u8]) -> Result<(), ExtractError> {
        let mut rest = payload;
        while let Some((&[class_and_slot, ref counts @ ..], tail)) = rest.split_first_chunk::<17>() {
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, tail) =
                tail.split_at_checked(total).ok_or_else(|| corrupt("a Huffman table is cut off"))?;
            let tables = if class_and_slot >> 4 == 0 { &mut self.tables.dc } else { &mut self.tables.ac };
            let slot = tables.get_mut(usize::from(class_and_slot & 15));
            *slot.ok_or_else(|| corrupt("a table has a number above 3"))? =
                Some(Table::new(counts, symbols)?);
            rest = tail;
        }
        Ok(())
    }

    fn quantization_tables(&mut self, payload: &[u8]) -> Result<(), ExtractError> {
        let mut rest = payload;
        while let Some((&precision_and_slot, tail)) = rest.split_first() {
            let width = if precision_and_slot >> 4 == 0 { 1 } else { 2 };
            let (values, tail) = tail
                .split_at_checked(64 * width)
                .ok_or_else(|| corrupt("a quantisation table is cut off"))?;
            let mut steps = Box::new([0; 64]);
            for (value, &place) in values.chunks_exact(width).zip(&ZIGZAG) {
                steps[usize::from(place)] = value.iter().fold(0, |all, &byte| all << 8 | u16::from(byte));
            }
            let slot = self.tables.quantization.get_mut(usize::from(precision_and_slot & 15));
            *slot.ok_or_else(|| corrupt("a table has a number above 3"))? = Some(steps);
            rest = tail;
        }
        Ok(())
    }

    fn exif(&mut self, payload: &[u8]) {
        if let Some(block) = payload.strip_prefix(b"Exif\0\0") {
            self.marks.orientation.get_or_insert(exif::orientation(block));
        }
    }
}

fn be16(bytes: &[u8]) -> Result<u16, ExtractError> {
    match bytes {
        &[high, low, ..] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(corrupt("it ends inside a segment")),
    }
}

fn no_frame() -> ExtractError {
    corrupt("it has no frame")
}

fn scan_before_frame() -> ExtractError {
    corrupt("a scan comes before its frame")
}

fn corrupt(reason: &'static str) -> ExtractError {
    Format::Jpeg.corrupt(reason)
}
