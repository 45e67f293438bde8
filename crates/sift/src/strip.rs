//! The scale space of one octave, a few rows of all levels but the topmost at a time.

use std::ops::Range;

use crate::across;
use crate::along;
use crate::around::{Around, ScaleSpace};
use crate::gaussian::{Kernel, Kernels};
use crate::isa::Isa;
use crate::octave::{LevelReach, Octave, Reach, Source};
use crate::ring::{BLOCK, Ring};
use crate::topmost::{self, BEYOND, Topmost};
use crate::upscale::doubled_row;
use crate::{Control, Error};

/// Memory of a strip, kept from octave to octave and from image to image.
#[derive(Debug, Default)]
pub(crate) struct StripMemory {
    /// A block of the doubled image, and scratch memory for a row.
    doubled: Ring,
    blend: Vec<f32>,
    levels: Vec<Stage>,
    topmost: Topmost,
    /// First row that can't be scanned yet, at the start of a block.
    ready: usize,
}

/// The rows of one level, and those of the level before it blurred along the rows only.
#[derive(Debug, Default)]
struct Stage {
    rows: Ring,
    /// First row not there yet, at the start of a block.
    end: usize,
    /// At the last level, the first row whose margins are not there yet.
    padded: usize,
    along: Ring,
    along_end: usize,
}

/// A strip of an octave: all levels but the topmost around a block of rows, which moves down, over some of the columns.
///
/// Where the strip ends within the octave, its outermost columns are wrong, as they are blurred as if the octave ended
/// there; [`Reach::columns`](crate::octave::Reach) keeps those that are asked for out of their way.
pub(crate) struct Strip<'a> {
    pub(crate) octave: Octave<'a>,
    memory: &'a mut StripMemory,
    /// Columns of the octave in which extrema are sought.
    columns: Range<usize>,
    /// Those that the strip holds.
    held: Range<usize>,
    /// First row of the block that it began at.
    begin: usize,
}

/// What a stage has room for: margins for a blur of this radius along its rows, and so many rows.
struct Room {
    radius: usize,
    rows: usize,
    along: usize,
}

/// Those of all stages.
fn rooms(kernels: &Kernels, reach: &Reach) -> impl Iterator<Item = Room> {
    let radii = kernels.levels.iter().map(Kernel::radius).chain([kernels.topmost.radius() + BEYOND]);
    let own = [kernels.base.radius()].into_iter().chain(kernels.levels.iter().map(Kernel::radius));
    radii.zip(own).zip(&reach.levels).map(|((radius, own), reach)| Room {
        radius,
        rows: reach.rows(),
        along: own + BLOCK + own.next_multiple_of(BLOCK),
    })
}

/// Bytes that a strip for so many columns of an octave takes at the most, but for what its topmost level is estimated from.
pub(crate) fn bytes(
    columns: usize,
    (width, height): (usize, usize),
    kernels: &Kernels,
    reach: &Reach,
) -> usize {
    let size = ((columns + 2 * reach.columns).min(width), height);
    let stages = rooms(kernels, reach)
        .map(|Room { radius, rows, along }| Ring::bytes(size, radius, rows) + Ring::bytes(size, 0, along));
    let doubled = Ring::bytes(size, kernels.base.radius(), 0);
    stages.sum::<usize>() + doubled + topmost::bytes(size, &kernels.topmost)
}

/// Multiply-adds of a row of all levels of a strip for so many columns.
pub(crate) fn multiply_adds(octave: &Octave<'_>, columns: usize) -> usize {
    let Octave { width, kernels, reach, .. } = octave;
    let taps = octave.base().into_iter().chain(&kernels.levels).map(|kernel| kernel.taps().len());
    2 * taps.sum::<usize>() * (columns + 2 * reach.columns).min(*width)
}

impl<'a> Strip<'a> {
    /// A strip for extrema in some columns of an octave.
    pub(crate) fn new(octave: Octave<'a>, columns: &Range<usize>, memory: &'a mut StripMemory) -> Self {
        let Octave { width, height, reach, kernels, .. } = octave;
        let held = columns.start.saturating_sub(reach.columns)..(columns.end + reach.columns).min(width);
        let size = (held.len(), height);
        memory.levels.resize_with(reach.levels.len(), Stage::default);
        for (stage, room) in memory.levels.iter_mut().zip(rooms(kernels, reach)) {
            stage.rows.reset(size, room.radius, room.rows);
            stage.along.reset(size, 0, room.along);
        }
        if let Source::Image { .. } = octave.source {
            memory.doubled.reset(size, kernels.base.radius(), 0);
        }
        let below = reach.levels.last().map_or(0, |reach| reach.rows());
        memory.topmost.reset(octave.topmost(), size, below);
        Self { octave, memory, columns: columns.clone(), held, begin: 0 }
    }

