//! Entropy-coded scans: sequential (T.81, F.2) and progressive (G.2) Huffman coding.

use super::corrupt;
use super::frame::Frame;
use super::huffman::{BitReader, Table};
use super::tables::ZIGZAG;
use crate::{ExtractError, Format};

/// Blocks of an MCU, at most (T.81, B.2.3).
const MAX_BLOCKS_PER_MCU: usize = 10;

/// What a start-of-scan segment states.
pub(super) struct Scan {
    components: Vec<ScanComponent>,
    /// First and last coefficient, in zigzag order.
    band: (usize, usize),
    /// The bit that was sent before this scan; 0 for a first scan.
    high: u32,
    /// The lowest bit that this scan sends.
    low: u32,
}

struct ScanComponent {
    index: usize,
    dc: usize,
    ac: usize,
}

/// The tables that scans refer to, by number.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) quantization: [Option<Box<[u16; 64]>>; 4],
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
}

impl Scan {
    pub(super) fn read(payload: &[u8], frame: &Frame) -> Result<Self, ExtractError> {
        let short = || corrupt("a scan header is too short");
        let (&count, rest) = payload.split_first().ok_or_else(short)?;
        let count = usize::from(count);
        let (stated, parameters) = rest.split_at_checked(2 * count).ok_or_else(short)?;
        let &[first, last, approximation, ..] = parameters else { return Err(short()) };
        let mut components: Vec<ScanComponent> = Vec::new();
        for selector in stated.as_chunks::<2>().0 {
            let index = frame.components.iter().position(|component| component.id == selector[0]);
            let index = index.ok_or_else(|| corrupt("a scan names a component that its frame lacks"))?;
            if components.iter().any(|other| other.index == index) {
                return Err(corrupt("a scan names a component twice"));
            }
            components.push(ScanComponent {
                index,
                dc: (selector[1] >> 4).into(),
                ac: (selector[1] & 15).into(),
            });
        }
        let band = if frame.progressive { (first.into(), last.into()) } else { (0, 63) };
        let (high, low) = if frame.progressive { (approximation >> 4, approximation & 15) } else { (0, 0) };
        let scan = Self { components, band, high: high.into(), low: low.into() };
        scan.check(frame)?;
        Ok(scan)
    }

    fn check(&self, frame: &Frame) -> Result<(), ExtractError> {
        let blocks: usize = self.parts(frame).map(|component| component.h * component.v).sum();
        if self.components.is_empty() || self.components.len() > 1 && blocks > MAX_BLOCKS_PER_MCU {
            return Err(corrupt("a scan has no components or too many blocks in a unit"));
        }
        let (first, last) = self.band;
        let band_is_valid = if first == 0 {
            last == if frame.progressive { 0 } else { 63 }
        } else {
            first <= last && last < 64 && self.components.len() == 1
        };
        let bits_are_valid = self.low <= 13 && (self.high == 0 || self.high == self.low + 1);
        if band_is_valid && bits_are_valid {
            Ok(())
        } else {
            Err(corrupt("a scan has impossible parameters"))
        }
    }

    fn parts<'a>(&'a self, frame: &'a Frame) -> impl Iterator<Item = &'a super::frame::Component> {
        self.components.iter().map(|part| &frame.components[part.index])
    }

    /// Decodes the scan whose data begins at `at`; answers where it ends.
    pub(super) fn decode(
        &self,
        frame: &mut Frame,
        tables: &Tables,
        restart_interval: usize,
        bytes: &[u8],
        at: usize,
    ) -> Result<usize, ExtractError> {
        for part in &self.components {
            let component = &mut frame.components[part.index];
            if component.quantization.is_none() {
                let steps = tables.quantization.get(component.table).and_then(Option::as_ref);
                let steps = steps.ok_or_else(|| corrupt("a quantisation table is missing"))?;
                component.quantization = Some(steps.clone());
            }
        }
        let mut decoder = Decoder::new(self, tables, bytes, at)?;
        let (across, down) = self.units(frame);
        for y in 0..down {
            for x in 0..across {
                let unit = y * across + x;
                if restart_interval > 0 && unit > 0 && unit % restart_interval == 0 {
                    decoder.restart(bytes, unit / restart_interval - 1)?;
                }
                self.decode_unit(&mut decoder, frame, x, y)?;
            }
            if decoder.reader.is_overrun() {
                return Err(corrupt("it ends inside a scan"));
            }
        }
        Ok(decoder.reader.position())
    }

