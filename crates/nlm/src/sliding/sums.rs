//! Sums of weights, and of weights times pixels.

use std::cell::Cell;
use std::iter;

use super::RUN;
use super::offsets::Group;
use super::rows::Rows;
use crate::accumulate::quotient;
use crate::band::Task;
use crate::lanes::Lanes;
use crate::piece::Piece;

/// The sums of a piece: of each row those of weights and of each channel's products, even columns first, then odd ones, as
/// pairs of lanes give to every other pixel.
pub(super) struct Sums<'a, V: Lanes, const CHANNELS: usize> {
    sums: &'a mut [u32],
    /// What each lane gives to the pixels of a run, before it is [gathered](Self::gather): weights, then products.
    shares: [[V::Wide; RUN]; 3],
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
        Self { sums, shares: [[V::wide_zero(); RUN]; 3], half, left }
    }

    /// Adds to the shares of the pixels of a run, from the `skip`th on, the weights of their pairs, and their products; `x` is
    /// the first of them.
    #[inline(always)]
    pub(super) fn add_here(&mut self, rows: &Rows, group: Group, skip: usize, x: isize, weights: &[V]) {
        for (quantity, shares) in self.shares.iter_mut().enumerate().take(1 + CHANNELS) {
            let shares = shares[skip..].iter_mut().zip(weights);
            if quantity == 0 {
                for (share, weights) in shares {
                    *share = V::dot(*share, *weights, V::splat(1));
                }
            } else {
                let others = rows.others(quantity - 1, group, x).windows(V::LANES);
                for ((share, weights), others) in shares.zip(others) {
                    *share = V::dot(*share, *weights, V::load(others));
                }
            }
        }
    }

    /// Adds to the sums of row `row`, for the pixels at the other ends, the weights of the pairs from `x` on, an even number, and
    /// their products. Before them come those of the pair left of the first.
    #[inline(always)]
    pub(super) fn add_there(&mut self, rows: &Rows, group: Group, row: usize, x: isize, weights: &[V]) {
        let place = self.left.wrapping_add_signed(x + group.first);
        let columns = weights.len() / 2 + V::LANES / 2;
        let len = (1 + CHANNELS) * 2 * self.half;
        let planes = self.sums[row * len..][..len].chunks_exact_mut(2 * self.half);
        for (quantity, planes) in planes.enumerate() {
            let (even, odd) = planes.split_at_mut(self.half);
            let [first, second] = if place.is_multiple_of(2) { [even, odd] } else { [odd, even] };
            let sums = [&mut first[place / 2..][..columns], &mut second[place.div_ceil(2)..][..columns]];
            if quantity == 0 {
                add_along::<V>(weights, iter::repeat([V::splat(1); 2]), sums);
            } else {
                let own = rows.own(quantity - 1, x).as_chunks::<2>().0.iter();
                add_along(weights, own.map(|[a, b]| [V::splat_pair(a), V::splat_pair(b)]), sums);
            }
        }
    }

    /// Adds the shares of a run of pixels of a row, from `x` on, to their sums, and begins the next ones.
    #[inline(always)]
    pub(super) fn gather(&mut self, row: usize, x: isize) {
        let at = self.left.wrapping_add_signed(x) / 2;
        for (quantity, shares) in self.shares.iter_mut().enumerate().take(1 + CHANNELS) {
            for odd in 0..2 {
                let start = ((row * (1 + CHANNELS) + quantity) * 2 + odd) * self.half + at;
                V::add_lane_sums(&shares[odd..], 2, &mut self.sums[start..start + RUN / 2]);
            }
            shares.fill(V::wide_zero());
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

/// Adds products of weights and factors to the sums of the pixels that they lead to.
///
/// Every other lane of a pixel's pairs and those between of its left neighbour's lead to every other pixel, and those of the
/// pixel two further on begin one further on: sums are moved along in registers.
#[inline(always)]
fn add_along<V: Lanes>(weights: &[V], factors: impl Iterator<Item = [V; 2]>, mut sums: [&mut [u32]; 2]) {
    let lanes = V::LANES / 2;
    let mut moving = sums.each_ref().map(|sums| V::wide_load(sums));
    let [first, second] = sums.each_mut().map(|sums| Cell::from_mut(&mut **sums).as_slice_of_cells());
    let ends = first.iter().zip(&first[lanes..]).zip(second.iter().zip(&second[lanes..]));
    let before = weights.as_chunks::<2>().0.iter();
    let pairs = weights[1..].as_chunks::<2>().0.iter();
    for (((ends, before), pairs), factors) in ends.zip(before).zip(pairs).zip(factors) {
        for (at, (leaves, comes)) in [ends.0, ends.1].into_iter().enumerate() {
            let weights = pairs[at].odd(before[at]);
            let sum = V::wide_add(moving[at], V::products(weights, factors[at]));
            let (left, moved) = V::shift(sum, comes.get());
            leaves.set(left);
            moving[at] = moved;
        }
    }
    for (moving, sums) in moving.into_iter().zip(sums) {
        let left = sums.len() - lanes;
        V::wide_store(moving, &mut sums[left..]);
    }
}
