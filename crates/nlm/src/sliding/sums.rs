//! Sums of weights, and of weights times pixels.

use std::cell::Cell;

use super::RUN;
use super::offsets::Group;
use super::rows::Rows;
use crate::lanes::Lanes;
use crate::piece::Piece;
use crate::quotient::quotient;
use crate::task::Task;

/// The sums of a piece: of each row those of weights and of each channel's products, even columns first, then odd ones, as
/// pairs of lanes give to every other pixel.
pub(super) struct Sums<'a, V: Lanes, const CHANNELS: usize> {
    sums: &'a mut [u32],
    /// What each lane gives to the pixels of a run, before it is [gathered](Self::gather): weights, and products of each
    /// channel.
    shares: [[V::Wide; 3]; RUN],
    /// Columns of even, or of odd, number.
    half: usize,
    /// Columns left of the piece, an even number.
    left: usize,
}

impl<'a, V: Lanes, const CHANNELS: usize> Sums<'a, V, CHANNELS> {
    /// Sums of nothing yet.
    pub(super) fn new(sums: &'a mut Vec<u32>, piece: Piece, search: usize) -> Self {
        let left = (search + V::LANES + RUN).next_multiple_of(2);
        let half = (left + Group::end(piece.width, search) + search + V::LANES + RUN).div_ceil(2);
        sums.clear();
        sums.resize(piece.height * (1 + CHANNELS) * 2 * half, 0);
        Self { sums, shares: [[V::wide_zero(); 3]; RUN], half, left }
    }

