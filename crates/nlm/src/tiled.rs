//! Non-local means for template windows of 7 x 7 and one or two channels.
//!
//! A piece of the picture is divided into as many tiles as a vector has lanes, and lane `l` of each vector belongs to tile
//! `l`. Neighbours are then different vectors, and window sums along rows and columns, offsets, and sums for both ends of a
//! pair are operations between whole vectors, without shuffling or unaligned loads. A tile is gone through in blocks, whose
//! column sums for all offsets of one row of the search window stay in the second-level cache. The weights of a row of a
//! block stay in the first-level cache, until they are added to the sums of the pixels at either end.

mod accumulate;
mod distance;
mod grid;
mod offsets;
mod planes;
mod sums;
mod weigh;
mod window;

use self::accumulate::vectors;
use self::distance::{column_sums, sums_len};
use self::grid::{Grid, TEMPLATE};
use self::offsets::Offsets;
use self::planes::{BlockMemory, LARGEST_INDEX, PlaneMemory};
use self::weigh::{Carries, RowWeights};
use crate::isa::Isa;
use crate::lanes::{Buffer, Kernel, Lanes, LookUp, for_each_lanes};
use crate::piece::Piece;
use crate::task::Task;
use crate::weights::Weights;
use crate::{Control, Error, Params};

/// Memory of a thread, kept from piece to piece and from image to image.
#[derive(Debug, Default)]
pub(crate) struct TiledMemory {
    planes: PlaneMemory,
    block: BlockMemory,
    columns: Buffer,
    weights: Buffer,
    sums: Buffer,
    /// Sums of what of weights does not fit lanes.
    carried: Buffer,
    quotients: Vec<u8>,
}

/// Most pixels of a piece, columns, and rows.
const PIECE_PIXELS: usize = 512 * 512;
const PIECE_WIDTH: usize = 1024;
const PIECE_HEIGHT: usize = 512;

/// Radii of the search window: above, a tile would be mostly surroundings; below, weights of more than 20 bits are not tabled.
const SMALLEST_SEARCH: usize = 2;
const LARGEST_SEARCH: usize = 32;

/// The kernel for these parameters; `None` where its sums, which saturate, or its table are not exact.
pub(crate) fn kernel(isa: Isa, params: &Params, channels: usize, weights: &Weights) -> Option<Kernel> {
    let exact = params.template_radius() == TEMPLATE
        && (1..=2).contains(&channels)
        && (SMALLEST_SEARCH..=LARGEST_SEARCH).contains(&params.search_radius())
        && weights.nonzero().len() <= LARGEST_INDEX[channels];
    exact.then(|| Kernel::new(isa, weights, LookUp::Columns)).flatten()
}

/// Rows of a band: as many bands as there are threads, or a multiple of that, so that none is higher than a piece.
pub(crate) fn band_rows(height: usize, threads: usize) -> usize {
    let bands = height.div_ceil(PIECE_HEIGHT).next_multiple_of(threads);
    height.div_ceil(bands)
}

/// Denoises a band of rows, `first_row` the first of them, into `out`, interleaved.
pub(crate) fn run(
    kernel: &Kernel,
    task: &Task<'_>,
    first_row: usize,
    memory: &mut TiledMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let height = out.len() / (task.width * task.channels);
    let widest = (PIECE_PIXELS / height).clamp(1, PIECE_WIDTH);
    for piece in Piece::of_band(task.width, (first_row, height), widest) {
        match task.channels {
            1 => run_piece::<1>(kernel, task, piece, memory, control, out)?,
            _ => run_piece::<2>(kernel, task, piece, memory, control, out)?,
        }
    }
    Ok(())
}

for_each_lanes! {
    fn run_piece<const CHANNELS: usize>(
        task: &Task<'_>,
        piece: Piece,
        memory: &mut TiledMemory,
        control: &Control<'_>,
        out: &mut [u8],
    ) -> Result<(), Error> = run_piece_body;
}

