//! The levels around one sample of an octave, no more of each than the next one takes.
//!
//! An extremum that leaves its strip is followed here. Few of those are keypoints in the end, so that a strip with all that
//! one is described from would nearly always be for nothing.

use std::ops::Range;

use crate::Error;
use crate::across;
use crate::aligned::Aligned;
use crate::along;
use crate::around::{Around, ScaleSpace};
use crate::gaussian::Kernel;
use crate::isa::Isa;
use crate::octave::{Octave, Source};
use crate::reflect::reflect_101;
use crate::ring::{BLOCK, LINE, Padded, margin_for};
use crate::upscale::doubled_row;

/// Rows and columns of the last level, as many as are computed at once, and how many of them are before the sample.
const ROWS: usize = BLOCK;
const COLUMNS: usize = LINE;
const ROWS_BEFORE: usize = 3;
const COLUMNS_BEFORE: usize = 7;

/// Memory of a vicinity, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct VicinityMemory {
    doubled: Window,
    levels: Vec<Window>,
    along: Aligned<f32>,
    blend: Vec<f32>,
}

/// The levels around an extremum, as far as refining it takes.
pub(crate) struct Vicinity<'a> {
    /// From level 0 on.
    levels: &'a [Window],
}

/// Some rows and columns of a level.
#[derive(Debug, Default)]
struct Window {
    samples: Aligned<f32>,
    area: Area,
    /// The column of a row's first sample in memory, and samples between a row and the next. There are as many before the
    /// first whole line of the columns, and after the last one, as a blur along the row reads.
    origin: isize,
    stride: usize,
    margin: usize,
}

/// Rows of an octave, and columns, which may reach beyond it.
#[derive(Debug, Clone, Default)]
struct Area {
    rows: Range<isize>,
    columns: Range<isize>,
}

/// Multiply-adds of the levels around a sample of a layer.
pub(crate) fn multiply_adds(octave: &Octave<'_>, layer: usize) -> usize {
    let kernels = octave.base().into_iter().chain(octave.kernels.around(layer));
    let (mut sum, mut rows, mut columns) = (0, ROWS, COLUMNS);
    for kernel in kernels.rev() {
        let read = (rows + 2 * kernel.radius()).min(octave.height);
        sum += (rows + read) * columns.next_multiple_of(LINE) * kernel.taps().len();
        (rows, columns) = (read, (columns + 2 * kernel.radius()).min(octave.width));
    }
    sum
}

impl<'a> Vicinity<'a> {
    /// What is around a sample of a layer. Waits for the octave before, whose end is an error.
    pub(crate) fn new(
        octave: &Octave<'_>,
        (layer, y, x): (usize, usize, usize),
        memory: &'a mut VicinityMemory,
    ) -> Result<Self, Error> {
        let VicinityMemory { doubled, levels, along, blend } = memory;
        let base = &octave.kernels.base;
        let kernels: Vec<&Kernel> = octave.kernels.around(layer).collect();
        let count = kernels.len() + 1;
        levels.resize_with(count.max(levels.len()), Window::default);
        let levels = &mut levels[..count];
        let size = (octave.width, octave.height);
        let mut area = Area::around(y, x);
        let radius = kernels.iter().chain([&base]).map(|kernel| kernel.radius()).max().unwrap_or(0);
        // Lines begin at the same columns everywhere.
        let (line, margin) = (area.columns.start, margin_for(radius));
        for (level, kernel) in levels[1..].iter_mut().zip(&kernels).rev() {
            let next = area.read_by(kernel, size);
            level.reset(area, line, margin);
            area = next;
        }
        let mut pass = Pass { isa: octave.isa, size, along };
        match octave.source {
            Source::Image { grey, width, doubling } => {
                doubled.reset(area.read_by(base, size), line, margin);
                doubled.fill(octave.width, |y, x, row| {
                    doubled_row(octave.isa, (grey, width), y, x, doubling, blend, row);
                    Ok(())
                })?;
                levels[0].reset(area, line, margin);
                levels[0].blur(&mut pass, doubled, base);
            }
            Source::Octave { base } => {
                levels[0].reset(area, line, margin);
                levels[0].fill(octave.width, |y, x, row| base.copy_row(y, x, row))?;
            }
        }
        for (index, kernel) in kernels.iter().enumerate() {
            let (below, above) = levels.split_at_mut(index + 1);
            above[0].blur(&mut pass, &below[index], kernel);
        }
        Ok(Self { levels })
    }
}

