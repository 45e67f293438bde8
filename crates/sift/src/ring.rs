//! The rows of an image that a strip holds at a time.

use std::ops::Range;

use crate::aligned::Aligned;
use crate::reflect::reflect_101;

/// Samples in a cache line.
pub(crate) const LINE: usize = 16;

/// Rows that are computed at a time, and lie one after another in memory.
pub(crate) const BLOCK: usize = 8;

/// Samples of a margin for a blur of this radius: whole lines, and more than the radius, as blurs read whole vectors.
pub(crate) fn margin_for(radius: usize) -> usize {
    (radius + 1).next_multiple_of(LINE)
}

/// Rows with margins on both sides, for a blur along them.
#[derive(Clone, Copy)]
pub(crate) struct Padded<'a> {
    /// From the first row's left margin on.
    pub(crate) samples: &'a [f32],
    /// Samples between a row and the next.
    pub(crate) stride: usize,
    /// Samples of a row's left margin, whole lines and no less than what [`margin_for`] says of the blur's radius; as many follow the
    /// row's last line.
    pub(crate) margin: usize,
}

/// A window of consecutive blocks of rows that moves down an image; a block overwrites the one a whole number of
/// windows above it. Each row has margins, into which it is reflected, for a blur along it to read.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    samples: Aligned<f32>,
    width: usize,
    margin: usize,
    stride: usize,
    /// Where each row of the image has its first sample while it is held.
    starts: Vec<usize>,
}

/// How a ring lies in memory.
struct Layout {
    blocks: usize,
    margin: usize,
    stride: usize,
}

impl Layout {
    fn new((width, height): (usize, usize), radius: usize, rows: usize) -> Self {
        let margin = margin_for(radius);
        Self {
            blocks: rows.div_ceil(BLOCK).min(height.div_ceil(BLOCK)).max(1),
            margin,
            // An odd number of cache lines, so that the rows of a column do not all fall into one cache set.
            stride: ((width + 2 * margin).div_ceil(LINE) | 1) * LINE,
        }
    }

    fn samples(&self) -> usize {
        // With its right margin, two lines follow the last row, too.
        self.stride * self.blocks * BLOCK + LINE
    }
}

impl Ring {
    /// Makes room for the last `rows` rows up to the end of any block of an image of `width` by `height` samples, keeping the
    /// memory it has where that is enough. Margins are for a blur of this radius.
    pub(crate) fn reset(&mut self, (width, height): (usize, usize), radius: usize, rows: usize) {
        let layout = Layout::new((width, height), radius, rows);
        self.samples.resize(layout.samples());
        let Layout { blocks, margin, stride } = layout;
        (self.width, self.margin, self.stride) = (width, margin, stride);
        self.starts.clear();
        let held = (0..blocks * BLOCK).map(|row| row * stride + margin);
        self.starts.extend(held.cycle().take(height.next_multiple_of(BLOCK)));
    }

    /// Bytes that it takes after [`reset`](Self::reset).
    pub(crate) fn bytes((width, height): (usize, usize), radius: usize, rows: usize) -> usize {
        let starts = height.next_multiple_of(BLOCK) * size_of::<usize>();
        Layout::new((width, height), radius, rows).samples() * size_of::<f32>() + starts
    }

    /// Samples between a row and the next of its block.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.samples[self.starts[y]..][..self.width]
    }

    /// The row from column `x` on, and two lines at least of what follows it in memory.
    #[inline(always)]
    pub(crate) fn row_from(&self, y: usize, x: usize) -> &[f32] {
        &self.samples[self.starts[y] + x..]
    }

    /// All samples in memory, and where each row begins in it while it is held.
    pub(crate) fn memory(&self) -> (&[f32], &[usize]) {
        (&self.samples, &self.starts)
    }

    /// The cache lines of some rows of an image so high, which is reflected beyond its edges.
    pub(crate) fn lines(&self, rows: Range<isize>, height: usize) -> Vec<&[[f32; LINE]]> {
        let width = self.width.next_multiple_of(LINE);
        let lines = |&start: &usize| self.samples[start..start + width].as_chunks().0;
        match usize::try_from(rows.start) {
            // Nearly always, and with less to do for each.
            Ok(first) if rows.end <= height as isize => {
                self.starts[first..][..rows.len()].iter().map(lines).collect()
            }
            _ => rows.map(|y| lines(&self.starts[reflect_101(y, height)])).collect(),
        }
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.samples[self.starts[y]..][..self.width]
    }

    /// From the first sample of the first row of a block on; `y` is a multiple of [`BLOCK`].
    pub(crate) fn block(&self, y: usize) -> &[f32] {
        &self.samples[self.starts[y]..][..self.stride * BLOCK - self.margin]
    }

    /// As [`block`](Self::block).
    pub(crate) fn block_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.samples[self.starts[y]..][..self.stride * BLOCK - self.margin]
    }

    /// A block and its margins.
    pub(crate) fn padded_block(&self, y: usize) -> Padded<'_> {
        let Self { samples, margin, stride, .. } = self;
        Padded {
            samples: &samples[self.starts[y] - margin..][..stride * BLOCK],
            stride: *stride,
            margin: *margin,
        }
    }

    /// Reflects the rows of a block into `radius` samples of their margins, without repeating the edge.
    pub(crate) fn fill_margins(&mut self, y: usize, radius: usize) {
        let width = self.width;
        for start in self.starts[y..y + BLOCK].iter().copied() {
            let (left, rest) = self.samples[start - radius..].split_at_mut(radius);
            let (row, right) = rest.split_at_mut(width);
            // Nearly always, and without a division.
            if radius < width {
                left.iter_mut().rev().zip(&row[1..]).for_each(|(to, from)| *to = *from);
                right[..radius]
                    .iter_mut()
                    .zip(row[..width - 1].iter().rev())
                    .for_each(|(to, from)| *to = *from);
            } else {
                for (i, to) in (1..).zip(left.iter_mut().rev()) {
                    *to = row[reflect_101(-i, width)];
                }
                for (i, to) in (width as isize..).zip(&mut right[..radius]) {
                    *to = row[reflect_101(i, width)];
                }
            }
        }
    }
}
