//! Any template window and number of channels, by sums of 32 bits that slide within tiles.
//!
//! Sums of squared differences over the columns of template windows move down a row at a time, and sums over their width along
//! it, one column in and one out: the time hardly depends on the template window. Nothing is shuffled, as each lane slides
//! over a tile of its own.

mod blocks;
mod changes;
mod columns;
mod weigher;

use self::blocks::grid;
use self::changes::{ChangeMemory, Changes};
use self::columns::Columns;
use self::weigher::Weigher;
use super::accumulate::vectors;
use super::offsets::Offsets;
use super::weights::RowWeights;
use super::{pieces, sums};
use crate::isa::Isa;
use crate::lanes::{Buffer, Kernel, Lanes, LookUp, for_each_lanes};
use crate::params::MAX_TEMPLATE_WINDOW;
use crate::piece::Piece;
use crate::task::Task;
use crate::weights::{MOST_PLACES_BEFORE, Weights};
use crate::{Control, Error, Params};

/// Memory of a thread, kept from piece to piece and from image to image.
#[derive(Debug, Default)]
pub(crate) struct RunningMemory {
    planes: ChangeMemory,
    columns: Buffer,
    weights: Buffer,
    /// What of weights does not fit lanes, and sums of that.
    carries: Buffer,
    sums: Buffer,
    carried: Buffer,
    quotients: Vec<u8>,
}

/// Largest radius of the search window: above, tiles would be little beside their surroundings.
const LARGEST_SEARCH: usize = 64;

/// Of images that are large beside the search window this is the quickest way with radii of both windows up to this sum.
const LARGEST_RADII: usize = 28;

/// And with radii up to these. More weights than so many are looked up less quickly by [`sliding`](crate::sliding), and templates may
/// be larger.
const LARGEST_QUICKEST_SEARCH: usize = 32;
const LARGEST_TEMPLATE: usize = 6;
const MANY_WEIGHTS: usize = 2048;
const LARGEST_TEMPLATE_OF_MANY: usize = 10;

/// The largest sum of squared differences over a template window, after what sums begin at, fits 32 bits.
const _: () = {
    let squares = MAX_TEMPLATE_WINDOW.pow(2) as u64 * 4 * 255 * 255;
    let shift = MAX_TEMPLATE_WINDOW.pow(2).next_power_of_two().trailing_zeros();
    assert!(squares + ((MOST_PLACES_BEFORE as u64) << shift) <= u32::MAX as u64);
};

/// The kernel for these parameters; `None` where they are not for this path.
pub(crate) fn kernel(isa: Isa, params: &Params, weights: &Weights) -> Option<Kernel> {
    // A pixel alone has no pairs.
    let fits = (1..=LARGEST_SEARCH).contains(&params.search_radius());
    fits.then(|| Kernel::new(isa, weights, LookUp::Sums)).flatten()
}

/// Whether nothing but [`saturating`](super::saturating) is quicker for images that are large beside the search window.
pub(crate) fn is_quickest(params: &Params, weights: &Weights) -> bool {
    let (template, search) = (params.template_radius(), params.search_radius());
    let are_many = weights.nonzero().len() > MANY_WEIGHTS;
    let largest = if are_many { LARGEST_TEMPLATE_OF_MANY } else { LARGEST_TEMPLATE };
    template + search <= LARGEST_RADII || (template <= largest && search <= LARGEST_QUICKEST_SEARCH)
}

/// Denoises a band of rows, `first_row` the first of them, into `out`, interleaved.
pub(crate) fn run(
    kernel: &Kernel,
    task: &Task<'_>,
    first_row: usize,
    memory: &mut RunningMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    for piece in pieces(task, first_row, out) {
        match task.channels {
            1 => run_piece::<1>(kernel, task, piece, memory, control, out)?,
            2 => run_piece::<2>(kernel, task, piece, memory, control, out)?,
            3 => run_piece::<3>(kernel, task, piece, memory, control, out)?,
            _ => run_piece::<4>(kernel, task, piece, memory, control, out)?,
        }
    }
    Ok(())
}

for_each_lanes! {
    fn run_piece<const CHANNELS: usize>(
        task: &Task<'_>,
        piece: Piece,
        memory: &mut RunningMemory,
        control: &Control<'_>,
        out: &mut [u8],
    ) -> Result<(), Error> = run_piece_body;
}

#[inline(always)]
fn run_piece_body<V: Lanes, const CHANNELS: usize>(
    table: &V::Table,
    task: &Task<'_>,
    piece: Piece,
    memory: &mut RunningMemory,
    control: &Control<'_>,
    out: &mut [u8],
) -> Result<(), Error> {
    let (template, search) = (task.params.template_radius(), task.params.search_radius());
    let weigher = Weigher::new(table, task.weights.shift());
    let grid = grid::<V, CHANNELS>((piece.width, piece.height), search, template);
    let RunningMemory { planes, columns, weights, carries, sums, carried, quotients } = memory;
    let changes: Changes<'_, V, CHANNELS> = planes.fill(task.planes, piece, &grid, template);
    let [weights, carries] =
        [weights, carries].map(|memory| memory.vectors::<V>(RowWeights::<V>::len(grid.block)));
    let (width, height) = sums::size(&grid);
    let sums = sums.wide::<V>(width * height * vectors(CHANNELS));
    sums.fill(V::wide_zero());
    let are_carried = !task.weights.fit_lanes();
    let carried = carried.wide::<V>(if are_carried { sums.len() } else { 0 });
    carried.fill(V::wide_zero());
    for (_, x) in grid.blocks() {
        for offsets in (0..=search).flat_map(|dy| Offsets::of_row(dy, search)) {
            if control.should_stop() {
                return Err(Error::Stopped);
            }
            let mut weights = RowWeights::new(weights, grid.block, offsets);
            let mut carries = RowWeights::new(carries, grid.block, offsets);
            let mut columns = Columns::begin(columns, &changes, x, offsets, grid.block.width);
            for at in (0..grid.height).map(|y| (y, x)) {
                let any = if are_carried {
                    columns.move_down_with_carries(&changes, at, &weigher, (&mut weights, &mut carries))
                } else {
                    columns.move_down(&changes, at, &weigher, &mut weights);
                    false
                };
                sums::add_row(&changes.neighbours, &grid, &weights, at, sums);
                if any {
                    sums::add_row(&changes.neighbours, &grid, &carries, at, carried);
                }
            }
        }
    }
    sums::carry::<V>(carried, sums);
    sums::merge::<V, CHANNELS>(&grid, sums);
    let own = task.weights.own();
    sums::divide::<V, CHANNELS>(&grid, piece, own, (sums, &changes.neighbours), quotients, (out, task.width));
    Ok(())
}
