//! Distances between template windows of 7 x 7, by sums that saturate.

use super::grid::{BLOCK, TEMPLATE};
use super::planes::View;
use crate::lanes::Lanes;

/// Side of the template window.
const SIDE: usize = 2 * TEMPLATE + 1;

/// Rows and columns of a block together with what its windows take beyond it.
pub(super) const AROUND: usize = BLOCK + 2 * TEMPLATE;

/// Pairs of a block: the first pixel, [`TEMPLATE`] px left of and above it, and the offset of the one that it is paired
/// with.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    pub(super) y: usize,
    pub(super) x: usize,
    pub(super) dy: usize,
    pub(super) dx: isize,
}

/// Sums of squared differences over the columns of the template windows of a block: [`AROUND`] columns, one after
/// another.
#[inline(always)]
pub(super) fn column_sums<V: Lanes, const CHANNELS: usize>(
    view: &View<'_, V, CHANNELS>,
    pairs: Pairs,
    columns: &mut [[V; BLOCK]; AROUND],
) {
    for (column, sums) in columns.iter_mut().enumerate() {
        let Some(pixels) = view.column::<AROUND>(pairs, column) else { return };
        window_sums(
            BLOCK,
            #[inline(always)]
            |row| pixels.squares::<CHANNELS>(row),
            #[inline(always)]
            |row, sum| sums[row] = sum,
        );
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
