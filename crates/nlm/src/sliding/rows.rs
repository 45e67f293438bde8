//! Rows of pixels as the sums take them.

use super::offsets::Group;
use crate::lanes::Lanes;
use crate::piece::Piece;
use crate::task::Task;

/// Rows of each channel, with what surrounds a piece and pixels beyond that, which are in no pair that counts.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Where the piece's first column is.
    left: usize,
    /// What comes into the columns of template windows and what goes out, two numbers a pixel. Of one channel, in the first
    /// array, the pixel that comes and the one that goes; of two channels, of either, the pixel that comes less the one that
    /// goes, and in the second array their sum. While windows begin, in the first array, two rows of one channel or one of two.
    here: [Vec<[u16; 2]>; 2],
    there: [Vec<[u16; 2]>; 2],
    /// Pixels of a row, each with its left neighbour.
    own: [Vec<[u16; 2]>; 2],
    /// Pixels of the row that it is paired with.
    other: [Vec<u16>; 2],
    /// A row of zeros.
    nothing: Vec<u8>,
}

impl Rows {
    /// Makes room.
    pub(super) fn begin(&mut self, task: &Task<'_>, piece: Piece, lanes: usize) {
        let (template, search) = (task.params.template_radius(), task.params.search_radius());
        // From a column of a window of a pair that begins outside to what is paired with it, by lanes for no offset, too.
        let margin = 2 * search + template + lanes + 2;
        self.left = margin;
        let pixels = piece.width + 2 * margin;
        self.nothing.resize(piece.width + 2 * (template + search), 0);
        for pairs in self.here.iter_mut().chain(&mut self.there).chain(&mut self.own) {
            pairs.resize(pixels, [0; 2]);
        }
        for other in &mut self.other {
            other.resize(pixels, 0);
        }
    }

    /// Loads rows that come into the windows' columns and those `dy` below: of one channel `y` and the one after it, of two
    /// channels `y` of either.
    #[inline(always)]
    pub(super) fn load_new(&mut self, task: &Task<'_>, piece: Piece, dy: isize, y: isize) {
        let (around, x, len) = surroundings(task, piece);
        for (to, dy) in [(&mut self.here, 0), (&mut self.there, dy)] {
            let row = |channel: usize, y: isize| task.planes.row(channel, y + dy, x, len);
            let second = if task.channels == 1 { row(0, y + 1) } else { row(1, y) };
            load_pairs(&mut to[0][self.left - around..], row(0, y), second);
        }
    }

    /// Loads the row `new` that comes into the windows' columns, the row `gone` that goes out, and those `dy` below.
    #[inline(always)]
    pub(super) fn load_changes(
        &mut self,
        task: &Task<'_>,
        piece: Piece,
        dy: isize,
        new: isize,
        gone: Option<isize>,
    ) {
        let (around, x, len) = surroundings(task, piece);
        for (to, dy) in [(&mut self.here, 0), (&mut self.there, dy)] {
            let row = |channel: usize, y: isize| task.planes.row(channel, y + dy, x, len);
            let [first, last] = to.each_mut().map(|pairs| &mut pairs[self.left - around..]);
            let changes = |channel: usize| {
                (row(channel, new), gone.map_or(&self.nothing[..], |gone| row(channel, gone)))
            };
            if task.channels == 1 {
                let (new, gone) = changes(0);
                load_pairs(first, new, gone);
            } else {
                load_factors(first, last, [changes(0), changes(1)]);
            }
        }
    }

    /// Loads the rows of the pixels at both ends of pairs.
    #[inline(always)]
    pub(super) fn load_ends(&mut self, task: &Task<'_>, piece: Piece, here: isize, there: isize) {
        let search = task.params.search_radius();
        let (x, len) = (piece.x as isize - search as isize, piece.width + 2 * search);
        for channel in 0..task.channels {
            let row = task.planes.row(channel, here, x, len);
            let own = &mut self.own[channel][self.left - search..];
            own[0] = [row[0].into(), 0];
            load_pairs(&mut own[1..], &row[1..], row);
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
        // As many arrays as channels.
        self.pairs::<V>(0, group, column).zip(self.pairs::<V>(CHANNELS - 1, group, column)).map(
            #[inline(always)]
            |(first, last)| {
                let mut factors = [first; CHANNELS];
                factors[CHANNELS - 1] = last;
                Change(factors)
            },
        )
    }

    /// What comes into the windows' columns, from `column` on, as they begin.
    #[inline(always)]
    pub(super) fn new_pixels<V: Lanes>(
        &self,
        group: Group,
        column: isize,
    ) -> impl Iterator<Item = Pairs<'_>> {
        self.pairs::<V>(0, group, column)
    }

