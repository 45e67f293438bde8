//! A table of weights as products of four small tables that fit vector registers, in single precision.

use super::Weights;

/// An exponential of a sum is a product of exponentials: the weight at an index is the product of an entry of each table, by
/// three of its bits each, rounded down after a half was added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Factors {
    pub(crate) tables: [[f32; ENTRIES]; TABLES],
    /// Weights are zero from this index on.
    pub(crate) end: u16,
}

const ENTRIES: usize = 8;
const TABLES: usize = 4;

/// Which bits of an index are a table's: three from here on. A bit of two tables is the latter one's.
pub(crate) type Shifts = [i32; TABLES];

/// So that there are the most products.
pub(crate) const APART: Shifts = [0, 3, 6, 9];

/// So that the last bits begin with a byte.
pub(crate) const BYTEWISE: Shifts = [0, 3, 6, 8];

/// Weights that are products.
pub(crate) const fn products(shifts: Shifts) -> usize {
    ENTRIES << shifts[TABLES - 1]
}

impl Factors {
    /// Finds tables that give every weight exactly; `None` where there are too many, some have more than 15 bits, or none
    /// of those tried do.
    pub(crate) fn new(weights: &Weights, shifts: Shifts) -> Option<Self> {
        let table = weights.nonzero();
        table.first().filter(|&&largest| i16::try_from(largest).is_ok())?;
        let end = u16::try_from(table.len()).ok().filter(|end| usize::from(*end) <= products(shifts))?;
        let decays = nudges(400).map(|nudge| weights.decay() * (1.0 + f64::from(nudge) * 2f64.powi(-28)));
        decays
            .filter_map(|decay| Self::with_decay(table, decay, shifts))
            .next()
            .map(|tables| Self { tables, end })
    }

    /// Tables but for rounding exponentials with this decay. Each entry of the first one, times the largest weight, is a few
    /// units of the last place up or down, so that all products that it is in are exact.
    fn with_decay(table: &[u32], decay: f64, shifts: Shifts) -> Option<[[f32; ENTRIES]; TABLES]> {
        let largest = f64::from(*table.first()?);
        let exponential = |table: usize, entry: usize| {
            let next = shifts.get(table + 1).copied().unwrap_or(i32::MAX);
            let own = entry % (1 << (next - shifts[table]).min(3));
            (-decay * (own << shifts[table]) as f64).exp()
        };
        let mut tables: [[f32; ENTRIES]; TABLES] =
            std::array::from_fn(|table| std::array::from_fn(|entry| exponential(table, entry) as f32));
        for entry in 0..ENTRIES {
            let ideal = (largest * exponential(0, entry)) as f32;
            tables[0][entry] = nudges(24)
                .map(|nudge| f32::from_bits(ideal.to_bits().wrapping_add_signed(nudge)))
                .find(|&factor| {
                    let weights = table.iter().enumerate().skip(entry).step_by(ENTRIES);
                    weights
                        .map(|(index, &weight)| (product(&tables, shifts, factor, index), weight as i32))
                        .all(|(a, b)| a == b)
                })?;
        }
        Some(tables)
    }
}

/// So many numbers, nearest to zero first.
fn nudges(count: i32) -> impl Iterator<Item = i32> {
    (0..count).map(|i| if i % 2 == 0 { i / 2 } else { -(i / 2) - 1 })
}

/// The weight at an index, given the factor of the first table: what the vector kernels compute, operation by operation.
fn product(tables: &[[f32; ENTRIES]; TABLES], shifts: Shifts, first: f32, index: usize) -> i32 {
    let factor = |table: usize| tables[table][index >> shifts[table] & (ENTRIES - 1)];
    (first * factor(1)).mul_add(factor(2) * factor(3), 0.5) as i32
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
                    for shifts in [APART, BYTEWISE] {
                        if weights.nonzero().len() <= products(shifts) {
                            let factors = Factors::new(&weights, shifts);
                            assert!(factors.is_some(), "{params:?}, {channels} channels, {shifts:?}");
                        }
                    }
                }
            }
        }
    }
}
