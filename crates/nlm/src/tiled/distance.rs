//! Distances between template windows of 7 x 7, by sums that saturate.

use super::grid::{Block, TEMPLATE};
use super::planes::View;
use crate::lanes::Lanes;

/// Side of the template window.
const SIDE: usize = 2 * TEMPLATE + 1;

/// Pairs of a block: the first pixel, [`TEMPLATE`] px left of and above it, and the offset of the one that it is paired
/// with.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    pub(super) y: usize,
    pub(super) x: usize,
    pub(super) dy: usize,
    pub(super) dx: isize,
}

/// Vectors that the sums of a block's columns take, those beside it included.
pub(super) fn sums_len(block: Block) -> usize {
    (block.width + 2 * TEMPLATE) * block.height
}

/// Sums of squared differences over the columns of a block's template windows, one column after another, for the offset of
/// `pairs` and those that follow along the row, as many as there is room for in `sums`.
///
/// All offsets of a column are done before the next, so that its pixels are read from the first-level cache.
#[inline(always)]
pub(super) fn column_sums<V: Lanes, const CHANNELS: usize>(
    view: &View<'_, V, CHANNELS>,
    block: Block,
    pairs: Pairs,
    sums: &mut [V],
) {
    for column in 0..block.width + 2 * TEMPLATE {
        for (offset, sums) in (0..).zip(sums.chunks_exact_mut(sums_len(block))) {
            let pairs = Pairs { dx: pairs.dx + offset, ..pairs };
            let pixels = view.column(pairs, column, block.height + 2 * TEMPLATE);
            let sums = &mut sums[column * block.height..][..block.height];
            window_sums(
                sums.len(),
                #[inline(always)]
                |row| pixels.squares::<CHANNELS>(row),
                #[inline(always)]
                |row, sum| sums[row] = sum,
            );
        }
    }
}

/// Sums of each `SIDE` consecutive inputs, of which there are `outputs + SIDE - 1`.
///
/// Sums from a cut up to each input after it, and from each input before it to the cut, make the sums of all windows across
/// the cut with one addition each (van Herk, Gil and Werman). Nothing is taken away, so that sums may saturate.
#[inline(always)]
pub(super) fn window_sums<V: Lanes>(
    outputs: usize,
    input: impl Fn(usize) -> V,
    mut output: impl FnMut(usize, V),
) {
    let mut before: [V; SIDE] = [V::splat(0); SIDE];
    for (index, before) in before.iter_mut().enumerate() {
        *before = input(index);
    }
    let mut done = 0;
    while done < outputs {
        for index in (0..SIDE - 1).rev() {
            before[index] = before[index].saturating_add(before[index + 1]);
        }
        output(done, before[0]);
        let mut after = V::splat(0);
        for index in 0..SIDE - 1 {
            // Where the last windows are fewer than a whole group.
            if done + index + 1 == outputs {
                return;
            }
            let value = input(done + SIDE + index);
            after = if index == 0 { value } else { after.saturating_add(value) };
            output(done + index + 1, before[index + 1].saturating_add(after));
            before[index] = value;
        }
        done += SIDE;
        if done < outputs {
            before[SIDE - 1] = input(done + SIDE - 1);
        }
    }
}