    #[inline(always)]
    fn pairs<V: Lanes>(&self, array: usize, group: Group, column: isize) -> impl Iterator<Item = Pairs<'_>> {
        let here = self.here[array][self.at(column)..].iter();
        here.zip(self.there[array][self.at(column + group.first)..].windows(V::LANES)).map(
            #[inline(always)]
            |(here, there)| Pairs { here, there },
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

/// Two numbers of a pixel, and those of the pixels that it is paired with.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a> {
    here: &'a [u16; 2],
    there: &'a [[u16; 2]],
}

impl Pairs<'_> {
    /// Half of their differences.
    #[inline(always)]
    fn differences<V: Lanes>(self, half: usize) -> V {
        V::splat_pair(self.here).sub(V::load(&self.there.as_flattened()[half * V::LANES..]))
    }

    /// Adds the squares of their differences.
    #[inline(always)]
    pub(super) fn add_squares_to<V: Lanes>(self, mut sums: [V::Wide; 2]) -> [V::Wide; 2] {
        for (half, sums) in sums.iter_mut().enumerate() {
            let differences = self.differences::<V>(half);
            *sums = V::dot(*sums, differences, differences);
        }
        sums
    }
}

/// What a column of template windows changes by: one factor of one channel, both of two.
pub(super) struct Change<'a, const CHANNELS: usize>([Pairs<'a>; CHANNELS]);

impl<const CHANNELS: usize> Change<'_, CHANNELS> {
    /// Adds the squares that come in and takes away those that go out: `x^2 - y^2` as a product of pairs `(x, y)` and `(x, -y)`
    /// or, of two channels, of `x - y` and `x + y`.
    #[inline(always)]
    pub(super) fn add_to<V: Lanes>(&self, mut sums: [V::Wide; 2]) -> [V::Wide; 2] {
        for (half, sums) in sums.iter_mut().enumerate() {
            let first = self.0[0].differences::<V>(half);
            let second =
                if CHANNELS == 1 { first.negate_odd() } else { self.0[CHANNELS - 1].differences(half) };
            *sums = V::dot(*sums, first, second);
        }
        sums
    }
}

/// Pixels around a piece that its windows need, where their first column is, and how many they are.
#[inline(always)]
fn surroundings(task: &Task<'_>, piece: Piece) -> (usize, isize, usize) {
    let around = task.params.template_radius() + task.params.search_radius();
    (around, piece.x as isize - around as isize, piece.width + 2 * around)
}

/// Pixels of two rows, side by side.
#[inline(always)]
fn load_pairs(to: &mut [[u16; 2]], first: &[u8], second: &[u8]) {
    for (to, (&first, &second)) in to.iter_mut().zip(first.iter().zip(second)) {
        *to = [first.into(), second.into()];
    }
}

/// Of each channel's rows `(new, gone)` the differences, and the sums.
#[inline(always)]
fn load_factors(
    differences: &mut [[u16; 2]],
    sums: &mut [[u16; 2]],
    [(new_a, gone_a), (new_b, gone_b)]: [(&[u8], &[u8]); 2],
) {
    let a = new_a.iter().zip(gone_a);
    let b = new_b.iter().zip(gone_b);
    for ((difference, sum), (a, b)) in differences.iter_mut().zip(sums).zip(a.zip(b)) {
        let [a, b] = [a, b].map(|(&new, &gone)| (u16::from(new), u16::from(gone)));
        *difference = [a.0.wrapping_sub(a.1), b.0.wrapping_sub(b.1)];
        *sum = [a.0 + a.1, b.0 + b.1];
    }
}
