//! Sums of squared differences over the columns of template windows, and the weights that come of them.

use std::cell::Cell;
use std::ops::Range;

use super::offsets::Group;
use super::rows::Rows;
use super::sums::Share;
use crate::lanes::{Buffer, Lanes};
use crate::piece::Piece;
use crate::task::Task;

/// Sums of each column of a piece and its surroundings, group after group of offsets, one a lane.
pub(super) struct Columns<'a, V: Lanes> {
    sums: &'a mut [[V::Wide; 2]],
    /// Columns of a group.
    len: usize,
    /// Where the piece's first column is.
    left: usize,
    template: isize,
    shift: u32,
    /// Whether the table of weights is not in the form that is looked up quickest.
    long: bool,
}

/// Sums over the template windows of a pixel's pairs, but for their last column.
#[derive(Clone, Copy)]
pub(super) struct Window<V: Lanes>([V::Wide; 2]);

impl<V: Lanes> Window<V> {
    /// Of nothing yet.
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([V::wide_zero(); 2])
    }

    #[inline(always)]
    fn add(&mut self, column: [V::Wide; 2]) {
        let [low, high] = self.0;
        self.0 = [V::wide_add(low, column[0]), V::wide_add(high, column[1])];
    }

    #[inline(always)]
    fn take_away(&mut self, column: [V::Wide; 2]) {
        let [low, high] = self.0;
        self.0 = [V::wide_sub(low, column[0]), V::wide_sub(high, column[1])];
    }
}

impl<'a, V: Lanes> Columns<'a, V> {
    /// Makes room; `long` is whether the table of weights is.
    pub(super) fn new(memory: &'a mut Buffer, task: &Task<'_>, piece: Piece, long: bool) -> Self {
        let (template, search) = (task.params.template_radius(), task.params.search_radius());
        // Pairs begin at an even column.
        let left = search + template + 1;
        let len = left + Group::end(piece.width, search) + template;
        let groups = (2 * search + 1).div_ceil(V::LANES);
        let sums = memory.wide::<V>(2 * len * groups).as_chunks_mut().0;
        Self { sums, len, left, template: template as isize, shift: task.weights.shift(), long }
    }

    /// Forgets all sums.
    pub(super) fn clear(&mut self) {
        self.sums.fill([V::wide_zero(); 2]);
    }

    /// The sums of a group, the `slot`th, from a column on.
    #[inline(always)]
    fn of(&mut self, slot: usize, column: isize, count: usize) -> &mut [[V::Wide; 2]] {
        &mut self.sums[slot * self.len + self.left.wrapping_add_signed(column)..][..count]
    }

    /// Adds to the sums of all columns of a group's pairs the squares of rows that come in.
    #[inline(always)]
    pub(super) fn add_rows(&mut self, slot: usize, rows: &Rows, group: Group, pairs: Range<isize>) {
        let first = pairs.start - self.template;
        let count = (pairs.end + self.template - first) as usize;
        for (sums, new) in self.of(slot, first, count).iter_mut().zip(rows.new_pixels::<V>(group, first)) {
            *sums = new.add_squares_to::<V>(*sums);
        }
    }

    /// Moves the sums of the columns down a row that come before the last one of the windows at a pixel.
    #[inline(always)]
    pub(super) fn begin<const CHANNELS: usize>(
        &mut self,
        slot: usize,
        rows: &Rows,
        group: Group,
        x: isize,
    ) -> Window<V> {
        let first = x - self.template;
        let changes = rows.changes::<V, CHANNELS>(group, first);
        let columns = self.of(slot, first, 2 * self.template as usize);
        let mut window = Window::new();
        for (sums, change) in columns.iter_mut().zip(changes) {
            *sums = change.add_to::<V>(*sums);
            window.add(*sums);
        }
        window
    }

    /// Moves the next columns' sums down a row and finds the indices into the table of weights of the pairs of as many pixels, from
    /// `x` on.
    ///
    /// What is to be done for a pixel is one long chain, of which few fit into the processor's window at a time: weights come after
    /// all of these.
    #[inline(always)]
    pub(super) fn slide<const CHANNELS: usize>(
        &mut self,
        (slot, group): (usize, Group),
        rows: &Rows,
        window: &mut Window<V>,
        x: isize,
        indices: &mut [V],
    ) {
        let (side, shift) = (2 * self.template as usize, self.shift);
        let changes = rows.changes::<V, CHANNELS>(group, x + self.template);
        let columns = self.of(slot, x - self.template, side + indices.len());
        let columns = Cell::from_mut(columns).as_slice_of_cells();
        let columns = columns[side..].iter().zip(changes).zip(columns);
        let mut sums = *window;
        for (index, ((new, change), gone)) in indices.iter_mut().zip(columns) {
            new.set(change.add_to::<V>(new.get()));
            sums.add(new.get());
            *index = V::narrow(sums.0, shift);
            sums.take_away(gone.get());
        }
        *window = sums;
    }

    /// Puts weights in the place of such indices, and adds them to the pixels' shares.
    #[inline(always)]
    pub(super) fn weigh<'b, const CHANNELS: usize>(
        &self,
        group: Group,
        weigher: &V::Weigher,
        weights: &mut [V],
        shares: impl Iterator<Item = Share<'b, V, CHANNELS>>,
    ) {
        let pixels = weights.iter_mut().zip(shares);
        let ends = group.ends(V::ends(weigher));
        if self.long {
            weigh::<V, CHANNELS, true>(pixels, ends, weigher);
        } else {
            weigh::<V, CHANNELS, false>(pixels, ends, weigher);
        }
    }
}

/// Turns indices into weights and adds them to the shares of the pixels.
#[inline(always)]
fn weigh<'a, 'b, V: Lanes, const CHANNELS: usize, const LONG: bool>(
    pixels: impl Iterator<Item = (&'a mut V, Share<'b, V, CHANNELS>)>,
    ends: V,
    weigher: &V::Weigher,
) {
    for (weights, share) in pixels {
        *weights = V::weigh::<LONG>(weigher, *weights, ends);
        share.add(*weights);
    }
}