    /// Prepares to move down from the block of `row`. Comes once, before all else.
    pub(crate) fn seek(&mut self, row: usize) {
        let Octave { reach, kernels, .. } = self.octave;
        let block = row / BLOCK * BLOCK;
        self.begin = block;
        // A block at a time from there on, too, so that no level runs ahead of those that read it.
        let above = reach.levels.iter().map(|level| level.computed).max().unwrap_or(0);
        self.memory.ready = block.saturating_sub(above);
        let radii = [kernels.base.radius()].into_iter().chain(kernels.levels.iter().map(Kernel::radius));
        for ((stage, reach), radius) in self.memory.levels.iter_mut().zip(&reach.levels).zip(radii) {
            stage.end = block.saturating_sub(reach.computed);
            stage.padded = stage.end;
            stage.along_end = stage.end.saturating_sub(radius) / BLOCK * BLOCK;
        }
    }

    /// Moves down until its levels hold what scanning the block of `row` needs. Waits for the octave before.
    ///
    /// # Errors
    /// [`Error::Stopped`] where that ended early, or `control` says so.
    pub(crate) fn advance(&mut self, row: usize, control: &Control<'_>) -> Result<(), Error> {
        while self.memory.ready <= row {
            if control.should_stop() {
                return Err(Error::Stopped);
            }
            self.advance_block()?;
        }
        Ok(())
    }

    fn advance_block(&mut self) -> Result<(), Error> {
        let Octave { height, source, kernels, reach, isa, .. } = self.octave;
        let StripMemory { doubled, blend, levels, topmost, ready } = &mut *self.memory;
        *ready += BLOCK;
        let below = |reach: &LevelReach| (*ready + reach.computed).min(height.next_multiple_of(BLOCK));
        let Some((first, rest)) = levels.split_first_mut() else { return Ok(()) };
        match source {
            Source::Image { grey, width, doubling } => {
                let pass = Pass { isa, kernel: &kernels.base, height, end: below(&reach.levels[0]) };
                first.blur(pass, doubled, |doubled, block| {
                    for y in block..(block + BLOCK).min(height) {
                        doubled_row(
                            isa,
                            (grey, width),
                            y,
                            self.held.start,
                            doubling,
                            blend,
                            doubled.row_mut(y),
                        );
                    }
                });
            }
            Source::Octave { base } => {
                let end = below(&reach.levels[0]);
                for y in first.end..end.min(height) {
                    base.copy_row(y, self.held.start, first.rows.row_mut(y))?;
                }
                first.end = first.end.max(end);
            }
        }
        let mut previous = first;
        for ((stage, kernel), reach) in rest.iter_mut().zip(&kernels.levels).zip(&reach.levels[1..]) {
            let pass = Pass { isa, kernel, height, end: below(reach) };
            stage.blur(pass, &mut previous.rows, |_, _| {});
            previous = stage;
        }
        for y in (previous.padded..previous.end).step_by(BLOCK) {
            previous.rows.fill_margins(y, kernels.topmost.radius());
        }
        topmost.take(self.octave.topmost(), &previous.rows, previous.padded..previous.end.min(height));
        previous.padded = previous.end;
        Ok(())
    }

    /// The first row of the block that the strip stands at.
    pub(crate) fn block(&self) -> usize {
        self.memory.ready.saturating_sub(BLOCK)
    }

    /// How many levels it holds: all but the topmost.
    pub(crate) fn levels(&self) -> usize {
        self.memory.levels.len()
    }

    /// The first row of a level that is not there yet, at the start of a block.
    pub(crate) fn end(&self, level: usize) -> usize {
        self.memory.levels[level].end
    }

    /// Columns of the octave that the strip holds.
    pub(crate) fn held(&self) -> Range<usize> {
        self.held.clone()
    }

    /// Some columns of a row that the strip holds.
    #[inline(always)]
    pub(crate) fn columns(&self, level: usize, y: usize, columns: Range<usize>) -> &[f32] {
        let origin = self.held.start;
        &self.memory.levels[level].rows.row(y)[columns.start - origin..columns.end - origin]
    }

