use super::corrupt;
use crate::limits::Size;
use crate::{ExtractError, Format, Limits};

/// What a start-of-frame segment states, checked.
pub(super) struct FrameHeader<'a> {
    pub(super) size: Size,
    progressive: bool,
    /// Of each component its id, its sampling factors and its table.
    components: &'a [[u8; 3]],
    max_h: usize,
    max_v: usize,
}

/// A frame, with the memory that its decoding needs.
pub(super) struct Frame {
    pub(super) size: Size,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
    pub(super) max_h: usize,
    pub(super) max_v: usize,
    /// Minimum coded units of an interleaved scan.
    pub(super) mcus_across: usize,
    pub(super) mcus_down: usize,
}

/// One colour component.
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors.
    pub(super) h: usize,
    pub(super) v: usize,
    pub(super) table: usize,
    /// Samples that belong to the picture.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Blocks, padded to whole MCUs.
    pub(super) blocks_across: usize,
    blocks_down: usize,
    /// Steps, in natural order, as they were defined when the component's first scan began.
    pub(super) quantization: Option<Box<[u16; 64]>>,
    /// Samples, `8 * blocks_across` a row.
    pub(super) samples: Vec<u8>,
    /// Coefficients block by block, of progressive pictures only.
    pub(super) coefficients: Vec<[i16; 64]>,
}

impl<'a> FrameHeader<'a> {
    pub(super) fn read(payload: &'a [u8], progressive: bool, limits: &Limits) -> Result<Self, ExtractError> {
        let &[precision, h1, h0, w1, w0, count, ref components @ ..] = payload else {
            return Err(corrupt("its frame header is too short"));
        };
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        let size = limits.check_pixels(Format::Jpeg, width.into(), height.into())?;
        if precision != 8 {
            return Err(Format::Jpeg.unsupported(format!("{precision} bits a sample")));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Format::Jpeg.unsupported(format!("{count} components")));
        }
        let (stated, _) = components.as_chunks::<3>();
        let stated =
            stated.get(..usize::from(count)).ok_or_else(|| corrupt("its frame header is too short"))?;
        let factors = stated.iter().map(|&[_, hv, _]| (usize::from(hv >> 4), usize::from(hv & 15)));
        if factors.clone().any(|(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
            return Err(corrupt("a sampling factor is not between 1 and 4"));
        }
        let max_h = factors.clone().map(|(h, _)| h).max().unwrap_or(1);
        let max_v = factors.clone().map(|(_, v)| v).max().unwrap_or(1);
        if factors.clone().any(|(h, v)| max_h % h != 0 || max_v % v != 0) {
            return Err(Format::Jpeg.unsupported("fractional subsampling"));
        }
        Ok(Self { size, progressive, components: stated, max_h, max_v })
    }
}

impl Frame {
    pub(super) fn new(header: &FrameHeader<'_>) -> Self {
        let &FrameHeader { size, progressive, components, max_h, max_v } = header;
        let mut frame = Self {
            size,
            progressive,
            components: Vec::new(),
            max_h,
            max_v,
            mcus_across: size.width.div_ceil(8 * max_h),
            mcus_down: size.height.div_ceil(8 * max_v),
        };
        frame.components = components.iter().map(|component| frame.component(*component)).collect();
        frame
    }

    fn component(&self, [id, hv, table]: [u8; 3]) -> Component {
        let (h, v) = (usize::from(hv >> 4), usize::from(hv & 15));
        let (blocks_across, blocks_down) = (self.mcus_across * h, self.mcus_down * v);
        let blocks = blocks_across * blocks_down;
        Component {
            id,
            h,
            v,
            table: table.into(),
            width: (self.size.width * h).div_ceil(self.max_h),
            height: (self.size.height * v).div_ceil(self.max_v),
            blocks_across,
            blocks_down,
            quantization: None,
            samples: vec![0; 64 * blocks],
            coefficients: if self.progressive { vec![[0; 64]; blocks] } else { Vec::new() },
        }
    }
}

impl Component {
    /// Bytes from one row of samples to the next.
    pub(super) fn stride(&self) -> usize {
        8 * self.blocks_across
    }

    /// Transforms one block into the samples. The component's scan has begun: it has its quantisation.
    pub(super) fn transform(&mut self, x: usize, y: usize, coefficients: &[i16; 64]) {
        let stride = self.stride();
        let at = 8 * (y * stride + x);
        if let Some(quantization) = &self.quantization {
            super::idct::inverse(coefficients, quantization, &mut self.samples[at..], stride);
        }
    }

    /// Transforms all blocks of a progressive picture and frees them.
    pub(super) fn transform_all(&mut self) {
        let coefficients = std::mem::take(&mut self.coefficients);
        for y in 0..self.blocks_down {
            for x in 0..self.blocks_across {
                self.transform(x, y, &coefficients[y * self.blocks_across + x]);
            }
        }
    }
}
