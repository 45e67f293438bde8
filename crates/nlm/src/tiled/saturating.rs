//! Template windows of 7 x 7 and one or two channels, by sums of 16 bits that saturate.
//!
//! Weights vanish long before a sum saturates, so that nothing is lost. A tile is gone through in blocks, whose column sums for all
//! offsets of one row of the search window stay in the second-level cache.

mod blocks;
mod distance;
mod planes;
mod weigh;
mod window;

use self::blocks::grid;
use self::distance::{column_sums, sums_len};
use self::planes::{BlockMemory, LARGEST_INDEX, PlaneMemory};
use self::window::TEMPLATE;
use super::accumulate::vectors;
use super::offsets::Offsets;
use super::weights::RowWeights;
use super::{pieces, sums};
use crate::isa::Isa;
use crate::lanes::{Buffer, Kernel, Lanes, LookUp, for_each_lanes};
use crate::piece::Piece;
use crate::task::Task;
use crate::weights::Weights;
use crate::{Control, Error, Params};

/// Memory of a thread, kept from piece to piece and from image to image.
#[derive(Debug, Default)]
pub(crate) struct SaturatingMemory {
    planes: PlaneMemory,
    block: BlockMemory,
    columns: Buffer,
    weights: Buffer,
    sums: Buffer,
    quotients: Vec<u8>,
}

/// Largest radius of the search window: above, a tile would be mostly surroundings.
const LARGEST_SEARCH: usize = 32;

/// The kernel for these parameters; `None` where its sums, which saturate, or its table are not exact.
pub(crate) fn kernel(isa: Isa, params: &Params, channels: usize, weights: &Weights) -> Option<Kernel> {
    let exact = params.template_radius() == TEMPLATE
        && (1..=2).contains(&channels)
        && params.search_radius() <= LARGEST_SEARCH
        && weights.fit_lanes()
        && weights.nonzero().len() <= LARGEST_INDEX[channels];
    exact.then(|| Kernel::new(isa, weights, LookUp::Columns)).flatten()
}

/// Denoises a band of rows, `first_row` the first of them, into `out`, interleaved.
pub(crate) fn run(
    kernel: &Kernel,
    task: &Task<'_>,
    first_row: usize,
    memory: &mut SaturatingMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    for piece in pieces(task, first_row, out) {
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
        memory: &mut SaturatingMemory,
        control: &Control<'_>,
        out: &mut [u8],
    ) -> Result<(), Error> = run_piece_body;
}

#[inline(always)]
fn run_piece_body<V: Lanes, const CHANNELS: usize>(
    table: &V::Table,
    task: &Task<'_>,
    piece: Piece,
    memory: &mut SaturatingMemory,
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
    let grid = grid(V::LANES, (piece.width, piece.height), search);
    let SaturatingMemory { planes, block: block_memory, columns, weights, sums, quotients } = memory;
    let view = planes.fill::<V, CHANNELS>(task.planes, piece, &grid, origin.unwrap_or(0));
    let block = grid.block;
    let columns = columns.vectors::<V>(Offsets::MOST * sums_len(block));
    let weights = weights.vectors::<V>(RowWeights::<V>::len(block));
    let (width, height) = sums::size(&grid);
    let sums = sums.wide::<V>(width * height * vectors(CHANNELS));
    sums.fill(V::wide_zero());
    for (y, x) in grid.blocks() {
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
                        weigh::fill::<V, CHANNELS, true>(&mut weights, &here, &weigher, row, columns);
                    } else {
                        weigh::fill::<V, CHANNELS, false>(&mut weights, &here, &weigher, row, columns);
                    }
                    sums::add_row(&view.neighbours, &grid, &weights, (y + row, x), sums);
                }
            }
        }
    }
    sums::merge::<V, CHANNELS>(&grid, sums);
    let own = task.weights.own();
    sums::divide::<V, CHANNELS>(&grid, piece, own, (sums, &view.neighbours), quotients, (out, task.width));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn is_saturating(level: Level, params: &Params, channels: usize) -> bool {
        kernel(Isa::at_most(level), params, channels, &Weights::new(params, channels)).is_some()
    }

    #[test]
    fn the_default_saturates_and_what_would_not_be_exact_does_not() {
        for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
            for channels in [1, 2] {
                assert!(is_saturating(level, &Params::default(), channels), "{level:?}, {channels} channels");
                // Weights of distances that 16 bits can't tell apart.
                assert!(!is_saturating(level, &Params { h: 100.0, ..Params::default() }, channels));
                assert!(!is_saturating(level, &Params { template_window: 9, ..Params::default() }, channels));
            }
            assert!(!is_saturating(level, &Params::default(), 3));
            // 1,015 and 1,034 weights of one channel, 1,263 and 1,276 of two.
            for (channels, most, more) in [(1, 13.87, 14.0), (2, 10.94, 11.0)] {
                assert!(
                    is_saturating(level, &Params { h: most, ..Params::default() }, channels),
                    "{level:?}, h {most}"
                );
                assert!(
                    !is_saturating(level, &Params { h: more, ..Params::default() }, channels),
                    "{level:?}, h {more}"
                );
            }
        }
    }
}