impl ScaleSpace for Vicinity<'_> {
    fn holds(&self, layer: usize, y: usize, x: usize) -> bool {
        let last = &self.levels[self.levels.len() - 1].area;
        let inner = |range: &Range<isize>| range.start + 1..range.end - 1;
        layer + 2 < self.levels.len()
            && inner(&last.rows).contains(&(y as isize))
            && inner(&last.columns).contains(&(x as isize))
    }

    fn around(&mut self, level: usize, y: usize, x: usize) -> Around {
        let mut around = Around::default();
        for (around, y) in around.iter_mut().zip(y as isize - 1..) {
            around.copy_from_slice(&self.levels[level].row(y, x as isize - 1)[..4]);
        }
        around
    }
}

impl Area {
    fn around(y: usize, x: usize) -> Self {
        let (y, x) = (y as isize - ROWS_BEFORE as isize, x as isize - COLUMNS_BEFORE as isize);
        Self { rows: y..y + ROWS as isize, columns: x..x + COLUMNS as isize }
    }

    /// What a blur reads for it: columns beyond an octave of this size for those within, but no rows, which are taken from within.
    fn read_by(&self, kernel: &Kernel, (width, height): (usize, usize)) -> Self {
        let radius = kernel.radius() as isize;
        let within = |range: &Range<isize>, len: usize| range.start.max(0)..range.end.min(len as isize);
        let columns = within(&self.columns, width);
        Self {
            rows: within(&(self.rows.start - radius..self.rows.end + radius), height),
            columns: columns.start - radius..columns.end + radius,
        }
    }
}

/// What blurs have in common.
struct Pass<'a> {
    isa: Isa,
    /// Width and height of the octave.
    size: (usize, usize),
    along: &'a mut Aligned<f32>,
}

impl Window {
    /// Makes room for an area. Lines begin at column `line` and every [`LINE`] columns from there.
    fn reset(&mut self, area: Area, line: isize, margin: usize) {
        let len = LINE as isize;
        let first = line + (area.columns.start - line).div_euclid(len) * len;
        let width = ((area.columns.end - first) as usize).next_multiple_of(LINE);
        self.margin = margin;
        self.origin = first - margin as isize;
        self.stride = width + 2 * margin;
        self.samples.resize(self.stride * area.rows.len().next_multiple_of(BLOCK));
        self.area = area;
    }

    /// Columns in whole lines.
    fn lines(&self) -> Range<isize> {
        let (start, margins) = (self.origin + self.margin as isize, 2 * self.margin);
        start..start + (self.stride - margins) as isize
    }

    /// What is in memory from a column of a row on.
    fn row(&self, y: isize, x: isize) -> &[f32] {
        &self.samples[self.place(y, x)..]
    }

    fn place(&self, y: isize, x: isize) -> usize {
        (y - self.area.rows.start) as usize * self.stride + (x - self.origin) as usize
    }