    /// The rows of one level.
    #[inline(always)]
    pub(crate) fn level(&self, level: usize) -> LevelRows<'_> {
        let (samples, starts) = self.memory.levels[level].rows.memory();
        LevelRows::new(samples, starts, self.held.start)
    }

    /// Whether it holds the patch of a keypoint at row `y` whose neighbours it holds.
    pub(crate) fn describes(&self, y: usize) -> bool {
        self.octave.reach.describes((self.begin, self.block()), y)
    }

    /// A sample of a level but the topmost and its neighbours.
    #[inline(always)]
    pub(crate) fn held_around(&self, level: usize, y: usize, x: usize) -> Around {
        let (samples, starts) = self.memory.levels[level].rows.memory();
        let column = x - self.held.start - 1;
        let row = |y: usize| samples[starts[y] + column..].first_chunk().copied().unwrap_or_default();
        [row(y - 1), row(y), row(y + 1)]
    }

    /// Whether an estimate is enough to tell that the difference of a layer, the one below the topmost level, is further from zero
    /// than `value` in the same direction at a sample or a neighbour. `below` is the layer's level there. Not for other layers.
    pub(crate) fn surely_exceeds(
        &self,
        layer: usize,
        (y, x): (usize, usize),
        below: &Around,
        value: f32,
    ) -> bool {
        let (StripMemory { levels, topmost, .. }, at) = (&*self.memory, (y, x - self.held.start));
        layer + 1 >= levels.len() && topmost.surely_exceeds(self.octave.topmost(), at, below, value)
    }

    /// A sample of the difference of Gaussians between `layer` and the level after it.
    #[inline(always)]
    pub(crate) fn difference(&self, layer: usize, y: usize, x: usize) -> f32 {
        let x = x - self.held.start;
        self.memory.levels[layer + 1].rows.row(y)[x] - self.memory.levels[layer].rows.row(y)[x]
    }
}

impl ScaleSpace for Strip<'_> {
    fn holds(&self, _: usize, y: usize, x: usize) -> bool {
        self.octave.reach.refines((self.begin, self.block()), &self.columns, (x, y))
    }

    #[inline(always)]
    fn around(&mut self, level: usize, y: usize, x: usize) -> Around {
        let block = self.block();
        let StripMemory { levels, topmost, .. } = &mut *self.memory;
        if level < levels.len() {
            return self.held_around(level, y, x);
        }
        topmost.around(self.octave.topmost(), &levels[level - 1].rows, block, (y, x - self.held.start))
    }
}

/// The rows of one level of a strip.
#[derive(Clone, Copy)]
pub(crate) struct LevelRows<'a> {
    samples: &'a [f32],
    /// Where each row begins.
    starts: &'a [usize],
    /// The column of the octave that they begin at.
    origin: usize,
}

impl<'a> LevelRows<'a> {
    pub(crate) fn new(samples: &'a [f32], starts: &'a [usize], origin: usize) -> Self {
        Self { samples, starts, origin }
    }

    /// A row from column `x` on, and two lines at least of what follows it in memory.
    #[inline(always)]
    pub(crate) fn row_from(&self, y: usize, x: usize) -> &'a [f32] {
        &self.samples[self.starts[y] + x - self.origin..]
    }

    /// The rows above, at and below `y`, as many samples of each, two lines at most, from the one before column `x` on, of which a
    /// margin has one, too.
    #[inline(always)]
    pub(crate) fn chunks_around<const N: usize>(self, y: usize, x: usize) -> [&'a [f32; N]; 3] {
        let Self { samples, starts, origin } = self;
        // There always is a chunk.
        let chunk = |start: usize| samples[start + x - origin - 1..].first_chunk().unwrap_or(&[0.0; N]);
        [chunk(starts[y - 1]), chunk(starts[y]), chunk(starts[y + 1])]
    }

    /// For each of some rows, a function that gives the rows above, at and below it from a column on, and a line at least of what
    /// follows them in memory.
    #[inline(always)]
    pub(crate) fn around(self, rows: Range<usize>) -> impl Iterator<Item = impl Fn(usize) -> [&'a [f32]; 3]> {
        let Self { samples, starts, origin } = self;
        let [above, at, below] = [rows.start - 1..rows.end - 1, rows.clone(), rows.start + 1..rows.end + 1];
        let starts = starts[above].iter().zip(&starts[at]).zip(&starts[below]);
        let from = move |start: usize, x: usize| &samples[start + x - origin..];
        starts.map(move |((&above, &at), &below)| move |x| [from(above, x), from(at, x), from(below, x)])
    }
}

