//! A table of weights as products of two small tables that fit vector registers.

use super::Weights;

/// An exponential of a sum is a product of exponentials: `coarse[i / 64] * fine[i % 64] / 2^16`, rounded down, is the
/// weight at index `i` or 1 less, and then bit `i / 64` of `corrections[i % 64]` is set. What does not fit the 16 bits of a
/// correction is in a table of its own.
#[derive(Debug)]
pub(crate) struct Product {
    /// By the bits of the index above the lowest six.
    pub(crate) coarse: [u16; ROWS],
    /// By the lowest six bits of the index.
    pub(crate) fine: [[u16; 32]; 2],
    /// As [`fine`](Self::fine).
    pub(crate) corrections: [[u16; 32]; 2],
    /// Weights of indices from [`PRODUCTS`] on.
    pub(crate) tail: [u16; 32],
    /// Weights are zero from this index on.
    pub(crate) end: u16,
}

/// Entries of the fine table, and of the coarse one.
const ROW: usize = 64;
const ROWS: usize = 16;

/// Indices whose weights are products.
pub(crate) const PRODUCTS: usize = ROW * ROWS;

impl Product {
    /// Finds the two tables; `None` where the weights are too many or don't fit the form.
    pub(crate) fn new(weights: &Weights) -> Option<Self> {
        let table: Vec<u16> = weights
            .nonzero()
            .iter()
            .map(|&weight| i16::try_from(weight).ok().map(|weight| weight as u16))
            .collect::<Option<_>>()?;
        let (table, rest) = table.split_at(table.len().min(PRODUCTS));
        let mut tail = [0; 32];
        tail.get_mut(..rest.len())?.copy_from_slice(rest);
        let end = (table.len() + rest.len()) as u16;
        // The product is fixed but the share of each factor is free, and with it the rounding errors.
        let scales = (0..64).map(|step| 65535.0 * 0.98f64.powi(step));
        let mut products = scales.filter_map(|scale| Self::with_scale(table, weights.decay(), scale));
        products.next().map(|product| Self { tail, end, ..product })
    }

    /// All but the tail.
    fn with_scale(table: &[u16], decay: f64, scale: f64) -> Option<Self> {
        let largest = f64::from(table.first().copied().unwrap_or(0));
        let fine: [u16; ROW] = std::array::from_fn(|i| (scale * (-decay * i as f64).exp()).round() as u16);
        let mut corrections = [0; ROW];
        let mut coarse = [0; ROWS];
        for (row, (weights, coarse)) in table.chunks(ROW).zip(&mut coarse).enumerate() {
            let ideal = 65536.0 / scale * largest * (-decay * (row * ROW) as f64).exp();
            let ideal = ideal.round() as i32;
            *coarse = (ideal - 2..=ideal + 2)
                .filter_map(|factor| u16::try_from(factor).ok())
                .find(|&factor| fits(weights, factor, &fine))?;
            for ((&weight, &fine), corrections) in weights.iter().zip(&fine).zip(&mut corrections) {
                if weight > product(*coarse, fine) {
                    *corrections |= 1 << row;
                }
            }
        }
        let halves = |whole: [u16; ROW]| [0, 32].map(|at| std::array::from_fn(|i| whole[at + i]));
        let (tail, end) = ([0; 32], table.len() as u16);
        Some(Self { coarse, fine: halves(fine), corrections: halves(corrections), tail, end })
    }
}

/// Whether a row's products are its weights or 1 less.
fn fits(weights: &[u16], coarse: u16, fine: &[u16]) -> bool {
    weights.iter().zip(fine).all(|(&weight, &fine)| {
        let product = product(coarse, fine);
        product == weight || product + 1 == weight
    })
}

fn product(coarse: u16, fine: u16) -> u16 {
    ((u32::from(coarse) * u32::from(fine)) >> 16) as u16
}