    /// Units of the scan: MCUs, or, where it has one component, the blocks that hold part of the picture.
    fn units(&self, frame: &Frame) -> (usize, usize) {
        match self.components.as_slice() {
            [part] => {
                let component = &frame.components[part.index];
                (component.width.div_ceil(8), component.height.div_ceil(8))
            }
            _ => (frame.mcus_across, frame.mcus_down),
        }
    }

    #[inline]
    fn decode_unit(
        &self,
        decoder: &mut Decoder<'_>,
        frame: &mut Frame,
        x: usize,
        y: usize,
    ) -> Result<(), ExtractError> {
        let interleaved = self.components.len() > 1;
        for (slot, part) in self.components.iter().enumerate() {
            let component = &mut frame.components[part.index];
            let (h, v) = if interleaved { (component.h, component.v) } else { (1, 1) };
            for block_y in y * v..(y + 1) * v {
                for block_x in x * h..(x + 1) * h {
                    if frame.progressive {
                        let block = &mut component.coefficients[block_y * component.blocks_across + block_x];
                        decoder.progressive(slot, block)?;
                    } else {
                        let mut block = [0; 64];
                        decoder.sequential(slot, &mut block)?;
                        component.transform(block_x, block_y, &block);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The state of decoding one scan.
struct Decoder<'a> {
    scan: &'a Scan,
    reader: BitReader<'a>,
    dc: Vec<Option<&'a Table>>,
    ac: Vec<Option<&'a Table>>,
    /// The last DC value of each component of the scan.
    predictions: [i32; 4],
    /// Blocks to come that have nothing new in this band.
    end_of_band_run: u32,
}

impl<'a> Decoder<'a> {
    fn new(scan: &'a Scan, tables: &'a Tables, bytes: &'a [u8], at: usize) -> Result<Self, ExtractError> {
        let missing = || corrupt("a Huffman table is missing");
        let needs_dc = scan.band.0 == 0 && scan.high == 0;
        let needs_ac = scan.band.1 > 0;
        let (mut dc, mut ac) = (Vec::new(), Vec::new());
        for part in &scan.components {
            dc.push(tables.dc.get(part.dc).and_then(Option::as_ref));
            ac.push(tables.ac.get(part.ac).and_then(Option::as_ref));
        }
        if needs_dc && dc.iter().any(Option::is_none) || needs_ac && ac.iter().any(Option::is_none) {
            return Err(missing());
        }
        Ok(Self { scan, reader: BitReader::new(bytes, at), dc, ac, predictions: [0; 4], end_of_band_run: 0 })
    }

    /// Expects the restart marker of this number, modulo 8.
    fn restart(&mut self, bytes: &'a [u8], number: usize) -> Result<(), ExtractError> {
        if self.reader.is_overrun() {
            return Err(corrupt("it ends inside a scan"));
        }
        let at = self.reader.position();
        let fill = bytes.get(at..).unwrap_or_default().iter().take_while(|&&byte| byte == 0xff).count();
        let marker = bytes.get(at + fill);
        if fill == 0 || marker != Some(&(0xd0 + (number % 8) as u8)) {
            return Err(corrupt("a restart marker is missing"));
        }
        self.reader = BitReader::new(bytes, at + fill + 1);
        self.predictions = [0; 4];
        self.end_of_band_run = 0;
        Ok(())
    }

    #[inline]
    fn dc_value(&mut self, slot: usize) -> Result<i32, ExtractError> {
        let table = self.dc[slot].ok_or_else(|| corrupt("a Huffman table is missing"))?;
        let category = self.reader.symbol(table)?;
        if category > 15 {
            return Err(corrupt("a DC difference is too large"));
        }
        let difference = self.reader.signed(category.into());
        self.predictions[slot] = self.predictions[slot].wrapping_add(difference);
        Ok(self.predictions[slot])
    }

    #[inline]
    fn ac_symbol(&mut self, slot: usize) -> Result<(usize, u32), ExtractError> {
        let table = self.ac[slot].ok_or_else(|| corrupt("a Huffman table is missing"))?;
        let symbol = self.reader.symbol(table)?;
        Ok((usize::from(symbol >> 4), u32::from(symbol & 15)))
    }

    #[inline]
    fn sequential(&mut self, slot: usize, block: &mut [i16; 64]) -> Result<(), ExtractError> {
        block[0] = self.dc_value(slot)? as i16;
        let mut at = 1;
        while at < 64 {
            match self.ac_symbol(slot)? {
                (15, 0) => at += 16,
                (_, 0) => break,
                (run, size) => {
                    let place = ZIGZAG.get(at + run).ok_or_else(beyond_block)?;
                    block[usize::from(*place)] = self.reader.signed(size) as i16;
                    at += run + 1;
                }
            }
        }
        Ok(())
    }

    fn progressive(&mut self, slot: usize, block: &mut [i16; 64]) -> Result<(), ExtractError> {
        match (self.scan.band.0, self.scan.high) {
            (0, 0) => block[0] = (self.dc_value(slot)? << self.scan.low) as i16,
            (0, _) => block[0] |= (self.reader.bits(1) << self.scan.low) as i16,
            (_, 0) => self.ac_first(slot, block)?,
            _ => self.ac_refine(slot, block)?,
        }
        Ok(())
    }

    fn ac_first(&mut self, slot: usize, block: &mut [i16; 64]) -> Result<(), ExtractError> {
        if self.end_of_band_run > 0 {
            self.end_of_band_run -= 1;
            return Ok(());
        }
        let (mut at, last) = self.scan.band;
        while at <= last {
            match self.ac_symbol(slot)? {
                (15, 0) => at += 16,
                (run, 0) => {
                    self.end_of_band_run = (1 << run) - 1 + self.reader.bits(run as u32);
                    break;
                }
                (run, size) => {
                    at += run;
                    let place = ZIGZAG.get(at).filter(|_| at <= last).ok_or_else(beyond_block)?;
                    block[usize::from(*place)] = (self.reader.signed(size) << self.scan.low) as i16;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// Coefficients that are not zero yet get one more bit; new ones are placed by runs over those that are zero.
    fn ac_refine(&mut self, slot: usize, block: &mut [i16; 64]) -> Result<(), ExtractError> {
        let (mut at, last) = self.scan.band;
        while at <= last && self.end_of_band_run == 0 {
            let (run, size) = self.ac_symbol(slot)?;
            let fresh = match (run, size) {
                (15, 0) => 0,
                (run, 0) => {
                    self.end_of_band_run = (1 << run) + self.reader.bits(run as u32);
                    break;
                }
                (_, 1) => {
                    let bit = 1i16 << self.scan.low;
                    if self.reader.bits(1) == 1 { bit } else { -bit }
                }
                _ => return Err(corrupt("a refinement adds more than one bit")),
            };
            at = self.refine_over(run, at, block);
            if fresh != 0 {
                let place = ZIGZAG.get(at).filter(|_| at <= last).ok_or_else(beyond_block)?;
                block[usize::from(*place)] = fresh;
            }
            at += 1;
        }
        if self.end_of_band_run > 0 {
            self.refine_over(64, at, block);
            self.end_of_band_run -= 1;
        }
        Ok(())
    }

    /// Refines up to the zero coefficient behind `zeros` others; answers its place, or one behind the band.
    fn refine_over(&mut self, zeros: usize, at: usize, block: &mut [i16; 64]) -> usize {
        let mut zeros = zeros;
        let last = self.scan.band.1;
        for (at, &place) in ZIGZAG.iter().enumerate().take(last + 1).skip(at) {
            let coefficient = &mut block[usize::from(place)];
            if *coefficient != 0 {
                let bit = 1i16 << self.scan.low;
                if self.reader.bits(1) == 1 && *coefficient & bit == 0 {
                    *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
                }
            } else if zeros == 0 {
                return at;
            } else {
                zeros -= 1;
            }
        }
        last + 1
    }
}

fn beyond_block() -> ExtractError {
    Format::Jpeg.corrupt("a coefficient lies beyond its block")
}
