//! Sums of squared differences over the columns of template windows, and the weights that come of them.

use std::cell::Cell;

use super::super::offsets::{Offset, Offsets};
use super::super::weights::RowWeights;
use super::changes::{Changes, change, change_vectors};
use super::weigher::Weigher;
use crate::lanes::{Buffer, Lanes, lanes};

/// Sums of the columns of a block and beside it, of even lanes and of odd ones, for one offset after another.
pub(super) struct Columns<'a, V: Lanes> {
    sums: &'a mut [[V::Wide; 2]],
    offsets: Offsets,
    /// Columns of an offset.
    len: usize,
    /// Of the pixels of a row.
    windows: &'a mut [[V::Wide; 2]],
}

impl<'a, V: Lanes> Columns<'a, V> {
    /// Those of windows around the row above the first of a tile, for pixels from column `x` on.
    #[inline(always)]
    pub(super) fn begin<const CHANNELS: usize>(
        memory: &'a mut Buffer,
        changes: &Changes<'_, V, CHANNELS>,
        x: usize,
        offsets: Offsets,
        width: usize,
    ) -> Self {
        let len = width + 2 * changes.template;
        let all = memory.wide::<V>(2 * offsets.count * len + 2 * width).as_chunks_mut().0;
        let (windows, sums) = all.split_at_mut(width);
        sums.fill([V::wide_zero(); 2]);
        let none = V::splat(0);
        for (sums, Offset { dy, dx }) in sums.chunks_exact_mut(len).zip(offsets.iter()) {
            for (row, channel) in
                (0..=2 * changes.template).flat_map(|row| (0..CHANNELS).map(move |channel| (row, channel)))
            {
                let pairs =
                    changes.pixels(channel, row, x, 0).iter().zip(changes.pixels(channel, row + dy, x, dx));
                for (sums, (here, there)) in sums.iter_mut().zip(pairs) {
                    let differences = here.sub(*there);
                    let [even, odd] = sums;
                    *even = V::dot(*even, differences, differences.odd(none));
                    *odd = V::dot(*odd, differences, none.odd(differences));
                }
            }
        }
        Self { sums, offsets, len, windows }
    }

    /// Moves down to row `y` and finds the weights of its pairs, those of more than 15 bits but for their carries.
    #[inline(always)]
    pub(super) fn move_down<const CHANNELS: usize>(
        &mut self,
        changes: &Changes<'_, V, CHANNELS>,
        at: (usize, usize),
        weigher: &Weigher<'_, V>,
        weights: &mut RowWeights<'_, V>,
    ) {
        for slot in 0..self.offsets.count {
            self.slide(changes, at, (slot, weigher));
            weigher.weigh(self.windows, weights.of_slot(slot));
        }
    }

    /// The same with their carries. Whether there are any.
    #[inline(always)]
    pub(super) fn move_down_with_carries<const CHANNELS: usize>(
        &mut self,
        changes: &Changes<'_, V, CHANNELS>,
        at: (usize, usize),
        weigher: &Weigher<'_, V>,
        (weights, carries): (&mut RowWeights<'_, V>, &mut RowWeights<'_, V>),
    ) -> bool {
        let mut any = V::splat(0);
        for slot in 0..self.offsets.count {
            self.slide(changes, at, (slot, weigher));
            let both = weights.of_slot(slot).zip(carries.of_slot(slot));
            any = any.saturating_add(weigher.weigh_with_carries(self.windows, both));
        }
        lanes(&[any]).iter().any(|&lane| lane > 0)
    }

    /// Moves the sums for the `slot`th offset down to row `y` and takes the window along it: to each pixel of the block from column `x` on.
    #[inline(always)]
    fn slide<const CHANNELS: usize>(
        &mut self,
        changes: &Changes<'_, V, CHANNELS>,
        (y, x): (usize, usize),
        (slot, weigher): (usize, &Weigher<'_, V>),
    ) {
        let (side, each, len) = (2 * changes.template, change_vectors(CHANNELS), self.len);
        let Offset { dy, dx } = self.offsets.first;
        let here = &changes.from(y, x, 0)[..len * each];
        let there = &changes.from(y + dy, x, dx + slot as isize)[..len * each];
        let mut pairs = here.chunks_exact(each).zip(there.chunks_exact(each));
        let columns = &mut self.sums[slot * len..][..len];
        let mut window = V::first_sums(&weigher.table);
        for (column, (here, there)) in columns.iter_mut().zip(pairs.by_ref().take(side)) {
            *column = change::<V, CHANNELS>(*column, here, there);
            window = add::<V>(window, *column);
        }
        let columns = Cell::from_mut(columns).as_slice_of_cells();
        for (((here, there), (new, gone)), to) in
            pairs.zip(columns[side..].iter().zip(columns)).zip(self.windows.iter_mut())
        {
            let column = change::<V, CHANNELS>(new.get(), here, there);
            new.set(column);
            window = add::<V>(window, column);
            *to = window;
            let [even, odd] = gone.get();
            window = [V::wide_sub(window[0], even), V::wide_sub(window[1], odd)];
        }
    }
}

#[inline(always)]
fn add<V: Lanes>([even, odd]: [V::Wide; 2], column: [V::Wide; 2]) -> [V::Wide; 2] {
    [V::wide_add(even, column[0]), V::wide_add(odd, column[1])]
}
