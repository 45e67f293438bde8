//! Rows of pixels as the sums take them.

use super::offsets::Group;
use crate::band::Task;
use crate::lanes::Lanes;
use crate::piece::Piece;

/// Rows of each channel, with what surrounds a piece and pixels beyond that, which are in no pair that counts.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Where the piece's first column is.
    left: usize,
    /// Pixels that come into the columns of template windows, each with the one that goes out.
    here: [Vec<[u16; 2]>; 2],
    there: [Vec<[u16; 2]>; 2],
    /// Pixels of a row, each with its left neighbour.
    own: [Vec<[u16; 2]>; 2],
    /// Pixels of the row that it is paired with.
    other: [Vec<u16>; 2],
}

impl Rows {
    /// Makes room.
    pub(super) fn begin(&mut self, task: &Task<'_>, piece: Piece, lanes: usize) {
        let (template, search) = (task.params.template_radius(), task.params.search_radius());
        // From a column of a window of a pair that begins outside to what is paired with it, by lanes for no offset, too.
        let margin = 2 * search + template + lanes + 2;
        self.left = margin;
        let pixels = piece.width + 2 * margin;
        for pairs in self.here.iter_mut().chain(&mut self.there).chain(&mut self.own) {
            pairs.resize(pixels, [0; 2]);
        }
        for other in &mut self.other {
            other.resize(pixels, 0);
        }
    }

    /// Loads the rows `new` and `gone` of the windows' columns, and those `dy` below.
    #[inline(always)]
    pub(super) fn load_changes(
        &mut self,
        task: &Task<'_>,
        piece: Piece,
        dy: isize,
        new: isize,
        gone: Option<isize>,
    ) {
        let around = task.params.template_radius() + task.params.search_radius();
        let (x, len) = (piece.x as isize - around as isize, piece.width + 2 * around);
        for channel in 0..task.channels {
            let row = |y: isize| task.planes.row(channel, y, x, len);
            load_pairs(&mut self.here[channel][self.left - around..], row(new), gone.map(row));
            let row = |y: isize| row(y + dy);
            load_pairs(&mut self.there[channel][self.left - around..], row(new), gone.map(row));
        }
    }

    /// Loads the rows of the pixels at both ends of pairs.
    #[inline(always)]
    pub(super) fn load_ends(&mut self, task: &Task<'_>, piece: Piece, here: isize, there: isize) {
        let search = task.params.search_radius();
        let (x, len) = (piece.x as isize - search as isize, piece.width + 2 * search);
        for channel in 0..task.channels {
            let own = self.own[channel][self.left - search..].iter_mut();
            let mut before = 0;
            for (own, &pixel) in own.zip(task.planes.row(channel, here, x, len)) {
                *own = [u16::from(pixel), before];
                before = u16::from(pixel);
            }
            let other = self.other[channel][self.left - search..].iter_mut();
            for (other, &pixel) in other.zip(task.planes.row(channel, there, x, len)) {
                *other = u16::from(pixel);
            }
        }
    }

    #[inline(always)]
    fn at(&self, x: isize) -> usize {
        self.left.wrapping_add_signed(x)
    }

    /// What the squares of the windows' columns, from `column` on, change by.
    #[inline(always)]
    pub(super) fn changes<V: Lanes, const CHANNELS: usize>(
        &self,
        group: Group,
        column: isize,
    ) -> impl Iterator<Item = Change<'_, CHANNELS>> {
        let of_channel = |channel: usize| {
            let here = self.here[channel][self.at(column)..].iter();
            here.zip(self.there[channel][self.at(column + group.first)..].windows(V::LANES))
        };
        of_channel(0).zip(of_channel(CHANNELS - 1)).map(
            #[inline(always)]
            |(first, last)| {
                let mut channels = [first; CHANNELS];
                channels[CHANNELS - 1] = last;
                Change(channels)
            },
        )
    }

    /// The pixels that each pixel from `x` on is paired with.
    #[inline(always)]
    pub(super) fn others(&self, channel: usize, group: Group, x: isize) -> &[u16] {
        &self.other[channel][self.at(x + group.first)..]
    }

    /// Each pixel from `x` on and its left neighbour.
    #[inline(always)]
    pub(super) fn own(&self, channel: usize, x: isize) -> &[[u16; 2]] {
        &self.own[channel][self.at(x)..]
    }
}

/// Of each channel, a pixel that comes into a column of template windows, with the one that goes out, and those that they are
/// paired with.
pub(super) struct Change<'a, const CHANNELS: usize>([(&'a [u16; 2], &'a [[u16; 2]]); CHANNELS]);

impl<const CHANNELS: usize> Change<'_, CHANNELS> {
    /// Adds the squares that come in and takes away those that go out.
    #[inline(always)]
    pub(super) fn add_to<V: Lanes>(&self, mut sums: [V::Wide; 2]) -> [V::Wide; 2] {
        for (here, there) in &self.0 {
            let here = V::splat_pair(here);
            for (half, sums) in sums.iter_mut().enumerate() {
                let there = V::load(&there.as_flattened()[half * V::LANES..]);
                let differences = here.sub(there);
                *sums = V::dot(*sums, differences, differences.negate_odd());
            }
        }
        sums
    }
}

/// Pixels that come in, each with one that goes out, or none.
#[inline(always)]
fn load_pairs(to: &mut [[u16; 2]], new: &[u8], gone: Option<&[u8]>) {
    match gone {
        Some(gone) => {
            for (to, (&new, &gone)) in to.iter_mut().zip(new.iter().zip(gone)) {
                *to = [new.into(), gone.into()];
            }
        }
        None => {
            for (to, &new) in to.iter_mut().zip(new) {
                *to = [new.into(), 0];
            }
        }
    }
}