    /// Has `row` fill the columns that the octave has, each row from a column on.
    fn fill(
        &mut self,
        width: usize,
        mut row: impl FnMut(usize, usize, &mut [f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let columns = self.area.columns.start.max(0)..self.area.columns.end.min(width as isize);
        for y in self.area.rows.clone() {
            let first = self.place(y, columns.start);
            row(y as usize, columns.start as usize, &mut self.samples[first..][..columns.len()])?;
        }
        self.reflect(width);
        Ok(())
    }

    /// Fills columns beyond the octave.
    fn reflect(&mut self, width: usize) {
        let Range { start, end } = self.area.columns;
        for y in self.area.rows.clone() {
            for x in (start..0).chain(width as isize..end) {
                let from = self.place(y, reflect_101(x, width) as isize);
                let to = self.place(y, x);
                self.samples[to] = self.samples[from];
            }
        }
    }

    /// Fills it from a window that has what the kernel reads.
    fn blur(&mut self, pass: &mut Pass<'_>, source: &Self, kernel: &Kernel) {
        let &mut Pass { isa, size: (width, height), ref mut along } = pass;
        // Lines that both have: those within the octave are among them.
        let (own, read) = (self.lines(), source.lines());
        let lines = own.start.max(read.start)..own.end.min(read.end);
        let (column, len) = (lines.start, lines.len());
        along.resize(len * source.area.rows.len().next_multiple_of(BLOCK));
        let margin = (column - source.origin) as usize;
        let padded = Padded { samples: &source.samples, stride: source.stride, margin };
        along::along(isa, padded, kernel.taps(), (along, len), len, (&[], len));
        let Range { start, end } = self.area.rows;
        let radius = kernel.radius() as isize;
        let around: Vec<_> = (start - radius..end + radius)
            .map(|y| {
                let row = reflect_101(y, height) as isize - source.area.rows.start;
                along[row as usize * len..][..len].as_chunks().0
            })
            .collect();
        let (first, stride) = (self.place(start, column), self.stride);
        across::across(isa, &around, kernel.taps(), (&mut self.samples[first..], stride));
        self.reflect(width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Base;
    use crate::gaussian::Kernels;
    use crate::octave::{BORDER, Reach};
    use crate::strip::{Strip, StripMemory};
    use crate::topmost::Estimator;
    use crate::upscale::Doubling;
    use crate::{Control, Params};

    /// Noise.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..count).map(|_| next()).collect()
    }

    /// Compares with what a strip over the whole octave holds, on all layers and at all but a few of the samples.
    fn compare(source: Source<'_>, (width, height): (usize, usize), octave_layers: u32, isa: Isa) {
        let params = Params { octave_layers, ..Params::default() };
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, |_| 1);
        let estimator = Estimator::new(&kernels);
        let octave = Octave {
            estimator: estimator.as_ref(),
            isa,
            ..Octave::first(source, (width, height), &kernels, &reach)
        };
        let (mut memory, mut strip) = (VicinityMemory::default(), StripMemory::default());
        let mut strip = Strip::new(octave, &(0..width), &mut strip);
        strip.seek(0);
        for y in BORDER..height - BORDER {
            strip.advance(y, &Control::default()).unwrap();
            for (x, layer) in
                (BORDER + y % 2..width - BORDER).step_by(2).zip((1..=octave_layers as usize).cycle())
            {
                let mut vicinity = Vicinity::new(&octave, (layer, y, x), &mut memory).unwrap();
                assert!(vicinity.holds(layer, y, x));
                assert!(!vicinity.holds(layer + 1, y, x), "the level after it is not there");
                for level in layer - 1..=layer + 2 {
                    let neighbours = |around: Around| around.map(|row| [row[0], row[1], row[2]]);
                    let found = neighbours(vicinity.around(level, y, x));
                    let expected = neighbours(strip.around(level, y, x));
                    assert_eq!(found, expected, "{isa:?}, row {y}, column {x}, layer {layer}, level {level}");
                }
            }
        }
    }

    #[test]
    fn is_what_a_strip_holds_to_the_last_bit() {
        let grey = noise(40 * 31);
        // Fewer rows and columns than levels take around a sample, and more.
        for (width, height) in [(40, 31), (6, 31), (40, 6)] {
            let source = Source::Image {
                grey: &grey[..width * height],
                width,
                doubling: Doubling::new(&Params::default()),
            };
            for isa in Isa::each() {
                compare(source, (2 * width, 2 * height), 3, isa);
            }
            compare(source, (2 * width, 2 * height), 1, Isa::detect());
            compare(source, (2 * width, 2 * height), 5, Isa::detect());
        }
    }

    #[test]
    fn begins_with_what_the_octave_before_leaves() {
        // The smallest octave that is searched, too, in strips that the rows of a window cross.
        for (width, height, strip) in [(61, 45, 61), (61, 45, 30), (11, 45, 6), (45, 11, 22)] {
            let samples: Vec<f32> = noise(4 * width * height).into_iter().map(f32::from).collect();
            let mut base = Base::default();
            base.reset(width, height, strip);
            for (first, block) in
                (0..width).step_by(strip).flat_map(|x| (0..2 * height).step_by(BLOCK).map(move |y| (x, y)))
            {
                base.fill(Isa::detect(), first / strip, block / BLOCK, |i| {
                    &samples[(block + 2 * i) * 2 * width + 2 * first..][..2 * strip.min(width - first)]
                });
            }
            compare(Source::Octave { base: &base }, (width, height), 3, Isa::detect());
        }
    }

    #[test]
    fn holds_a_sample_while_its_neighbours_are_there() {
        let grey = noise(64 * 64);
        let params = Params::default();
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, |_| 1);
        let octave = Octave::first(
            Source::Image { grey: &grey, width: 64, doubling: Doubling::new(&params) },
            (128, 128),
            &kernels,
            &reach,
        );
        let mut memory = VicinityMemory::default();
        let vicinity = Vicinity::new(&octave, (2, 60, 50), &mut memory).unwrap();
        let held = |x: usize, y: usize, layer: usize| vicinity.holds(layer, y, x);
        assert_eq!([43, 44, 57, 58].map(|x| held(x, 60, 2)), [false, true, true, false]);
        assert_eq!([57, 58, 63, 64].map(|y| held(50, y, 1)), [false, true, true, false]);
        assert_eq!([1, 2, 3].map(|layer| held(50, 60, layer)), [true, true, false]);
    }
}