/// A blur of the rows of an octave so high, up to row `end`.
#[derive(Clone, Copy)]
struct Pass<'a> {
    isa: Isa,
    kernel: &'a Kernel,
    height: usize,
    end: usize,
}

impl Stage {
    /// Computes rows from those of `source`, in which `fill` sees to a block before it is read.
    fn blur(&mut self, pass: Pass<'_>, source: &mut Ring, mut fill: impl FnMut(&mut Ring, usize)) {
        let Pass { isa, kernel, height, end } = pass;
        let radius = kernel.radius();
        for y in (self.end..end).step_by(BLOCK) {
            let (rows, coming) = (BLOCK.min(height - y), (self.rows.block(y), self.rows.stride()));
            while self.along_end < (y + rows + radius).min(height) {
                fill(source, self.along_end);
                source.fill_margins(self.along_end, radius);
                let along = &mut self.along;
                let (stride, width) = (along.stride(), along.width());
                let out = (along.block_mut(self.along_end), stride);
                let padded = source.padded_block(self.along_end);
                along::along(isa, padded, kernel.taps(), out, width, coming);
                self.along_end += BLOCK;
            }
            let above = y as isize - radius as isize;
            let around = self.along.lines(above..(y + rows + radius) as isize, height);
            let stride = self.rows.stride();
            across::across(isa, &around, kernel.taps(), (self.rows.block_mut(y), stride));
        }
        self.end = self.end.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::upscale::Doubling;
    use crate::worker::patch_radius;

    #[test]
    fn a_strip_takes_as_much_memory_as_was_said() {
        let (size, columns) = ((2000, 400), 900..1100);
        for (octave_layers, sigma) in [(3, 1.6), (1, 4.0), (32, 1.6)] {
            let params = Params { octave_layers, sigma, ..Params::default() };
            let kernels = Kernels::new(&params);
            let reach = Reach::new(&params, &kernels, patch_radius);
            let source = Source::Image { grey: &[], width: size.0 / 2, doubling: Doubling::new(&params) };
            let octave = Octave::first(source, size, &kernels, &reach);
            let mut memory = StripMemory::default();
            let held = Strip::new(octave, &columns, &mut memory).held().len();
            assert_eq!(held, columns.len() + 2 * reach.columns, "within the octave");
            let rings = memory.levels.iter().flat_map(|stage| [&stage.rows, &stage.along]);
            let taken = rings.chain([&memory.doubled]).map(|ring| {
                let (samples, starts) = ring.memory();
                size_of_val(samples) + size_of_val(starts)
            });
            let topmost = topmost::bytes((held, size.1), &kernels.topmost);
            let said = bytes(columns.len(), size, &kernels, &reach);
            assert_eq!(taken.sum::<usize>() + topmost, said, "{octave_layers} layers, sigma {sigma}");
        }
    }

    #[test]
    fn no_sample_of_a_level_of_a_black_picture_is_subnormal() {
        let size = (160, 160);
        let mut grey = vec![0; size.0 * size.1];
        grey[80 * size.0 + 80] = 255;
        for (octave_layers, sigma) in [(3, 1.6), (5, 1.0), (1, 0.6)] {
            let count = |contrast_threshold: f64| {
                let params = Params { octave_layers, sigma, contrast_threshold, ..Params::default() };
                let kernels = Kernels::new(&params);
                let reach = Reach::new(&params, &kernels, patch_radius);
                let source = Source::Image { grey: &grey, width: size.0, doubling: Doubling::new(&params) };
                let octave = Octave::first(source, (2 * size.0, 2 * size.1), &kernels, &reach);
                let mut memory = StripMemory::default();
                let mut strip = Strip::new(octave, &(0..octave.width), &mut memory);
                strip.seek(0);
                let mut subnormal = 0;
                for row in (0..octave.height).step_by(BLOCK) {
                    strip.advance(row, &Control::default()).unwrap();
                    let stages = strip.memory.levels.iter();
                    let samples =
                        stages.flat_map(|stage| [&stage.rows, &stage.along]).flat_map(|ring| ring.memory().0);
                    subnormal += samples.filter(|sample| sample.is_subnormal()).count();
                }
                subnormal
            };
            assert_eq!(count(0.04), 0, "{octave_layers} layers, sigma {sigma}");
            assert!(count(0.0) > 0, "{octave_layers} layers, sigma {sigma}: black is nothing there");
        }
    }
}