#[inline(always)]
fn run_piece_body<V: Lanes, const CHANNELS: usize>(
    table: &V::Table,
    task: &Task<'_>,
    piece: Piece,
    memory: &mut TiledMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let weigher = V::weigher(table);
    const { assert!(LARGEST_INDEX[CHANNELS] <= V::MOST_IN_COLUMNS) };
    let last = task.weights.nonzero().len() as isize;
    // Sums that saturate must be beyond the last row of places that have weights.
    let origin =
        V::origin(table).filter(|&origin| last - isize::from(origin) <= LARGEST_INDEX[CHANNELS] as isize);
    let search = task.params.search_radius();
    let grid = Grid::new(V::LANES, piece.width, piece.height, search);
    let TiledMemory { planes, block: block_memory, columns, weights, sums, carried, quotients } = memory;
    let view = planes.fill::<V, CHANNELS>(task.planes, piece, &grid, origin.unwrap_or(0));
    let block = grid.block;
    let columns = columns.vectors::<V>(Offsets::MOST * sums_len(block));
    let weights = weights.vectors::<V>(RowWeights::<V>::len(block));
    let (width, height) = sums::size(&grid);
    let sums = sums.wide::<V>(width * height * vectors(CHANNELS));
    sums.fill(V::wide_zero());
    let carries = Carries { ends: task.weights.carries().collect(), origin: origin.unwrap_or(0) };
    let carried = carried.wide::<V>(if carries.ends.is_empty() { 0 } else { sums.len() });
    carried.fill(V::wide_zero());
    for (y, x) in sums::blocks(&grid) {
        let here = view.block(block, (y, x + search), block_memory);
        for dy in 0..=search {
            if control.should_stop() {
                return Err(Error::Stopped);
            }
            for offsets in Offsets::of_row(dy, search) {
                let columns = &mut columns[..offsets.count * sums_len(block)];
                column_sums(&here, block, offsets, columns);
                let mut weights = RowWeights::new(weights, block, offsets);
                for row in 0..block.height {
                    if origin.is_some() {
                        weights.fill::<CHANNELS, true>(&here, &weigher, row, columns);
                    } else {
                        weights.fill::<CHANNELS, false>(&here, &weigher, row, columns);
                    }
                    sums::add_row(&view, &grid, &weights, (y + row, x), sums);
                    if carries.ends.is_empty() {
                        continue;
                    }
                    let any = if origin.is_some() {
                        weights.fill_carries::<CHANNELS, true>(&here, &carries, row, columns)
                    } else {
                        weights.fill_carries::<CHANNELS, false>(&here, &carries, row, columns)
                    };
                    if any {
                        sums::add_row(&view, &grid, &weights, (y + row, x), carried);
                    }
                }
            }
        }
    }
    sums::carry::<V>(carried, sums);
    sums::merge::<V, CHANNELS>(&grid, sums);
    let own = task.weights.table().first().copied().unwrap_or(1);
    sums::divide::<V, CHANNELS>(
        &grid,
        piece,
        own,
        (sums, view.neighbours(0, 0)),
        quotients,
        (out, task.width),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn is_tiled(level: Level, params: &Params, channels: usize) -> bool {
        kernel(Isa::at_most(level), params, channels, &Weights::new(params, channels)).is_some()
    }

    #[test]
    fn the_default_takes_tiles_and_what_would_not_be_exact_does_not() {
        for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
            for channels in [1, 2] {
                assert!(is_tiled(level, &Params::default(), channels), "{level:?}, {channels} channels");
                // Weights of distances that 16 bits can't tell apart.
                assert!(!is_tiled(level, &Params { h: 100.0, ..Params::default() }, channels));
                assert!(!is_tiled(level, &Params { template_window: 9, ..Params::default() }, channels));
            }
            assert!(!is_tiled(level, &Params::default(), 3));
            // 1,015 and 1,034 weights of one channel, 1,263 and 1,276 of two.
            for (channels, most, more) in [(1, 13.87, 14.0), (2, 10.94, 11.0)] {
                assert!(
                    is_tiled(level, &Params { h: most, ..Params::default() }, channels),
                    "{level:?}, h {most}"
                );
                assert!(
                    !is_tiled(level, &Params { h: more, ..Params::default() }, channels),
                    "{level:?}, h {more}"
                );
            }
        }
    }
}
