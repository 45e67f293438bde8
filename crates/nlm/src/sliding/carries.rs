//! What of weights does not fit lanes.

use super::offsets::Group;
use super::rows::Rows;
use super::sums::Sums;
use super::{MOST_GROUPS, RUN};
use crate::lanes::Lanes;
use crate::piece::Piece;
use crate::weights::Weights;

/// How often weights are 2^16 more than their lanes say, and the sums of that.
pub(super) struct Carries<'a, V: Lanes, const CHANNELS: usize> {
    /// [`Weights::carries`].
    ends: Vec<u16>,
    pub(super) sums: Sums<'a, V, CHANNELS>,
    /// Of the pairs of a run, after those of the pair before it.
    carries: [V; RUN + 1],
    /// Of each group those of the last pair.
    last: [V; MOST_GROUPS],
}

impl<'a, V: Lanes, const CHANNELS: usize> Carries<'a, V, CHANNELS> {
    /// None where all weights fit.
    pub(super) fn new(
        weights: &Weights,
        sums: &'a mut Vec<u32>,
        piece: Piece,
        search: usize,
    ) -> Option<Self> {
        let ends: Vec<u16> = weights.carries().collect();
        let zero = V::splat(0);
        (!ends.is_empty()).then(|| Self {
            ends,
            sums: Sums::new(sums, piece, search),
            carries: [zero; RUN + 1],
            last: [zero; MOST_GROUPS],
        })
    }

    /// Begins a row of a group of pairs, the `slot`th.
    #[inline(always)]
    pub(super) fn begin(&mut self, slot: usize) {
        self.last[slot] = V::splat(0);
    }

    /// Adds those of pairs of a group, which have these indices into the table of weights, from the `skip`th pixel of a run on, which
    /// is at `x`, and for the pixels at their other ends, if they are in a row of the piece.
    #[inline(always)]
    pub(super) fn add_run(
        &mut self,
        (slot, group): (usize, Group),
        rows: &Rows,
        (skip, x): (usize, isize),
        indices: &[V],
        there: Option<usize>,
    ) {
        let carries = &mut self.carries[..=indices.len()];
        carries[0] = self.last[slot];
        carries[1..].fill(V::splat(0));
        for &end in &self.ends {
            let end = group.ends(V::splat(end));
            for (carry, index) in carries[1..].iter_mut().zip(indices) {
                *carry = carry.add(index.below(end));
            }
        }
        self.last[slot] = carries[indices.len()];
        for (share, carry) in self.sums.shares(rows, group, skip, x).zip(&carries[1..]) {
            share.add(*carry);
        }
        if let Some(there) = there {
            self.sums.add_there(rows, group, there, x, carries);
        }
    }
}
