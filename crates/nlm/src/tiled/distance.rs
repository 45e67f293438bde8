//! Distances between template windows of 7 x 7, by sums that saturate.

use super::grid::{Block, TEMPLATE};
use super::planes::View;
use crate::lanes::Lanes;

/// Side of the template window.
const SIDE: usize = 2 * TEMPLATE + 1;

/// Pixels of a block and those that they are paired with: indices of the first of each in a plane.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    pub(super) here: usize,
    pub(super) there: usize,
}

/// Sums of squared differences over the columns of the template windows of a block, `height` rows of
/// `width + 2 * TEMPLATE`.
#[inline(always)]
pub(super) fn column_sums<V: Lanes, const CHANNELS: usize>(
    view: &View<'_, V, CHANNELS>,
    block: Block,
    pairs: Pairs,
    columns: &mut [V],
) {
    let width = block.width + 2 * TEMPLATE;
    for column in 0..width {
        window_sums(
            block.height,
            #[inline(always)]
            |row| {
                let at = row * view.stride + column;
                view.squares(pairs.here + at, pairs.there + at)
            },
            #[inline(always)]
            |row, sum| columns[row * width + column] = sum,
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
    let inputs = outputs + SIDE - 1;
    let mut before: [V; SIDE] = [V::splat(0); SIDE];
    for (index, before) in before.iter_mut().enumerate() {
        *before = input(index);
    }
    let mut cut = SIDE;
    loop {
        for index in (0..SIDE - 1).rev() {
            before[index] = before[index].saturating_add(before[index + 1]);
        }
        output(cut - SIDE, before[0]);
        let mut after = V::splat(0);
        for index in 0..SIDE - 1 {
            if cut + index == inputs {
                return;
            }
            let value = input(cut + index);
            after = if index == 0 { value } else { after.saturating_add(value) };
            output(cut + index + 1 - SIDE, before[index + 1].saturating_add(after));
            before[index] = value;
        }
        if cut + SIDE - 1 == inputs {
            return;
        }
        before[SIDE - 1] = input(cut + SIDE - 1);
        cut += SIDE;
    }
}
