//! A table of weights as products of four small tables that fit vector registers, in single precision.

use super::Weights;

/// An exponential of a sum is a product of exponentials: the weight at an index is the product of an entry of each table, by
/// three of its bits each, the lowest first, rounded to the nearest even.
#[derive(Debug, Clone, Default)]
pub(crate) struct Factors {
    pub(crate) tables: [[f32; ENTRIES]; TABLES],
    /// Weights are zero from this index on.
    pub(crate) end: u16,
}

const ENTRIES: usize = 8;
const TABLES: usize = 4;

/// Weights that are products.
pub(crate) const PRODUCTS: usize = ENTRIES.pow(TABLES as u32);

impl Factors {
    /// Finds tables that give every weight exactly; `None` where there are too many, or none of those tried do.
    pub(crate) fn new(weights: &Weights) -> Option<Self> {
        let table = weights.nonzero();
        let largest = f64::from(*table.first()?);
        // The largest weight and the decay a little up or down, nearest first.
        let nudges = || (0..12i32).map(|i| if i % 2 == 0 { i / 2 } else { -(i / 2) - 1 }).map(f64::from);
        let candidates = nudges().flat_map(|decay| nudges().map(move |scale| (decay, scale)));
        let end = u16::try_from(table.len()).ok().filter(|end| usize::from(*end) <= PRODUCTS)?;
        candidates
            .map(|(decay, scale)| {
                let decay = weights.decay() * (1.0 + decay * 2f64.powi(-27));
                Self { tables: tables(largest * (1.0 + scale * 2f64.powi(-25)), decay), end }
            })
            .find(|candidate| {
                (0..).zip(table).all(|(index, &weight)| candidate.weight(index) == weight as i32)
            })
    }

    /// The weight at an index below [`end`](Self::end): what the vector kernels compute, operation by operation.
    fn weight(&self, index: u16) -> i32 {
        let factor = |table: usize| self.tables[table][usize::from(index) >> (3 * table) & (ENTRIES - 1)];
        ((factor(0) * factor(1)) * (factor(2) * factor(3))).round_ties_even() as i32
    }
}

/// Exponentials by three bits of an index each, the first table times the largest weight.
fn tables(largest: f64, decay: f64) -> [[f32; ENTRIES]; TABLES] {
    std::array::from_fn(|table| {
        let scale = if table == 0 { largest } else { 1.0 };
        let exponential = |entry: usize| (-decay * (entry << (3 * table)) as f64).exp();
        std::array::from_fn(|entry| (scale * exponential(entry)) as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    #[test]
    fn weights_of_all_strengths_are_products() {
        for tenths in 1..=270_u16 {
            for search_window in [17, 21, 35, 50, 100] {
                let params = Params { h: f32::from(tenths) / 10.0, search_window, ..Params::default() };
                for channels in [1, 2] {
                    let weights = Weights::new(&params, channels);
                    if weights.nonzero().len() <= PRODUCTS {
                        assert!(Factors::new(&weights).is_some(), "{params:?}, {channels} channels");
                    }
                }
            }
        }
    }
}
