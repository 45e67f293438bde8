//! Sums of weights, and of weights times pixels.

use super::RUN;
use super::offsets::Group;
use super::rows::Rows;
use crate::band::Task;
use crate::lanes::Lanes;
use crate::piece::Piece;
use crate::quotient::quotient;

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
        let place = self.left.wrapping_add_signed(x + group.first);
        let steps = weights.len() / 2;
        let len = (1 + CHANNELS) * 2 * self.half;
        let (totals, products) = self.sums[row * len..][..len].split_at_mut(2 * self.half);
        let mut totals = Moving::<V, 1>::new(totals, place, steps);
        let mut products = Moving::<V, CHANNELS>::new(products, place, steps);
        let mut own: [&[[[u16; 2]; 2]]; CHANNELS] = [&[]; CHANNELS];
        for (channel, own) in own.iter_mut().enumerate() {
            *own = &rows.own(channel, x).as_chunks().0[..steps];
        }
        let before = &weights.as_chunks::<2>().0[..steps];
        let pairs = &weights[1..].as_chunks::<2>().0[..steps];
        for step in 0..steps {
            for half in 0..2 {
                let weights = pairs[step][half].odd(before[step][half]);
                totals.add(0, half, step, V::products(weights, V::splat(1)));
                for (channel, own) in own.iter().enumerate() {
                    products.add(channel, half, step, V::products(weights, V::splat_pair(&own[step][half])));
                }
            }
        }
        totals.finish();
        products.finish();
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
        let own = task.weights.table().first().copied().unwrap_or(1);
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

/// Sums of some quantities that a run of pairs leads to, of which a vector of even and one of odd columns are in registers that
/// move along.
struct Moving<'a, V: Lanes, const QUANTITIES: usize> {
    /// Sums of every other pixel, and of those between.
    sums: [[&'a mut [u32]; 2]; QUANTITIES],
    moving: [[V::Wide; 2]; QUANTITIES],
    steps: usize,
}

impl<'a, V: Lanes, const QUANTITIES: usize> Moving<'a, V, QUANTITIES> {
    /// Of as many rows of sums, even columns first, those that begin at the `place`th column.
    #[inline(always)]
    fn new(rows: &'a mut [u32], place: usize, steps: usize) -> Self {
        let (row, len) = (rows.len() / QUANTITIES, steps + V::LANES / 2);
        let mut rows = rows.chunks_exact_mut(row);
        let sums = std::array::from_fn(|_| every_other(rows.next().unwrap_or_default(), place, len));
        let mut moving = [[V::wide_zero(); 2]; QUANTITIES];
        for (moving, sums) in moving.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *moving = V::wide_load(sums);
        }
        Self { sums, moving, steps }
    }

    /// Adds to those of every other pixel, or of those between, and moves them along by one.
    #[inline(always)]
    fn add(&mut self, quantity: usize, half: usize, step: usize, products: V::Wide) {
        let sums = &mut *self.sums[quantity][half];
        let moving = &mut self.moving[quantity][half];
        (sums[step], *moving) = V::shift(V::wide_add(*moving, products), sums[step + V::LANES / 2]);
    }

    /// Writes those that are in registers.
    #[inline(always)]
    fn finish(mut self) {
        for (moving, sums) in self.moving.as_flattened().iter().zip(self.sums.as_flattened_mut()) {
            V::wide_store(*moving, &mut sums[self.steps..]);
        }
    }
}

/// Of a row of sums, even columns first, `len` of every other pixel from the `place`th column on, and of those between.
fn every_other(row: &mut [u32], place: usize, len: usize) -> [&mut [u32]; 2] {
    let (even, odd) = row.split_at_mut(row.len() / 2);
    let [first, second] = if place.is_multiple_of(2) { [even, odd] } else { [odd, even] };
    [&mut first[place / 2..][..len], &mut second[place.div_ceil(2)..][..len]]
}
