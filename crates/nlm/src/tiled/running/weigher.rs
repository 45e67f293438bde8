//! Weights of sums over template windows.

use crate::lanes::{FEW_DIGITS, LISTED, Lanes, MANY_DIGITS, SumForm};

/// A table of weights, and how it is looked up.
pub(super) struct Weigher<'a, V: Lanes> {
    pub(super) table: V::SumWeigher<'a>,
    form: SumForm,
}

impl<'a, V: Lanes> Weigher<'a, V> {
    /// Sums are to be shifted right by `shift`.
    #[inline(always)]
    pub(super) fn new(table: &'a V::Table, shift: u32) -> Self {
        Self { table: V::sum_weigher(table, shift), form: V::sum_form(table) }
    }

    /// Puts the weights of windows where they belong, the lowest 16 bits of each.
    #[inline(always)]
    pub(super) fn weigh<'b>(&self, windows: &[[V::Wide; 2]], weights: impl Iterator<Item = &'b mut V>) {
        match self.form {
            FEW_DIGITS => weigh::<V, FEW_DIGITS>(&self.table, windows, weights),
            MANY_DIGITS => weigh::<V, MANY_DIGITS>(&self.table, windows, weights),
            _ => weigh::<V, LISTED>(&self.table, windows, weights),
        }
    }

    /// The same, and how often each is 2^16 more than its lane says. The carries' sum, which saturates.
    #[inline(always)]
    pub(super) fn weigh_with_carries<'b>(
        &self,
        windows: &[[V::Wide; 2]],
        both: impl Iterator<Item = (&'b mut V, &'b mut V)>,
    ) -> V {
        match self.form {
            FEW_DIGITS => weigh_with_carries::<V, FEW_DIGITS>(&self.table, windows, both),
            MANY_DIGITS => weigh_with_carries::<V, MANY_DIGITS>(&self.table, windows, both),
            _ => weigh_with_carries::<V, LISTED>(&self.table, windows, both),
        }
    }
}

#[inline(always)]
fn weigh<'b, V: Lanes, const FORM: SumForm>(
    table: &V::SumWeigher<'_>,
    windows: &[[V::Wide; 2]],
    weights: impl Iterator<Item = &'b mut V>,
) {
    for (weight, sums) in weights.zip(windows) {
        *weight = V::weigh_sums::<FORM>(table, *sums);
    }
}

#[inline(always)]
fn weigh_with_carries<'b, V: Lanes, const FORM: SumForm>(
    table: &V::SumWeigher<'_>,
    windows: &[[V::Wide; 2]],
    both: impl Iterator<Item = (&'b mut V, &'b mut V)>,
) -> V {
    let mut any = V::splat(0);
    for ((weight, carry), sums) in both.zip(windows) {
        [*weight, *carry] = V::weigh_sums_with_carries::<FORM>(table, *sums);
        any = any.saturating_add(*carry);
    }
    any
}