    /// The shares of the pixels of a run, from the `skip`th on, which is at `x`, and what each of them is paired with.
    #[inline(always)]
    pub(super) fn shares<'b>(
        &'b mut self,
        rows: &'b Rows,
        group: Group,
        skip: usize,
        x: isize,
    ) -> impl Iterator<Item = Share<'b, V, CHANNELS>> {
        let others = |channel| rows.others(channel, group, x).windows(V::LANES);
        let others = others(0).zip(others(CHANNELS - 1));
        self.shares[skip..].iter_mut().zip(others).map(
            #[inline(always)]
            |(sums, (first, last))| {
                let mut others = [first; CHANNELS];
                others[CHANNELS - 1] = last;
                Share { sums, others }
            },
        )
    }

    /// Adds to the sums of row `row`, for the pixels at the other ends, the weights of the pairs from `x` on, an even number, and
    /// their products. Before them come those of the pair left of the first.
    ///
    /// Every other lane of a pixel's pairs and those between of its left neighbour's lead to every other pixel, and those of
    /// the pixel two further on begin one further on: sums are moved along in registers, those of all quantities side by
    /// side, as each waits for its last.
    #[inline(always)]
    pub(super) fn add_there(&mut self, rows: &Rows, group: Group, row: usize, x: isize, weights: &[V]) {
        let steps = weights.len() / 2;
        let starts = self.starts(row, x + group.first);
        let mut moving = [[V::wide_zero(); 2]; 3];
        for (moving, &start) in moving.as_flattened_mut().iter_mut().zip(starts.as_flattened()) {
            *moving = V::wide_load(&self.sums[start..]);
        }
        // Cells, as windows overlap, and as `last` is `first` where there is one channel; it is not written then.
        let sums = Cell::from_mut(&mut *self.sums).as_slice_of_cells();
        let passing = |[one, other]: [usize; 2]| {
            let passing = |start: usize| sums[start..][..steps + V::LANES / 2].windows(V::LANES / 2 + 1);
            passing(one).zip(passing(other))
        };
        let (totals, first, last) = (passing(starts[0]), passing(starts[1]), passing(starts[2]));
        let own = |channel: usize| &rows.own(channel, x).as_chunks::<2>().0[..steps];
        let own = own(0).iter().zip(own(CHANNELS - 1));
        let before = weights.as_chunks::<2>().0;
        let pairs = weights[1..].as_chunks::<2>().0.iter().zip(before);
        for ((((totals, first), last), own), (pairs, before)) in
            totals.zip(first).zip(last).zip(own).zip(pairs)
        {
            let (totals, first, last) = ([totals.0, totals.1], [first.0, first.1], [last.0, last.1]);
            for half in 0..2 {
                let weights = pairs[half].odd(before[half]);
                let product = |own: &[u16; 2]| V::products(weights, V::splat_pair(own));
                add_moving::<V>(&mut moving[0][half], totals[half], V::products(weights, V::splat(1)));
                add_moving::<V>(&mut moving[1][half], first[half], product(&own.0[half]));
                if CHANNELS == 2 {
                    add_moving::<V>(&mut moving[2][half], last[half], product(&own.1[half]));
                }
            }
        }
        for (&moving, &start) in moving[..=CHANNELS].as_flattened().iter().zip(starts.as_flattened()) {
            V::wide_store(moving, &mut self.sums[start + steps..]);
        }
    }

    /// Where a row's sums for the pixels from `x` on begin, of every other pixel and of those between: sums of weights, and of
    /// products of the first and of the last channel.
    #[inline(always)]
    fn starts(&self, row: usize, x: isize) -> [[usize; 2]; 3] {
        let column = self.left.wrapping_add_signed(x);
        let start = |quantity: usize, column: usize| {
            ((row * (1 + CHANNELS) + quantity) * 2 + column % 2) * self.half + column / 2
        };
        [0, 1, CHANNELS].map(|quantity| [start(quantity, column), start(quantity, column + 1)])
    }

    /// Adds the shares of a run of pixels, from `x` on, to their sums, if they are in a row of the piece, and begins the next
    /// ones.
    #[inline(always)]
    pub(super) fn gather(&mut self, row: Option<usize>, x: isize) {
        let at = self.left.wrapping_add_signed(x) / 2;
        for quantity in 0..1 + CHANNELS {
            let shares = self.shares.as_flattened_mut();
            if let Some(row) = row {
                for odd in 0..2 {
                    let start = ((row * (1 + CHANNELS) + quantity) * 2 + odd) * self.half + at;
                    let sums = &mut self.sums[start..start + RUN / 2];
                    V::add_lane_sums(&shares[3 * odd + quantity..], 6, sums);
                }
            }
            for share in &mut self.shares {
                share[quantity] = V::wide_zero();
            }
        }
    }

    /// Divides sums, each pixel's own weight and product included, and writes the piece.
    #[inline(always)]
    pub(super) fn divide(&self, task: &Task<'_>, piece: Piece, out: &mut [u8]) {
        let own = task.weights.own();
        for (y, sums) in self.sums.chunks_exact((1 + CHANNELS) * 2 * self.half).enumerate() {
            let out = &mut out[(y * task.width + piece.x) * CHANNELS..][..piece.width * CHANNELS];
            for channel in 0..CHANNELS {
                let y = (piece.y + y) as isize;
                let pixels = task.planes.row(channel, y, piece.x as isize, piece.width);
                for (x, (&pixel, out)) in pixels.iter().zip(out.chunks_exact_mut(CHANNELS)).enumerate() {
                    let at = x % 2 * self.half + (self.left + x) / 2;
                    let sum = sums[(1 + channel) * 2 * self.half + at] + own * u32::from(pixel);
                    out[channel] = quotient(sum, sums[at] + own);
                }
            }
        }
    }
}

/// What the lanes give to a pixel, and the pixels that they pair it with.
pub(super) struct Share<'a, V: Lanes, const CHANNELS: usize> {
    sums: &'a mut [V::Wide; 3],
    others: [&'a [u16]; CHANNELS],
}

impl<V: Lanes, const CHANNELS: usize> Share<'_, V, CHANNELS> {
    /// Adds the weights of its pairs, and their products.
    #[inline(always)]
    pub(super) fn add(self, weights: V) {
        let [total, products @ ..] = self.sums;
        *total = V::dot(*total, weights, V::splat(1));
        for (product, others) in products.iter_mut().zip(self.others) {
            *product = V::dot(*product, weights, V::load(others));
        }
    }
}

/// Adds to a vector of sums and moves it along by one: the first of `passing` comes out, the last comes in.
#[inline(always)]
fn add_moving<V: Lanes>(moving: &mut V::Wide, passing: &[Cell<u32>], products: V::Wide) {
    let (first, moved) = V::shift(V::wide_add(*moving, products), passing[V::LANES / 2].get());
    passing[0].set(first);
    *moving = moved;
}
